"""Every step of the documentation does what it says."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

from tests.docs import command_line
from tests.docs.page import Reader, edit, read_blocks, read_commands
from tests.support.venvs import Venv

ROOT = Path(__file__).parents[2]

# What continuous integration runs by itself, and what the tutorial does.
RUN_ELSEWHERE = {
    "make demo",
    "make wheels",
    'export PIP_FIND_LINKS="$PWD/build/demo/wheels"',
    'export PIP_CONSTRAINT="$PWD/build/demo/wheels/constraint.txt"',
    'export UV_FIND_LINKS="$PIP_FIND_LINKS" UV_CONSTRAINT="$PIP_CONSTRAINT"',
    "make test",
    'pip install "microcosm-sqlite[build,new]"',
    "microcosm-sqlite new planets-data --from folder-of-files",
    "cd planets-data",
    "pip wheel --no-deps --wheel-dir dist .",
    "pip install dist/*.whl",
    "microcosm-sqlite info planets",
    "microcosm-sqlite check",
    "microcosm-sqlite browse nycflights13",  # by the tests that take the pictures
}


@pytest.mark.slow
def test_a_newcomer_gets_through_the_tutorial(newcomer: Reader) -> None:
    assert newcomer.follow(ROOT / "docs" / "tutorial" / "first-data-wheel.md") == 11


@pytest.mark.slow
def test_an_author_repairs_a_messy_file(newcomer: Reader) -> None:
    assert newcomer.follow(ROOT / "docs" / "how-to" / "repair-messy-files.md") == 9


@pytest.mark.slow
def test_an_author_publishes_a_large_dataset(newcomer: Reader) -> None:
    assert newcomer.follow(ROOT / "docs" / "how-to" / "publish-a-large-dataset.md") == 8


@pytest.mark.slow
def test_an_author_ships_columnar_twins(newcomer: Reader) -> None:
    assert newcomer.follow(ROOT / "docs" / "how-to" / "ship-columnar-twins.md") == 6


@pytest.mark.slow
def test_an_author_takes_the_files_of_another_year(newcomer: Reader) -> None:
    assert newcomer.follow(ROOT / "docs" / "how-to" / "refresh-a-dataset.md") == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/index.md",
        "docs/how-to/work-in-a-notebook.md",
        "docs/how-to/deploy.md",
        "docs/explanation/versions-and-builds.md",
        "docs/explanation/large-data.md",
        "docs/explanation/licences.md",
        "docs/how-to/use-a-dataset.md",
        "docs/how-to/load-frames.md",
        "docs/how-to/browse-and-share.md",
        "docs/how-to/give-data-to-agents.md",
        "docs/how-to/serve-a-dataset.md",
        "docs/how-to/test-with-a-dataset.md",
        "docs/how-to/make-a-small-edition.md",
        "docs/reference/python/datasets.md",
        "docs/reference/python/stores.md",
        "docs/reference/python/frames.md",
        "docs/reference/python/aio.md",
        "docs/reference/comparisons.md",
        "docs/reference/errors.md",
        "docs/reference/mistakes.md",
    ],
)
def test_a_user_of_a_dataset_gets_through(page: str, user: Reader) -> None:
    assert user.follow(ROOT / page, leave_out=RUN_ELSEWHERE) >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["docs/how-to/install-anywhere.md", "docs/how-to/trust-what-you-install.md"]
)
def test_a_user_who_has_a_folder_of_wheels_gets_through(
    page: str, joiner: Reader, flights_project: Path
) -> None:
    (joiner.directory / "wheels").symlink_to(flights_project / "dist")
    assert joiner.follow(ROOT / page) >= 1


@pytest.mark.slow
def test_a_user_of_files_moves_to_a_data_wheel(newcomer: Reader) -> None:
    page = ROOT / "docs" / "how-to" / "move-to-data-wheels.md"
    assert newcomer.follow(page) == 5


ELSEWHERE = "A worker that has another version"


@pytest.mark.parametrize(
    ("section", "wanted"),
    [
        pytest.param("Dask", {"distributed"}, marks=pytest.mark.slow),
        pytest.param("Spark", {"pyspark", "java"}, marks=pytest.mark.heavy),
        pytest.param("Ray", {"ray"}, marks=pytest.mark.heavy),
        pytest.param(ELSEWHERE, set(), marks=pytest.mark.slow),
    ],
)
def test_a_recipe_for_a_cluster_works(section: str, wanted: set[str], user: Reader) -> None:
    for name in wanted:
        if find_spec(name) is None and which(name) is None:
            pytest.skip(f"{name} is not installed")
    user.warnings = "default" if section == "Ray" else "error"  # importing it warns
    page = ROOT / "docs" / "how-to" / "scale-out.md"
    assert user.follow(page, section=section) == 1


@pytest.mark.slow
def test_an_author_refers_to_another_dataset(joiner: Reader) -> None:
    assert joiner.follow(ROOT / "docs" / "how-to" / "join-datasets.md") == 12


def test_the_page_on_the_command_line_is_what_the_program_says() -> None:
    assert command_line.PAGE.read_text(encoding="utf-8") == command_line.render()


def test_no_page_has_steps_that_no_test_follows() -> None:
    followed = {"first-data-wheel.md", "use-a-dataset.md", "load-frames.md"}
    followed |= {"join-datasets.md", "browse-and-share.md", "scale-out.md"}
    followed |= {"publish-a-new-version.md", "refresh-a-dataset.md", "repair-messy-files.md"}
    followed |= {"serve-a-dataset.md", "test-with-a-dataset.md", "upgrade-under-a-service.md"}
    followed |= {"datasets.md", "stores.md", "frames.md", "aio.md", "errors.md"}
    followed |= {"comparisons.md", "mistakes.md", "index.md", "work-in-a-notebook.md", "deploy.md"}
    followed |= {"versions-and-builds.md", "large-data.md", "licences.md"}
    followed |= {"install-anywhere.md", "trust-what-you-install.md", "move-to-data-wheels.md"}
    followed |= {"work-in-the-browser.md", "try-it.md", "formats-of-sources.md"}
    followed |= {"give-data-to-agents.md"}
    followed |= {"make-a-small-edition.md", "publish-a-large-dataset.md"}
    followed |= {"ship-columnar-twins.md"}
    for page in (ROOT / "docs").rglob("*.md"):
        steps = [block for block in read_blocks(page) if block.kind in {"console", "python"}]
        assert not steps or page.name in followed, f"{page}: {steps[0].where}"


def test_commands_are_those_of_linux_and_of_macos() -> None:
    only_gnu = re.compile(
        r"\bsed -i|\bmkdir --|\bcp --|\bgrep -P|\breadlink -f|\bdate -d|\bxargs -r"
    )
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for block in read_blocks(page):
            if block.kind in {"console", "text", "sh", "shell"}:
                assert not only_gnu.search(block.body), block.where


def test_an_edit_replaces_lines_of_a_file() -> None:
    change = " a\n-b\n+B\n\n@@\n+x\n d\n"
    assert edit("a\nb\n\nc\nd\n", change, "here") == "a\nB\n\nc\nx\nd\n"
    for text in ("a\n\nc\nd\n", "a\nb\n\na\nb\n\nd\n"):
        with pytest.raises(AssertionError, match="here: once"):
            edit(text, change, "here")


def test_commands_are_told_from_what_they_print() -> None:
    assert read_commands("$ one\nx\ny\n$ two \\\n> more\nz") == [
        ("one", "x\ny"),
        ("two \\\nmore", "z"),
    ]


@pytest.mark.slow
def test_the_flights_of_the_pages_are_installed_from_a_wheel(flights_venv: Venv) -> None:
    origin = "import microcosm_sqlite as m; print(m.dataset('nycflights13').location.immutable)"
    assert flights_venv.run(origin) == "True\n"


def test_every_promise_of_security_names_a_test_that_exists() -> None:
    page = (ROOT / "SECURITY.md").read_text("utf-8")
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page):
        text = (ROOT / path).read_text("utf-8")
        assert re.search(rf"^(class|def) {name}\b" if name else "^def test", text, re.MULTILINE)
    sections = {part.partition("\n")[0]: part for part in re.split(r"\n###? ", page)[1:]}
    promised = sections.keys() - {"Reporting", "What is not covered", "For those who install"}
    assert [name for name in promised if "tests/" not in sections[name]] == ["How this is tested"]
