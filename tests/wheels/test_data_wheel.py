"""A data wheel as its author builds it, and as pip installs it, is all that the catalogue says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.support.projects import build_wheel, make_project
from tests.support.venvs import Venv, make_venv


@pytest.fixture(scope="module", params=["none", "zstd"])
def wheel_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    return build_wheel(make_project(project, options=f'compression = "{request.param}"'))


@pytest.fixture(scope="module")
def reader(wheel_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Venv:
    made = make_venv(tmp_path_factory.mktemp("reader") / "venv")
    made.install(wheel_file)
    return made


def test_it_verifies_before_it_is_installed(wheel_file: Path) -> None:
    report = verify_wheel(wheel_file, full=True)
    assert report.ok, report.findings


def test_it_is_found_opened_and_verified_without_being_imported(reader: Venv) -> None:
    said = reader.run(
        "import json, sys, microcosm_sqlite as m\n"
        "found = m.dataset('birds')\n"
        "connection = found.connect()\n"
        "rows = connection.execute('SELECT count(*) FROM birds').fetchone()[0]\n"
        "connection.close()\n"
        "report = found.verify(full=True)\n"
        "imported = sorted({'birds_data', 'sqlalchemy', 'microcosm'} & sys.modules.keys())\n"
        "print(json.dumps([found.version, rows, report.as_dict(), imported]))\n"
    )
    version, rows, report, imported = json.loads(said)
    assert (version, rows, imported) == ("1.0", 3, [])
    assert report["ok"], report
    skipped = {outcome["code"] for outcome in report["outcomes"] if outcome["status"] == "skipped"}
    assert skipped <= {"V09", "V11", "V16", "V17"}


def test_its_models_agree_with_its_file(reader: Venv) -> None:
    said = reader.run(
        "import microcosm_sqlite as m\n"
        "report = m.dataset('birds').verify(models=True)\n"
        "print(report.findings, [o.status for o in report.outcomes if o.code == 'V11'])\n"
    )
    assert said == "[] ['ok']\n"
