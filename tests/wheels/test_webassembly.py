"""In a browser, without threads and processes, datasets are found and read as elsewhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.docs.page import read_blocks
from tests.support.browser import launch, serve
from tests.support.projects import MODELS, build_wheel, make_project
from tests.support.webassembly import WHEELS, find_obstacle, pack_pyodide, run_in_browser

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "work-in-the-browser.md"

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.once,
    pytest.mark.skipif(bool(find_obstacle()), reason=find_obstacle() or "it can run"),
]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this project."""
    folder = tmp_path_factory.mktemp("runtime")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def packed_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data wheel whose database is compressed."""
    models = MODELS.replace('create("birds")', 'create("packed")')
    root = tmp_path_factory.mktemp("packed") / "packed-data"
    options = 'compression = "zstd"'
    return build_wheel(make_project(root, dataset="packed", models=models, options=options))


LOOK = """
import json, sys
from importlib import import_module
import microcosm_sqlite
from microcosm_sqlite import Store

answers = {"platform": [sys.platform, sys.version_info[:2]]}
for name, dataset in microcosm_sqlite.datasets().items():
    connection = dataset.connect()
    bird = import_module(f"{name}_data.models").Bird
    with bird.new_context(None):
        inside = Store[bird]().count()
    answers[name] = [
        connection.execute("SELECT count(*) FROM birds").fetchone()[0],
        [found.name for found in Store[bird]().search(bird.id < 3)],
        inside,
        len(list(Store[bird]().stream())),
        dataset.location.is_cached,
        [finding.message for finding in dataset.verify(full=True).findings],
        dataset.health()["version"],
    ]
    connection.close()
connection = microcosm_sqlite.dataset("birds").connect(attach=["packed"])
answers["joined"] = connection.execute(
    "SELECT count(*) FROM birds JOIN packed.birds AS other USING (id)").fetchone()[0]
answers["modules"] = [name for name in ("_multiprocessing", "greenlet") if name in sys.modules]
print(json.dumps(answers))
"""


def test_both_kinds_of_wheels_are_read_and_verified(
    runtime: Path, birds_wheel: Path, packed_wheel: Path
) -> None:
    found = json.loads(run_in_browser(LOOK, [runtime, birds_wheel, packed_wheel]))
    names = ["Great tit", "Blue tit"]
    assert found == {
        "platform": ["emscripten", [3, 14]],
        "birds": [3, names, 3, 3, False, [], "1.0"],
        "packed": [3, names, 3, 3, True, [], "1.0"],
        "joined": 3,
        "modules": [],
    }


COMMANDS = """
import sys
import microcosm_sqlite
from microcosm_sqlite.cli import main

path = str(microcosm_sqlite.dataset("birds").path)
for words in (["doctor"], ["verify", "--full"], ["export", "packed.birds", "--to", "csv"],
              ["query", "birds", "SELECT nam FROM birds"], ["verify", path], ["cache", "clear"]):
    sys.argv = ["microcosm-sqlite", *words]
    sys.stderr = sys.stdout
    try:
        main()
    except SystemExit as ended:
        print("code", ended.code)
"""


def test_commands_work_or_say_why_not(runtime: Path, birds_wheel: Path, packed_wheel: Path) -> None:
    said = run_in_browser(COMMANDS, [runtime, birds_wheel, packed_wheel])
    assert "not installed" not in said
    assert said.count("checks passed") == 2
    assert "3,Rook,CORV,,1758-01-01" in said
    assert "Hint: Did you mean 'name'?" in said
    assert "which a browser cannot start." in said
    assert "1 file removed" in said
    assert "Traceback" not in said


FOLLOW = """
import doctest
test = doctest.DocTestParser().get_doctest({source!r}, {{}}, "page", "page", 0)
assert doctest.DocTestRunner().run(test, clear_globs=False).failed == 0
print(len(test.examples))
"""


def test_a_reader_gets_through_the_page(runtime: Path, flights_project: Path) -> None:
    source = "".join(block.body for block in read_blocks(PAGE) if block.kind == "python")
    wheels = [runtime, *(flights_project / "dist").glob("*.whl")]
    assert run_in_browser(FOLLOW.format(source=source), wheels) == "9\n"


def build_site(folder: Path, *options: str) -> Path:
    """Build a site of JupyterLite by the command of the page."""
    pytest.importorskip("jupyterlite_core")
    pytest.importorskip("jupyterlite_pyodide_kernel")
    (recipe,) = [block.body for block in read_blocks(PAGE) if "jupyter lite build" in block.body]
    (command,) = [line for line in recipe.splitlines() if line.startswith("jupyter lite build")]
    built = subprocess.run(
        [sys.executable, "-m", "jupyterlite_core", *command.split()[2:], *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr[-2000:]
    return folder / "site"


def test_a_site_of_jupyterlite_brings_the_data_along(
    runtime: Path, birds_wheel: Path, tmp_path: Path
) -> None:
    (tmp_path / "wheels").mkdir()
    for wheel in (runtime, birds_wheel):
        shutil.copy(wheel, tmp_path / "wheels")
    listed = json.loads((build_site(tmp_path) / "pypi" / "all.json").read_text())
    assert set(listed) == {"birds-data", "microcosm-sqlite"}


CELLS = (
    "%pip install --quiet --pre birds-data microcosm-sqlite",
    "import microcosm_sqlite\nmicrocosm_sqlite.dataset('birds')",
    "from birds_data.models import Bird\nfrom microcosm_sqlite import Store",
    "f'{Store[Bird]().count()} birds, {microcosm_sqlite.dataset(\"birds\").verify().ok}'",
)


def test_a_notebook_of_jupyterlite_reads_the_data_in_the_browser(
    runtime: Path, birds_wheel: Path, tmp_path: Path
) -> None:
    shutil.copytree(WHEELS, tmp_path / "wheels")
    for wheel in (runtime, birds_wheel):
        shutil.copy(wheel, tmp_path / "wheels")
    site = build_site(tmp_path, "--pyodide", str(pack_pyodide(tmp_path)))
    cells = urlencode([("kernel", "python"), *(("code", cell) for cell in CELLS)])
    with serve(site) as address, launch() as browser:
        page = browser.new_page()
        page.goto(f"{address}/repl/index.html?{cells}")
        page.get_by_text("3 birds, True").wait_for(timeout=60_000)
        assert page.get_by_role("cell", name="birds").count(), "the dataset is shown as a page"
