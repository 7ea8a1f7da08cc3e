"""The hook puts a verified database and its manifest into every kind of distribution."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from microcosm_sqlite.authoring.finishing.finalise import verify_wheel
from microcosm_sqlite.errors import SourceError, VerificationError
from microcosm_sqlite.hatch_plugin import DatasetBuildHook
from tests.support.projects import (
    SOURCES,
    build_sdist,
    build_wheel,
    make_project,
    run_build,
    unpack_sdist,
)
from tests.support.venvs import Venv, make_venv

DATABASE = "birds_data/birds.db"
MANIFEST = "birds_data-1.0.dist-info/extra_metadata/datapackage.json"
QUERY = """
import microcosm_sqlite, sys
birds = microcosm_sqlite.dataset("birds")
print(birds.connect().execute("SELECT count(*), max(wingspan) FROM birds").fetchone())
print("sqlalchemy" in sys.modules, "birds_data" in sys.modules)
"""


def test_a_wheel_holds_the_package_the_database_and_the_manifest(birds_wheel: Path) -> None:
    with zipfile.ZipFile(birds_wheel) as archive:
        names = set(archive.namelist())
        packed = sha256(archive.read(DATABASE)).hexdigest()
        manifest = json.loads(archive.read(MANIFEST))
    assert names == {
        "birds_data/__init__.py",
        "birds_data/models.py",
        DATABASE,
        MANIFEST,
        "birds_data-1.0.dist-info/METADATA",
        "birds_data-1.0.dist-info/RECORD",
        "birds_data-1.0.dist-info/WHEEL",
        "birds_data-1.0.dist-info/entry_points.txt",
    }
    assert manifest["microcosm-sqlite"]["hash"] == f"sha256:{packed}"


def test_an_installed_wheel_answers_without_sqlalchemy_or_its_own_code(birds_venv: Venv) -> None:
    assert birds_venv.run(QUERY) == "(3, 24)\nFalse False\n"


def test_the_entry_point_is_a_function_of_the_graph_that_returns_a_path(birds_venv: Venv) -> None:
    code = """
from importlib.metadata import entry_points
(entry,) = entry_points(group="microcosm.sqlite", name="birds")
print(open(entry.load()(None), "rb").read(15).decode())
"""
    assert birds_venv.run(code) == "SQLite format 3\n"


def test_wheels_from_checkout_and_from_sdist_have_the_same_bytes(
    tmp_path: Path, birds_wheel: Path
) -> None:
    project = make_project(tmp_path / "birds-data")
    sdist = build_sdist(project)
    names = unpack_sdist(sdist, tmp_path / "unpacked")
    assert {"sources/birds.csv", "sources/families.csv", "pyproject.toml"} <= names
    assert not {name for name in names if name.endswith((".db", "datapackage.json"))}
    wheel = build_wheel(tmp_path / "unpacked" / "birds_data-1.0")
    assert wheel.read_bytes() == birds_wheel.read_bytes()


def test_an_editable_install_reads_the_database_in_the_tree(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data")
    venv = make_venv(tmp_path / "venv")
    venv.install("--editable", project)
    assert venv.run(QUERY) == "(3, 24)\nFalse False\n"
    path = venv.run("import microcosm_sqlite as m; print(m.dataset('birds').path)")
    assert Path(path.strip()) == project / "src" / DATABASE


def test_a_bad_value_fails_the_build_and_leaves_nothing(tmp_path: Path) -> None:
    sources = SOURCES | {"birds.csv": SOURCES["birds.csv"].replace(",24,", ",wide,")}
    project = make_project(tmp_path / "birds-data", sources=sources)
    done = run_build(project, "--wheel")
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "sources/birds.csv, line 2, column `wingspan`: 'wide' is not a whole number" in told
    package = project / "src" / "birds_data"
    assert sorted(path.name for path in package.iterdir()) == ["__init__.py", "models.py"]
    assert not list(project.glob("dist/*.whl"))


def test_a_bad_value_leaves_the_former_database_as_it_was(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data")
    build_wheel(project)
    package = project / "src" / "birds_data"
    before = {path.name: path.read_bytes() for path in package.iterdir()}
    source = project / "sources" / "birds.csv"
    source.write_text(source.read_text() + "4,Jay,CORV,fifty,\n")
    assert run_build(project, "--wheel").returncode != 0
    assert {path.name: path.read_bytes() for path in package.iterdir()} == before


def test_a_wrong_option_is_told_in_one_sentence(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data", options="null-value = 'NA'")
    done = run_build(project, "--wheel")
    told = done.stdout + done.stderr
    assert "Option `null-value` for build hook `microcosm-sqlite` does not exist" in told
    assert "Did you mean `null-values`?" in told


def test_a_wheel_with_another_database_inside_is_refused(tmp_path: Path, birds_wheel: Path) -> None:
    forged = tmp_path / birds_wheel.name
    with zipfile.ZipFile(birds_wheel) as original, zipfile.ZipFile(forged, "w") as copy:
        for name in original.namelist():
            content = original.read(name)
            copy.writestr(name, content.replace(b"Rook", b"Daws") if name == DATABASE else content)
    verify_wheel(birds_wheel)
    with pytest.raises(VerificationError, match="sha256 differs"):
        verify_wheel(forged)


def test_a_wheel_that_lost_its_database_is_refused_by_the_build(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data")
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('packages = ["src/birds_data"]', 'only-include = ["src"]'))
    told = run_build(project, "--wheel")
    assert told.returncode != 0
    assert "has no birds_data/birds.db" in told.stdout + told.stderr


def test_a_compressed_database_travels_and_is_read_by_name(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data", options='compression = "zstd"')
    wheel = build_wheel(project)
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".db" in name}
    assert packed == {f"{DATABASE}.zst"}
    verify_wheel(wheel)
    venv = make_venv(tmp_path / "venv")
    venv.install(wheel)
    cache = f"import os; os.environ['MICROCOSM_SQLITE_CACHE_DIR'] = {str(tmp_path / 'cache')!r}\n"
    assert venv.run(cache + QUERY) == "(3, 24)\nFalse False\n"


def test_an_unchanged_project_is_not_built_again_for_its_wheel(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data")
    first = build_wheel(project).read_bytes()
    database = project / "src" / DATABASE
    built = database.stat().st_mtime_ns
    assert build_wheel(project).read_bytes() == first
    assert database.stat().st_mtime_ns == built


def test_hatch_can_clean_what_the_hook_built(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data")
    build_wheel(project)
    package = project / "src" / "birds_data"
    assert (package / "birds.db").exists()
    from hatchling.metadata.core import ProjectMetadata
    from hatchling.plugin.manager import PluginManager

    from microcosm_sqlite.hatch_plugin import DatasetBuildHook

    metadata = ProjectMetadata(str(project), PluginManager())
    hook_config = {"dataset": "birds", "models": "birds_data.models"}
    hook = DatasetBuildHook(str(project), hook_config, None, metadata, "", "wheel", None)
    hook.clean(["standard"])
    assert sorted(path.name for path in package.iterdir()) == ["__init__.py", "models.py"]


def test_the_database_is_plain_sqlite(tmp_path: Path, birds_wheel: Path) -> None:
    with zipfile.ZipFile(birds_wheel) as archive:
        path = archive.extract(DATABASE, tmp_path)
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute("SELECT * FROM birds").fetchall()
        described = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'birds'")
        assert "wingspan INTEGER" in described.fetchone()[0]
    finally:
        connection.close()
    assert rows == [
        (1, "Great tit", "PARU", 24, "1758-01-01"),
        (2, "Blue tit", "PARU", 18, None),
        (3, "Rook", "CORV", None, "1758-01-01"),
    ]


def test_the_card_of_a_wheel_stands_beside_it_where_it_is_asked_for(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data", options="card = true")
    wheel = build_wheel(project)
    card = wheel.with_suffix(".html")
    assert sorted(wheel.parent.iterdir()) == sorted([wheel, card])
    page = card.read_text(encoding="utf-8")
    assert "pip install birds-data" in page
    assert "In centimetres" in page


def test_an_option_that_is_neither_true_nor_false_stops_the_build(tmp_path: Path) -> None:
    project = make_project(tmp_path / "birds-data", options='card = "yes"')
    done = run_build(project, "--wheel")
    assert done.returncode != 0
    assert "Option `card` for build hook `microcosm-sqlite` must be a boolean." in done.stderr


def test_the_log_of_a_build_commands_no_terminal(tmp_path: Path) -> None:
    shown: list[str] = []
    application = SimpleNamespace(display_info=shown.append, abort=shown.append)
    hook = DatasetBuildHook(str(tmp_path), {}, None, None, "", "wheel", app=application)
    hook._show("\x1b]0;title\x07: 3 rows")
    with hook._failing_plainly():
        raise SourceError("\x9bbirds.csv\u202e", file="birds.csv", hint="a\nb")
    assert [text.replace("\n", "").isprintable() for text in shown] == [True, True]
    assert shown[0] == "\\x1b]0;title\\x07: 3 rows"
