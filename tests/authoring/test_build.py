"""A build publishes a verified file and its manifest, or leaves everything as it was."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from microcosm_sqlite.authoring.build import BuiltDataset, build_dataset
from microcosm_sqlite.authoring.finishing.finalise import (
    SETTLING,
    digest_tables,
    prepare,
    write_copy,
)
from microcosm_sqlite.authoring.loading.connections import open_loading
from microcosm_sqlite.authoring.progress import LineProgress
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import (
    BuildError,
    DuplicateKeyError,
    ForeignKeyError,
    SettingsError,
    SourceError,
    SourceValueError,
    VerificationError,
)
from tests.support.projects import MODELS, SOURCES, make_project

EVENT = """
from sqlalchemy import event
event.listen(Base.metadata, "after_create", lambda _, db, **__: db.exec_driver_sql({}))
"""

BUILD = """
import sys
from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
build_dataset(ProjectSettings.from_pyproject(sys.argv[1]))
"""


def build(project: Path, **options: bool) -> BuiltDataset:
    return build_dataset(ProjectSettings.from_pyproject(project), **options)


def query(built: BuiltDataset, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(built.path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def list_package(project: Path) -> list[str]:
    return sorted(path.name for path in (project / "src" / "birds_data").iterdir())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that builds."""
    return make_project(tmp_path / "birds-data")


def test_the_manifest_describes_what_was_built(project: Path) -> None:
    manifest = build(project).manifest
    assert (manifest.name, manifest.version, manifest.package) == ("birds", "1.0", "birds_data")
    assert (manifest.resource, manifest.models) == ("birds.db", "birds_data.models")
    assert manifest.licenses == [{"name": "CC0-1.0"}]
    assert manifest.contributors == [{"title": "The microcosm-sqlite authors"}]
    assert manifest.sqlite_version == sqlite3.sqlite_version
    birds = manifest.tables["birds"]
    assert (birds.row_count, birds.rowid_range, birds.primary_key) == (3, (1, 3), ["id"])
    assert birds.description == "A species of bird."
    assert birds.unique_keys == [["name"]]
    assert birds.foreign_keys == [
        {"fields": ["family"], "reference": {"resource": "families", "fields": ["code"]}}
    ]
    assert birds.indexes == [{"name": "ix_birds_family", "fields": ["family"], "unique": False}]
    wingspan = birds.fields[3]
    assert (wingspan.type, wingspan.required) == ("integer", False)
    assert wingspan.description == "In centimetres"
    assert birds.fields[1].constraints == {"required": True, "maxLength": 40}
    assert (wingspan.null_count, wingspan.value_range, wingspan.length_range) == (1, (18, 24), None)
    _, name, _, _, described = birds.fields
    assert (name.null_count, name.value_range, name.length_range) == (0, None, (4, 9))
    assert (described.null_count, described.value_range) == (1, ("1758-01-01", "1758-01-01"))


def test_the_manifest_says_what_the_options_say(tmp_path: Path) -> None:
    options = """
title = "Birds"
license = "CC-BY-4.0"
[[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.origins]]
title = "A book"
url = "https://example.org/birds"
sha256 = "00ff"
"""
    manifest = build(make_project(tmp_path / "p", options=options)).manifest
    assert manifest.title == "Birds"
    assert manifest.licenses == [{"name": "CC-BY-4.0"}]
    assert manifest.sources == [
        {"title": "A book", "path": "https://example.org/birds", "hash": "sha256:00ff"}
    ]


def test_the_manifest_is_a_data_package(project: Path) -> None:
    """The parts of the official profile that concern us, as a schema."""
    described = json.loads(build(project).manifest_path.read_text())
    name = {"type": "string", "pattern": "^([-a-z0-9._/])+$"}
    field = {"type": "object", "required": ["name"], "properties": {"type": {"type": "string"}}}
    resource = {
        "type": "object",
        "required": ["name", "path", "schema"],
        "properties": {
            "name": name,
            "path": {"type": "string"},
            "schema": {
                "type": "object",
                "required": ["fields"],
                "properties": {"fields": {"type": "array", "minItems": 1, "items": field}},
            },
        },
    }
    schema = {
        "type": "object",
        "required": ["resources"],
        "properties": {"name": name, "resources": {"type": "array", "items": resource}},
    }
    jsonschema.validate(described, schema)


def test_indexes_statistics_and_headers_are_in_the_file(project: Path) -> None:
    built = build(project)
    assert query(built, "SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name") == [
        ("ix_birds_family",),
        ("sqlite_autoindex_birds_1",),
        ("sqlite_autoindex_families_1",),
    ]
    assert ("birds", "ix_birds_family", "3 2") in query(built, "SELECT * FROM sqlite_stat1")
    assert query(built, "PRAGMA application_id") == [(0x4D435351,)]
    assert query(built, "PRAGMA page_size") == [(4096,)]
    assert query(built, "PRAGMA journal_mode") == [("delete",)]


# What the bytes must not depend on.


ENVIRONMENTS = [
    {"umask": 0o077, "env": {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}},
    {"umask": 0o000, "env": {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}},
]


def test_clock_umask_zone_locale_and_hash_seed_do_not_change_a_byte(tmp_path: Path) -> None:
    results = []
    for number, environment in enumerate(ENVIRONMENTS):
        project = make_project(tmp_path / str(number))
        for path in project.rglob("*"):
            os.utime(path, (number * 10**9, number * 10**9))
        subprocess.run(
            [sys.executable, "-c", BUILD, project],
            check=True,
            env=os.environ | environment["env"],  # type: ignore[operator]
            umask=environment["umask"],  # type: ignore[arg-type]
        )
        package = project / "src" / "birds_data"
        results.append([(package / n).read_bytes() for n in ("birds.db", "datapackage.json")])
        assert (package / "birds.db").stat().st_mode & 0o777 == 0o644
    assert results[0] == results[1]


def test_another_sqlite_writes_the_same_content(tmp_path: Path) -> None:
    apsw = pytest.importorskip("apsw")
    if apsw.sqlite_lib_version() == sqlite3.sqlite_version:
        pytest.skip("there is only one SQLite here")
    loading, ours, theirs = (tmp_path / name for name in ("loading.db", "ours.db", "theirs.db"))
    with closing(open_loading(loading)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT UNIQUE, c FLOAT)")
        rows = ((n, f"{n * 7919 % 5000}", n / 3) for n in range(5000))
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
        connection.execute("CREATE INDEX i ON t (c, b)")
        prepare(connection)
        write_copy(connection, ours)
    other = apsw.Connection(str(loading))
    other.execute("ANALYZE; DROP TABLE IF EXISTS sqlite_stat4;" + SETTLING)
    other.execute("VACUUM INTO ?", (str(theirs),))
    other.close()
    assert digest_tables(ours, ["t"]) == digest_tables(theirs, ["t"])
    assert ours.read_bytes() != theirs.read_bytes()


def test_nothing_is_built_where_nothing_changed(project: Path) -> None:
    first = build(project)
    changed = first.path.stat().st_mtime_ns
    assert not build(project).is_fresh
    assert first.path.stat().st_mtime_ns == changed
    assert build(project, force=True).is_fresh


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sources/birds.csv", "Rook", "Crow"),
        ("src/birds_data/models.py", "In centimetres", "Wing to wing"),
        ("pyproject.toml", 'version = "1.0"', 'version = "1.1"'),
        ("src/birds_data/birds.db", "Rook", "Crow"),
        ("src/birds_data/datapackage.json", '"format": 1', '"format": 99'),
    ],
)
def test_whatever_changes_is_built_anew(project: Path, name: str, old: str, new: str) -> None:
    build(project)
    file = project / name
    content = file.read_bytes()
    assert old.encode() in content
    file.write_bytes(content.replace(old.encode(), new.encode()))
    assert build(project).is_fresh
    assert not build(project).is_fresh


@pytest.mark.parametrize("name", ["birds.db", "datapackage.json"])
def test_whatever_is_gone_is_built_anew(project: Path, name: str) -> None:
    first = build(project)
    (first.path.parent / name).unlink()
    again = build(project)
    assert again.is_fresh
    assert again.manifest.dumps() == first.manifest.dumps()


def test_code_that_the_models_import_counts_wherever_it_stands_in_the_project(
    tmp_path: Path,
) -> None:
    models = MODELS.replace("String(40))\n\n", "String(lengths.LONG))\n\n")
    project = make_project(
        tmp_path / "p", models=models.replace("from datetime", "import lengths\nfrom datetime")
    )
    (project / "lengths.py").write_text("LONG = 40\n")
    assert build(project).manifest.tables["families"].fields[1].constraints["maxLength"] == 40
    assert not build(project).is_fresh
    (project / "lengths.py").write_text("LONG = 50\n")
    assert build(project).manifest.tables["families"].fields[1].constraints["maxLength"] == 50


def test_another_version_of_a_library_builds_anew(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(project)
    monkeypatch.setattr("sqlalchemy.__version__", "9.9")
    assert build(project).is_fresh
    assert not build(project).is_fresh


# What the sources may look like.


def zipped(content: bytes, *names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names or ("birds.csv",):
            archive.writestr(name, content)
    return stream.getvalue()


def zstandard(content: bytes) -> bytes:
    from microcosm_sqlite.authoring.finishing.finalise import zstd

    return bytes(zstd.compress(content))


PACKERS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": zipped,
    ".zst": zstandard,
}


@pytest.mark.parametrize("suffix", PACKERS)
def test_compressed_sources_are_read_as_they_are(tmp_path: Path, suffix: str) -> None:
    birds = SOURCES["birds.csv"].encode()
    sources = {
        "families.csv": SOURCES["families.csv"],
        f"birds.csv{suffix}": PACKERS[suffix](birds),
    }
    built = build(make_project(tmp_path / "p", sources=sources))
    assert query(built, "SELECT count(*) FROM birds") == [(3,)]
    broken = tmp_path / "p" / "sources" / f"birds.csv{suffix}"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(SourceError, match=r"birds\.csv.* cannot be read"):
        build(tmp_path / "p")


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    sources = SOURCES | {"birds.csv.zip": zipped(b"", "a.csv", "b.csv")}
    del sources["birds.csv"]
    with pytest.raises(SourceError, match="holds 2 files where one is expected"):
        build(make_project(tmp_path / "p", sources=sources))


def test_a_folder_holds_the_parts_of_a_table_in_order(tmp_path: Path) -> None:
    lines = SOURCES["birds.csv"].splitlines(keepends=True)
    sources = {
        "families.tsv": SOURCES["families.csv"].replace(",", "\t"),
        "birds/2.csv": lines[0] + lines[3],
        "birds/1.csv.gz": gzip.compress("".join(lines[:3]).encode()),
        "README.md": "not a source",
    }
    built = build(make_project(tmp_path / "p", sources=sources))
    assert query(built, "SELECT name FROM birds ORDER BY id") == [
        ("Great tit",),
        ("Blue tit",),
        ("Rook",),
    ]


def test_sources_can_be_named_one_by_one(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", sources={"a.csv": SOURCES["birds.csv"]})
    (project / "data").mkdir()
    (project / "data" / "b.csv").write_text(SOURCES["families.csv"])
    pyproject = project / "pyproject.toml"
    sources = 'sources = {birds = ["sources/a.csv"], families = "data/b.csv"}'
    pyproject.write_text(pyproject.read_text().replace('sources = "sources"', sources))
    assert query(build(project), "SELECT count(*) FROM birds") == [(3,)]
    (project / "data" / "b.csv").unlink()
    with pytest.raises(SourceError, match=r"data/b\.csv does not exist"):
        build(project)


def test_fields_can_be_given_to_columns_or_left_out(tmp_path: Path) -> None:
    header = "No.,name,Family Code,wingspan,described"
    birds = SOURCES["birds.csv"].replace("id,name,family,wingspan,described", header)
    options = 'columns.birds = {"No." = "id", "Family Code" = "family", "described" = ""}'
    project = make_project(tmp_path / "p", sources=SOURCES | {"birds.csv": birds}, options=options)
    assert query(build(project), "SELECT id, family, described FROM birds ORDER BY id") == [
        (1, "PARU", None),
        (2, "PARU", None),
        (3, "CORV", None),
    ]
    project = make_project(tmp_path / "q", options='columns.birds = {"id" = "number"}')
    with pytest.raises(SettingsError, match="to column `number`, but table `birds` has no such"):
        build(project)
    with pytest.raises(SettingsError, match=r"`columns\.birds` for build hook"):
        build(make_project(tmp_path / "r", options="columns.birds = 3"))


def test_tables_and_sources_must_match_and_both_sides_are_named(tmp_path: Path) -> None:
    sources = {"bird.csv": SOURCES["birds.csv"], "families.csv": SOURCES["families.csv"]}
    project = make_project(tmp_path / "p", sources=sources)
    with pytest.raises(SettingsError) as raised:
        build(project)
    for part in ("no source for table `birds`", "no table for source `bird`"):
        assert part in raised.value.message
    ignoring = 'tables-without-source = "empty"\nunknown-sources = "ignore"'
    built = build(make_project(tmp_path / "q", sources=sources, options=ignoring))
    assert query(built, "SELECT count(*) FROM birds") == [(0,)]


def test_a_database_can_travel_compressed(tmp_path: Path) -> None:
    from microcosm_sqlite.catalog.codecs import open_decompressed

    project = make_project(tmp_path / "p", options='compression = "zstd"')
    built = build(project)
    assert list_package(project) == ["__init__.py", "birds.db.zst", "datapackage.json", "models.py"]
    with built.path.open("rb") as packed, open_decompressed(packed, "zstd") as plain:
        content = plain.read()
    assert len(content) == built.manifest.bytes
    assert content == build(make_project(tmp_path / "q")).path.read_bytes()
    assert not build(project).is_fresh


@pytest.mark.parametrize(("old", "new"), [("none", "zstd"), ("zstd", "none")])
def test_a_database_of_another_name_does_not_stay_and_travel_along(
    tmp_path: Path, old: str, new: str
) -> None:
    project = make_project(tmp_path / "p", options=f'compression = "{old}"')
    former = build(project).path
    pyproject = project / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(f'"{old}"', f'"{new}"'))
    (project / "src" / "birds_data" / "mine.db").write_text("not of a build")
    current = build(project).path
    assert former != current
    expected = ["__init__.py", current.name, "datapackage.json", "mine.db", "models.py"]
    assert list_package(project) == expected


# What is refused, and how.


def test_rows_without_their_parent_are_told_by_table_line_and_key(tmp_path: Path) -> None:
    birds = SOURCES["birds.csv"] + "4,Wren,TROG,15,\n5,Robin,MUSC,21,\n"
    project = make_project(tmp_path / "p", sources=SOURCES | {"birds.csv": birds})
    with pytest.raises(ForeignKeyError) as raised:
        build(project)
    assert raised.value.message.splitlines() == [
        "Table `birds`, sources/birds.csv, line 5: family='TROG' is not in `families`.",
        "Table `birds`, sources/birds.csv, line 6: family='MUSC' is not in `families`.",
    ]
    assert list_package(project) == ["__init__.py", "models.py"]


def test_duplicates_of_a_unique_index_are_told_with_both_lines(tmp_path: Path) -> None:
    models = MODELS.replace("index=True", "index=True, unique=True")
    project = make_project(tmp_path / "p", models=models)
    with pytest.raises(DuplicateKeyError) as raised:
        build(project)
    assert raised.value.message == (
        "Table `birds`: family='PARU' is in sources/birds.csv, line 2 and "
        "sources/birds.csv, line 3."
    )


def test_a_foreign_key_to_no_key_is_told(tmp_path: Path) -> None:
    models = MODELS.replace("ForeignKey(Family.code)", "ForeignKey(Family.name)")
    with pytest.raises(BuildError, match="foreign key mismatch"):
        build(make_project(tmp_path / "p", models=models))


def test_a_view_that_readers_could_not_select_is_refused(tmp_path: Path) -> None:
    view = """
from sqlalchemy import DDL, event
event.listen(Base.metadata, "after_create", DDL("CREATE VIEW v AS SELECT {}(name) AS n FROM birds"))
"""
    good = build(make_project(tmp_path / "p", models=MODELS + view.format("upper")))
    assert query(good, "SELECT max(n) FROM v") == [("ROOK",)]
    with pytest.raises(VerificationError, match="View `v` does not answer"):
        build(make_project(tmp_path / "q", models=MODELS + view.format("no_such_function")))


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ("import no_such_module", r"models\.py, line 1: ModuleNotFoundError"),
        ("x = 1", "declares no tables of dataset `birds`"),
        (MODELS.replace('"birds")', '"bees")'), "no tables of dataset `birds`, but of bees"),
        (
            "from sqlalchemy.orm import DeclarativeBase\n"
            + MODELS.replace("from __future__ import annotations", "").replace(
                'Base = DataSet.create("birds")', "class Base(DeclarativeBase): ..."
            ),
            None,
        ),
        (MODELS.replace("wingspan:", "NAME:"), "`CREATE TABLE birds`: duplicate column name: NAME"),
        (MODELS + EVENT.format("'CREATE VIEW'"), "SQLite refuses `CREATE VIEW`: incomplete input"),
        (MODELS + EVENT.format("1 / 0"), "An event of the models fails: ZeroDivisionError: div"),
        (MODELS + "from birds_data.models import Rook", r"models\.py, line \d+: ImportError"),
        (MODELS.replace("Mapped[date | None]", "Mapped[list]"), "cannot be imported"),
    ],
)
def test_models_that_cannot_be_used_are_told(tmp_path: Path, models: str, told: str | None) -> None:
    project = make_project(tmp_path / "p", models=models)
    if told is None:  # the only tables that there are will do
        assert build(project).is_fresh
        return
    with pytest.raises(SettingsError, match=told):
        build(project)


def test_importing_the_models_leaves_no_trace(project: Path) -> None:
    before = list(sys.path), set(sys.modules)
    build(project)
    assert list(sys.path) == before[0]
    assert not {name for name in set(sys.modules) - before[1] if name.startswith("birds")}
    assert not list(project.rglob("__pycache__"))


def test_a_project_without_settings_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"has no pyproject\.toml"):
        build(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(SettingsError, match=r"has no table \[tool\.hatch"):
        build(tmp_path)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("error-limit = 0", "`error-limit` for build hook `microcosm-sqlite` must be a whole"),
        ("compression-level = 20", "`compression-level` .* must be a whole number from 1 to 19"),
        ("null-values = 'NA'", "`null-values` for build hook `microcosm-sqlite` must be a list"),
        ("compression = 'gzip'", '`compression` .* must be "none" or "zstd", not "gzip"'),
        ("csv = {delimiter = '::'}", "`csv.delimiter` .* must be one character"),
        ("origins = [{url = 'x'}]", r"`origins\[0\].title` .* is required"),
        ("nul-values = []", "`nul-values` .* does not exist.* Did you mean `null-values`"),
    ],
)
def test_a_wrong_option_is_told_by_name(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        build(make_project(tmp_path / "p", options=line))


def test_each_step_is_told(project: Path) -> None:
    lines: list[str] = []
    build_dataset(ProjectSettings.from_pyproject(project), progress=LineProgress(lines.append))
    assert lines[:2] == ["birds: 3 rows", "families: 2 rows"]
    assert lines[-1].startswith("Writing the file: birds.db, ")


def test_a_source_that_links_out_of_the_project_is_told(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    source = project / "sources" / "birds.csv"
    source.rename(outside)
    source.symlink_to(outside)
    lines: list[str] = []
    build_dataset(ProjectSettings.from_pyproject(project), progress=LineProgress(lines.append))
    assert lines[0] == f"sources/birds.csv is a link: {outside} is read"


def test_the_end_of_a_file_of_dos_is_told_and_counted(project: Path) -> None:
    source = project / "sources" / "birds.csv"
    source.write_bytes(source.read_bytes() + b"\x1a")
    lines: list[str] = []
    built = build_dataset(
        ProjectSettings.from_pyproject(project), progress=LineProgress(lines.append)
    )
    assert lines[0] == (
        "sources/birds.csv: the byte 0x1A at the end, which ended files of DOS, is left out"
    )
    assert built.manifest.tables["birds"].repairs == {"dos-end": 1}
    assert not built.manifest.tables["families"].repairs


# What happens when it cannot be finished.


FORCED = """
from microcosm_sqlite.authoring.loading import parallel
from microcosm_sqlite.authoring.sources import delimited as splitting
parallel.count_processors = lambda: {}
splitting.SMALLEST_PART = 1000
"""


@pytest.mark.parametrize("processors", [1, 2])
def test_a_killed_build_leaves_the_former_file_and_the_next_one_sweeps(
    project: Path, processors: int
) -> None:
    built = build(project)
    before = built.path.read_bytes(), built.manifest_path.read_bytes()
    rows = "".join(f"{n},bird {n},PARU,1,\n" for n in range(10, 60_000))
    source = project / "sources" / "birds.csv"
    source.write_text(SOURCES["birds.csv"] + rows)
    for delay in (0.0, 0.05, 0.1, 0.2, 0.3):
        child = subprocess.Popen([sys.executable, "-c", FORCED.format(processors) + BUILD, project])
        while child.poll() is None and not list(built.path.parent.glob(".hatch/birds.db.build-*")):
            time.sleep(0.005)
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        if child.wait() == 0:
            break  # it was faster
        assert (built.path.read_bytes(), built.manifest_path.read_bytes()) == before
    assert build(project).is_fresh
    assert list_package(project) == ["__init__.py", "birds.db", "datapackage.json", "models.py"]


@pytest.mark.parametrize("processors", [1, 2])
def test_an_interrupted_build_leaves_no_litter_at_all(project: Path, processors: int) -> None:
    built = build(project)
    before = built.path.read_bytes()
    rows = "".join(f"{n},bird {n},PARU,1,\n" for n in range(10, 400_000))
    (project / "sources" / "birds.csv").write_text(SOURCES["birds.csv"] + rows)
    child = subprocess.Popen(
        [sys.executable, "-c", FORCED.format(processors) + BUILD, project],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while child.poll() is None and not list(built.path.parent.glob(".hatch/birds.db.build-*/*.db")):
        time.sleep(0.005)
    time.sleep(0.1)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal sends it, to the children too
    _, told = child.communicate()
    assert child.returncode == -signal.SIGINT
    assert told.count("KeyboardInterrupt") == 1
    assert built.path.read_bytes() == before
    assert list_package(project) == ["__init__.py", "birds.db", "datapackage.json", "models.py"]


LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000,) * 2)\n" + BUILD


def test_a_full_disk_is_told_and_leaves_the_former_file(project: Path) -> None:
    built = build(project)
    before = built.path.read_bytes()
    rows = "".join(f"{n},bird {n},PARU,1,\n" for n in range(10, 20_000))
    (project / "sources" / "birds.csv").write_text(SOURCES["birds.csv"] + rows)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, project], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "BuildError: SQLite cannot write birds" in done.stderr
    assert built.path.read_bytes() == before
    assert list_package(project) == ["__init__.py", "birds.db", "datapackage.json", "models.py"]


def test_a_build_under_way_is_not_swept_by_another(project: Path) -> None:
    from microcosm_sqlite.common.workspace import open_hidden_workspace

    target = project / "src" / "birds_data" / "birds.db"
    with open_hidden_workspace(target.parent, f"{target.name}.build-") as workspace:
        (workspace / "loading.db").write_text("mine")
        build(project)
        assert (workspace / "loading.db").read_text() == "mine"
    assert list_package(project) == ["__init__.py", "birds.db", "datapackage.json", "models.py"]


def test_a_wrong_value_leaves_no_litter(tmp_path: Path) -> None:
    sources = SOURCES | {"birds.csv": SOURCES["birds.csv"].replace("1758-01-01", "then")}
    project = make_project(tmp_path / "p", sources=sources)
    with pytest.raises(SourceValueError, match="column `described`: 'then' is not a date"):
        build(project)
    assert list_package(project) == ["__init__.py", "models.py"]
