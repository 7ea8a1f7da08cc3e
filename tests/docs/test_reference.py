"""The reference names all that there is: checks, variables, errors; and menus reach every page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from inspect import isclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from microcosm_sqlite import errors
from tests.docs import checks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MENU = re.compile(r"^```\{toctree\}\n(?P<body>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
RANGE = re.compile(r"microcosm-sqlite(?:\[[\w,]+\])? ?(?:[<>=~!]=?|===)[^\"'`\s)]+")


def read_package() -> str:
    files = sorted((ROOT / "microcosm_sqlite").rglob("*.py"))
    return "".join(file.read_text("utf-8") for file in files)


def test_the_page_on_checks_is_what_the_checks_say() -> None:
    assert checks.PAGE.read_text(encoding="utf-8") == checks.render()


def test_every_environment_variable_is_explained() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    explained = set(re.findall(r"^\| `(MICROCOSM_SQLITE_\w+)` \|", page, re.MULTILINE))
    assert explained == set(re.findall(r"\bMICROCOSM_SQLITE_[A-Z_]+\b", read_package()))


def test_every_code_that_is_mentioned_is_that_of_a_check() -> None:
    known = set(re.findall(r"^\| ([VP]\d\d) ", checks.render(), re.MULTILINE))
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        assert set(re.findall(r"\b[VP]\d\d\b", page.read_text("utf-8"))) <= known, page


def test_the_page_on_errors_has_every_class_from_its_module() -> None:
    page = (DOCS / "reference" / "errors.md").read_text("utf-8")
    assert ".. automodule:: microcosm_sqlite.errors\n   :members:\n" in page
    classes = [each for each in vars(errors).values() if isclass(each)]
    raised = [each for each in classes if issubclass(each, Exception)]
    assert all(each.__doc__ for each in raised)  # autodoc leaves out what has no docstring


@pytest.mark.slow
def test_a_dead_link_and_a_page_that_no_menu_reaches_end_the_build(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    shutil.copy(DOCS / "conf.py", tmp_path)
    shutil.copytree(DOCS / "_static", tmp_path / "_static")
    shutil.copytree(DOCS / "images", tmp_path / "images")
    menu = "# Home\n\n[Here](page.md#a-place) and there.\n\n```{toctree}\npage\n```\n"
    (tmp_path / "index.md").write_text(menu)
    (tmp_path / "page.md").write_text("# Page\n\n## A place\n\nText.\n")
    assert build_pages(tmp_path) == (0, "")
    (tmp_path / "page.md").write_text("# Page\n\n[Gone](gone.md) and [lost](#nowhere).\n")
    (tmp_path / "lonely.md").write_text("# Lonely\n\nText.\n")
    code, told = build_pages(tmp_path)
    assert code != 0
    assert "gone.md" in told
    assert "nowhere" in told
    assert re.search(r"index\.md.*a-place", told), "a place on another page that is gone"
    assert re.search(r"lonely\.md.*toctree", told)


def build_pages(folder: Path) -> tuple[int, str]:
    """Build pages as `make docs` does; the exit code, and what it complains of."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (command,) = re.findall(r"^\t\$\(BIN\)/python -m (sphinx .*)$", makefile, re.MULTILINE)
    *options, _, _ = command.split()
    done = subprocess.run(
        [sys.executable, "-m", *options, str(folder), str(folder / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_menu_reaches_every_page() -> None:
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    reached = {"index.md"}
    for page in DOCS.rglob("*.md"):
        for menu in MENU.finditer(page.read_text("utf-8")):
            lines = [line for line in menu["body"].splitlines() if line and line[0] != ":"]
            folder = page.parent.relative_to(DOCS)
            reached |= {(folder / f"{line}.md").as_posix() for line in lines}
    assert {page for page in pages if "_build" not in page} == reached


def test_every_test_and_page_that_is_named_is_there() -> None:
    for page in [ROOT / "README.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")]:
        text = page.read_text("utf-8")
        for name in re.findall(r"`(tests/[\w/]+\.py)", text):
            assert (ROOT / name).is_file(), f"{page.name}: {name}"
    readme = (ROOT / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", readme):
        assert (ROOT / link).is_file(), link


def test_the_changelog_begins_with_this_version_and_its_date() -> None:
    heading = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading
    assert re.fullmatch(
        rf"{re.escape(version('microcosm-sqlite'))} - \d{{4}}-\d\d-\d\d", heading[1]
    )


WRITTEN = [
    *DOCS.rglob("*.md"),
    *(ROOT / "examples").rglob("pyproject.toml"),
    *(ROOT / "dataset_template").rglob("pyproject.toml"),
    *(ROOT / "dataset_template").rglob("*.yml"),
]


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_range_of_versions_that_is_written_takes_this_one(file: Path) -> None:
    for found in RANGE.findall(file.read_text("utf-8")):
        specifier = Requirement(found).specifier
        assert specifier.contains(version("microcosm-sqlite"), prereleases=True), found
