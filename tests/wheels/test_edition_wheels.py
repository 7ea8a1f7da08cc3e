"""Wheels of small editions, written beside the full one by one build, and installed for real.

See microcosm_sqlite.authoring.subsetting.edition_wheel.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from subprocess import run

import pytest

from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.support.programs import tool
from tests.support.projects import make_project, run_build
from tests.support.venvs import make_venv

pytestmark = pytest.mark.slow

SETTINGS = """
compression = "{compression}"

[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.editions.lite]
rows = 1
tables = ["birds"]
where = {{ birds = 'family = "CORV"' }}
"""
FULL, LITE = "birds_data-1.0-py3-none-any.whl", "birds_data_lite-1.0-py3-none-any.whl"

USE = """
import microcosm_sqlite
from birds_data.models import Bird
from microcosm_sqlite import Store
from microcosm_sqlite.errors import ModelNotFoundError
found = microcosm_sqlite.dataset("birds")
print(found.edition or "full", sorted(bird.name for bird in Store[Bird]().search()))
print(found.verify(full=True, models=True).findings, microcosm_sqlite.problems())
try:
    Store[Bird]().retrieve(1)
except ModelNotFoundError as error:
    print(error.hint)
"""
LITE_SAID = """\
lite ['Rook']
[] []
Edition 'lite' has 2 of 5 rows. For all: pip install 'birds-data==1.0'
"""
FULL_SAID = "full ['Blue tit', 'Great tit', 'Rook']\n[] []\n"


@pytest.fixture(scope="module", params=["none", "zstd"])
def dist(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one build leaves in ``dist``."""
    options = SETTINGS.format(compression=request.param)
    project = make_project(tmp_path_factory.mktemp("editions") / "birds-data", options=options)
    done = run_build(project, "--wheel")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {each.name for each in (project / "dist").iterdir()} == {FULL, LITE}
    return project / "dist"


def test_the_edition_stands_in_until_the_full_one_is_there(dist: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    venv.install(dist / LITE)
    assert venv.run(USE) == LITE_SAID
    venv.install(dist / FULL)
    assert venv.run(USE) == FULL_SAID
    prefer = "import os; os.environ['MICROCOSM_SQLITE_EDITION'] = 'birds=lite'\n"
    assert venv.run(prefer + USE) == LITE_SAID
    called = venv.run("import birds_data_lite as lite; print(lite.path())").strip()
    assert Path(called).name == "birds.db"
    listed = venv.run("from microcosm_sqlite.cli import main; main(['info', 'birds'])")
    assert "lite (birds-data-lite 1.0)" in listed


def test_uv_installs_it_as_well(dist: Path, tmp_path: Path) -> None:
    venv = make_venv(tmp_path / "venv")
    command = [tool("uv"), "pip", "install", "--offline", "--no-deps", "--python", venv.python]
    done = run([*command, dist / LITE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert venv.run(USE) == LITE_SAID


def test_the_wheel_is_whole_and_the_same_each_time(dist: Path, tmp_path: Path) -> None:
    assert verify_wheel(dist / LITE, full=True).ok
    first = (dist / LITE).read_bytes()
    done = run_build(dist.parent, "--wheel", "--outdir", str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / LITE).read_bytes() == first
    check = [sys.executable, "-m", "check_wheel_contents", "--ignore", "W009", dist / LITE]
    assert run(check, capture_output=True, text=True, check=False).returncode == 0
    with zipfile.ZipFile(dist / LITE) as wheel:
        metadata = wheel.read("birds_data_lite-1.0.dist-info/METADATA").decode()
        described = json.loads(
            wheel.read("birds_data_lite-1.0.dist-info/extra_metadata/datapackage.json")
        )
    assert "\nName: birds-data-lite\n" in metadata
    edition = described["microcosm-sqlite"]["edition"]
    assert (edition["name"], edition["distribution"]) == ("lite", "birds-data")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("editions.full.rows = 1", "An edition cannot be called 'full'"),
        ("editions.Lite.rows = 1", "An edition cannot be called 'Lite'"),
        ("editions.lite.rowz = 1", "Did you mean `rows`?"),
        ("editions.lite.rows = 0", "`editions.lite.rows`"),
        ("editions.lite.tables = ['bird']", "has no table 'bird'"),
        ("editions.lite.where = { birds = 'nam = 1' }", "no such column"),
    ],
)
def test_settings_that_cannot_be_used_end_the_build(
    tmp_path: Path, options: str, said: str
) -> None:
    done = run_build(make_project(tmp_path / "birds-data", options=options), "--wheel")
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr.partition("ERROR")[0]
    assert not list(tmp_path.rglob("*_lite-*.whl"))
