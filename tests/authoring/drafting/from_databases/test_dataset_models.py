"""Drafted models read what the tables hold, and are code that formatters leave alone."""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import microcosm_sqlite
from microcosm_sqlite.authoring.drafting.from_databases.dataset_models import draft_models
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.errors import DatasetError
from tests.support.samples import write_dataset
from tests.support.wheels import make_database

METADATA = sa.MetaData()
sa.Table(
    "places",
    METADATA,
    sa.Column("country", sa.String(2), primary_key=True),
    sa.Column("town", sa.String(40), primary_key=True),
)
sa.Table(
    "enums",
    METADATA,
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("class", sa.Enum("low", "high"), comment='How "good" it is,\nin a word'),
    sa.Column("price", sa.Numeric(10, 2)),
    sa.Column("ratio", sa.Float, nullable=False),
    sa.Column("is_new", sa.Boolean),
    sa.Column("day", sa.Date),
    sa.Column("stamp", sa.DateTime),
    sa.Column("at", sa.Time),
    sa.Column("lasted", sa.Interval),
    sa.Column("uid", sa.Uuid),
    sa.Column("extra", sa.JSON),
    sa.Column("photo", sa.LargeBinary),
    sa.Column("note", sa.Text),
    sa.Column("country", sa.String(2)),
    sa.Column("town", sa.String(40)),
    sa.Column("parent", sa.ForeignKey("enums.id")),
    sa.ForeignKeyConstraint(["country", "town"], ["places.country", "places.town"]),
)
ROW = {
    "id": 1 << 40,
    "class": "low",
    "price": Decimal("1.50"),
    "ratio": 0.25,
    "is_new": True,
    "day": dt.date(2020, 2, 29),
    "stamp": dt.datetime(2020, 2, 29, 12, 30),
    "at": dt.time(12, 30),
    "lasted": dt.timedelta(hours=3),
    "uid": uuid.UUID(int=7),
    "extra": {"a": [1]},
    "photo": b"\0\xff",
    "note": "text",
    "country": "NZ",
    "town": "Oamaru",
    "parent": None,
}


def load(source: str, path: Path) -> ModuleType:
    path.write_text(source + "\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def open_file(path: Path) -> InstalledDataset:
    return InstalledDataset(path.stem, location=Location(str(path), immutable=False))


def read(models: ModuleType, name: str, path: Path) -> dict[str, object]:
    cls = getattr(models, name)
    engine = sa.create_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        row = session.scalars(sa.select(cls)).one()
        found = {column.name: getattr(row, key) for key, column in cls.__mapper__.c.items()}
    engine.dispose()
    return found


def test_every_type_comes_back_as_it_was_stored(tmp_path: Path) -> None:
    rows = {"places": [{"country": "NZ", "town": "Oamaru"}], "enums": [ROW]}
    path = write_dataset(tmp_path / "sample", METADATA, rows)
    found = microcosm_sqlite.register("sample", path)
    try:
        models = load(draft_models(found), tmp_path / "drafted_types.py")
    finally:
        microcosm_sqlite.unregister("sample")
    assert read(models, "EnumRow", path) == ROW
    keys = models.EnumRow.__table__.foreign_key_constraints
    assert sorted(sorted(key.column_keys) for key in keys) == [["country", "town"], ["parent"]]


def test_a_table_without_a_key_is_read_by_its_rowid(tmp_path: Path) -> None:
    schema = 'CREATE TABLE things (RowId TEXT, "odd name" INTEGER, x);'
    path = make_database(
        tmp_path / "things.db", schema=schema, extra="INSERT INTO things VALUES ('a', 5, NULL);"
    )
    models = load(draft_models(open_file(path), "things"), tmp_path / "drafted_things.py")
    found = read(models, "Thing", path)
    assert found == {"_rowid_": 1, "RowId": "a", "odd name": 5, "x": None}


def test_tables_named_like_what_models_import_and_like_keywords_are_read(tmp_path: Path) -> None:
    schema = """
    CREATE TABLE decimals (row_number INT, "nothing" DECIMAL(3, 1), code REFERENCES indexes);
    CREATE TABLE indexes (id INTEGER PRIMARY KEY, UNIQUE (id));
    """
    rows = "INSERT INTO indexes VALUES (5); INSERT INTO decimals VALUES (3, 1.5, 5);"
    path = make_database(tmp_path / "named.db", schema=schema, extra=rows)
    models = load(draft_models(open_file(path)), tmp_path / "drafted_names.py")
    found = read(models, "DecimalRow", path)
    assert found == {"rowid": 1, "row_number": 3, "nothing": Decimal("1.5"), "code": 5}
    assert read(models, "IndexRow", path) == {"id": 5}


@pytest.mark.slow
@pytest.mark.once
def test_formatters_and_type_checkers_have_nothing_to_say(tmp_path: Path) -> None:
    path = write_dataset(tmp_path / "sample", METADATA, {})
    drafts = {"plain": draft_models(open_file(make_database(tmp_path / "colours.db")))}
    found = microcosm_sqlite.register("sample", path)
    drafts["typed"] = draft_models(found)
    microcosm_sqlite.unregister("sample")
    folder = tmp_path / "drafts"
    folder.mkdir()
    for name, source in drafts.items():
        (folder / f"{name}.py").write_text(f"{source}\n", encoding="utf-8")
    config = {"line-length": 100}
    (folder / "ruff.toml").write_text(
        "".join(f"{k} = {json.dumps(v)}\n" for k, v in config.items())
    )
    for command in (
        ["ruff", "format", "--diff", "."],
        ["ruff", "check", "--select", "E,F,I,UP,D1,D4", "."],
        ["mypy", "--strict", "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def draft(path: Path) -> str:
    return draft_models(microcosm_sqlite.register("wild", path))


NAMELESS = 'CREATE TABLE t (id INTEGER PRIMARY KEY, "" TEXT)'
HIDDEN = "CREATE TABLE t (rowid TEXT, _rowid_ TEXT, oid TEXT)"
CURES = {
    "a column without a name": (
        NAMELESS, "Give it a name where the database is made.",
        'ALTER TABLE t RENAME COLUMN "" TO name'),
    "a key": (
        HIDDEN, "Give it a primary key, or rename the column rowid, _rowid_ or oid.",
        "DROP TABLE t; CREATE TABLE t (rowid TEXT PRIMARY KEY, _rowid_ TEXT, oid TEXT)"),
    "another name": (
        HIDDEN, "Give it a primary key, or rename the column rowid, _rowid_ or oid.",
        "ALTER TABLE t RENAME COLUMN oid TO number"),
}  # fmt: skip


@pytest.mark.parametrize("case", CURES)
def test_a_table_that_no_model_can_read_is_changed_as_advised(tmp_path: Path, case: str) -> None:
    schema, hint, cure = CURES[case]
    path = make_database(tmp_path / "wild.db", schema=schema)
    with pytest.raises(DatasetError) as raised:
        draft(path)
    assert raised.value.hint == hint
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(cure)
    compile(draft(path), "models", "exec")
    assert "class T(WildData)" in draft(path)
