"""JSON Lines, Parquet and functions give the rows that the same values in CSV give."""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.build import BuiltDataset, build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import MissingDependencyError, SettingsError, SourceError
from tests.support.projects import SOURCES, make_project

MODELS = """
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import enum

from microcosm_sqlite import DataSet
from sqlalchemy import JSON, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column

Base = DataSet.create("birds")


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Thing(Base):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(8))
    code: Mapped[str | None]
    size: Mapped[float | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    is_old: Mapped[bool | None]
    colour: Mapped[Colour | None]
    made: Mapped[date | None]
    seen: Mapped[datetime | None]
    at: Mapped[time | None]
    took: Mapped[timedelta | None]
    key: Mapped[UUID | None]
    photo: Mapped[bytes | None]
    more: Mapped[Any | None] = mapped_column(JSON)
"""

CSV = (
    "id,label,code,size,price,is_old,colour,made,seen,at,took,key,photo,more\n"
    "1,a,007,1.5,9.99,true,RED,2020-01-02,2020-01-02T03:04:05Z,12:30:00,P1D,"
    '12345678123456781234567812345678,\\x00ff,"{""a"": 1}"\n'
    '2,b,"",2,,,,,,,,,,"""text"""\n'
)
ROWS: list[dict[str, Any]] = [
    {"id": 1, "label": "a", "code": "007", "size": 1.5, "price": 9.99, "is_old": True,
     "colour": "RED", "made": "2020-01-02", "seen": "2020-01-02T03:04:05Z", "at": "12:30:00",
     "took": "P1D", "key": "12345678-1234-5678-1234-567812345678", "photo": "AP8=",
     "more": {"a": 1}},
    {"id": 2, "label": "b", "code": None, "size": 2, "more": "text"},
]  # fmt: skip

FUNCTION = """
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from birds_data.models import Colour


def make_things():
    yield {
        "id": 1, "label": "a", "code": "007", "size": 1.5, "price": Decimal("9.99"),
        "is_old": True, "colour": Colour.RED, "made": date(2020, 1, 2),
        "seen": datetime(2020, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))),
        "at": time(12, 30), "took": timedelta(days=1),
        "key": UUID("12345678123456781234567812345678"), "photo": b"\\x00\\xff",
        "more": {"a": 1},
    }
    yield {"id": 2, "label": "b", "size": 2, "more": "text"}


def make_wrong():
    yield {"id": 1, "label": "a", "size": "wide"}
    yield {"id": 2.5, "label": b"x", "size": True}


def make_more():
    yield {"id": 1, "label": "a"}
    yield {"id": 2, "label": "b", "size": 1.0}
"""


def build(project: Path) -> BuiltDataset:
    return build_dataset(ProjectSettings.from_pyproject(project))


def read_things(built: BuiltDataset) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(built.path)) as connection:
        return connection.execute("SELECT * FROM things ORDER BY id").fetchall()


@pytest.fixture
def expected(tmp_path: Path) -> list[tuple[Any, ...]]:
    """What the CSV file gives."""
    return read_things(build(make_things(tmp_path / "csv", {"things.csv": CSV})))


def make_things(root: Path, sources: dict[str, Any]) -> Path:
    return make_project(root, models=MODELS, sources=sources)


def name_source(project: Path, source: str) -> None:
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text()
    pyproject.write_text(text.replace('sources = "sources"', f'sources = {{things = "{source}"}}'))


def write_lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize("name", ["things.jsonl", "things.ndjson.gz"])
def test_json_lines_give_the_same_rows(tmp_path: Path, expected: Any, name: str) -> None:
    content = write_lines(*reversed(ROWS)).encode()
    content = gzip.compress(content) if name.endswith(".gz") else content
    assert read_things(build(make_things(tmp_path / "p", {name: content}))) == expected


def test_a_function_gives_the_same_rows(tmp_path: Path, expected: Any) -> None:
    project = make_things(tmp_path / "p", {})
    (project / "make.py").write_text(FUNCTION)
    name_source(project, "make:make_things")
    first = build(project)
    assert read_things(first) == expected
    again = build(project)
    assert again.is_fresh
    assert again.manifest.sha256 == first.manifest.sha256
    assert "make" not in sys.modules


def test_parquet_gives_the_same_rows(tmp_path: Path, expected: Any) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows: list[dict[str, Any]] = [dict(row) for row in ROWS]
    rows[0] |= {
        "price": Decimal("9.99"),
        "made": date(2020, 1, 2),
        "seen": datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC),
        "at": time(12, 30),
        "took": timedelta(days=1),
        "photo": b"\x00\xff",
        "more": '{"a": 1}',
    }
    rows[1]["more"] = '"text"'
    columns = {key: [row.get(key) for row in rows] for key in rows[0]}
    project = make_things(tmp_path / "p", {})
    parquet.write_table(pyarrow.table(columns), project / "sources" / "things.parquet")
    stored = read_things(build(project))
    # A text is a JSON document by itself in a source that has types.
    assert [row[:-1] for row in stored] == [row[:-1] for row in expected]
    (project / "sources" / "things.parquet").write_bytes(b"no such thing")
    with pytest.raises(SourceError, match=r"things\.parquet cannot be read"):
        build(project)


def test_parquet_without_pyarrow_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    project = make_things(tmp_path / "p", {"things.parquet": b""})
    with pytest.raises(MissingDependencyError, match=r"pip install 'microcosm-sqlite\[arrow\]'"):
        build(project)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('{"id": 1}\n\n[2]\n', r"things\.jsonl, line 3: not an object"),
        ('{"id": 1\n', r"things\.jsonl, line 1: Expecting ',' delimiter"),
        ('{"id": 1, "label": "a", "size": NaN}\n', "line 1: NaN is not JSON"),
        (write_lines({"id": "x", "label": "a"}), "line 1, column `id`: 'x' is not a whole number"),
        (write_lines({"id": True, "label": "a"}), "column `id`: True is not a whole number"),
        (write_lines({"id": 1, "label": None}), "column `label`: None is not a value"),
        (write_lines({"id": 1, "label": ["a"]}), r"column `label`: \['a'\] is not text"),
        (write_lines({"id": 1, "label": "a", "is_old": 2}), "2 is not true or false"),
        (write_lines({"id": 1, "label": "a", "made": 2020}), "2020 is not a date"),
        (write_lines({"id": 1, "label": "a", "colour": 1}), "1 is not text"),
        (write_lines({"id": 1, "label": "a"}, {"id": 1, "label": "b"}), "id=1 is in .* line 1 and"),
        (write_lines({"id": 1, "label": "a", "wat": 1}), "column `wat`, but table `things`"),
    ],
)
def test_what_is_wrong_in_json_lines_is_told_with_its_line(
    tmp_path: Path, lines: str, told: str
) -> None:
    from microcosm_sqlite.errors import BuildError

    with pytest.raises(BuildError, match=told):
        build(make_things(tmp_path / "p", {"things.jsonl": lines}))


def test_what_is_wrong_with_a_function_is_told_by_row(tmp_path: Path) -> None:
    project = make_things(tmp_path / "p", {})
    (project / "make.py").write_text(FUNCTION)
    name_source(project, "make:make_wrong")
    with pytest.raises(SourceError) as raised:
        build(project)
    assert raised.value.message.splitlines() == [
        "make:make_wrong, row 1, column `size`: 'wide' is not a finite number (DOUBLE).",
        "make:make_wrong, row 2, column `size`: True is not a finite number (DOUBLE).",
        "make:make_wrong, row 2, column `id`: 2.5 is not a whole number (INTEGER).",
        "make:make_wrong, row 2, column `label`: b'x' is not text (VARCHAR(8)).",
    ]
    text = (project / "pyproject.toml").read_text()
    (project / "pyproject.toml").write_text(text.replace("make_wrong", "make_more"))
    with pytest.raises(SourceError, match="row 2: size is not in the first row"):
        build(project)
    (project / "pyproject.toml").write_text(text.replace("make_wrong", "make_nothing"))
    with pytest.raises(SettingsError, match="`make:make_nothing` cannot be imported"):
        build(project)


ROW = {"id": 1, "label": "a"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (f"yield {ROW}; [][0]", "after row 1, in line 1 of make.py: IndexError: list index"),
        ("return None", "after row 0: TypeError: 'NoneType' object is not iterable"),
        (f"yield {ROW}; yield (2, 3)", r"row 2: \(2, 3\) is not a mapping from column to value"),
        ("yield {1: 'id'}", "row 1: {1: 'id'} is not a mapping from column to value"),
        (f"yield {ROW}; yield {{'id': 2, 3: 4}}", "row 2: 3 is not in the first row"),
    ],
)
def test_a_function_that_gives_no_rows_is_told_why(tmp_path: Path, body: str, told: str) -> None:
    project = make_things(tmp_path / "p", {})
    (project / "make.py").write_text(f"def make(): {body}\n")
    name_source(project, "make:make")
    with pytest.raises(SourceError, match=told):
        build(project)
    (project / "make.py").write_text("make = 5\n")
    with pytest.raises(SettingsError, match="`make:make` is not a function, but 5"):
        build(project)


def test_every_kind_of_column_takes_its_own_python_values() -> None:
    import sqlalchemy as sa

    from microcosm_sqlite.authoring.values.rules import ColumnRule

    table = sa.Table("t", sa.MetaData(), sa.Column("n", sa.Integer), sa.Column("s", sa.String))
    number, text = (ColumnRule(column, dialect(), ("NA",)) for column in table.columns)
    assert number.convert_value(12.0) == 12
    assert number.convert_value("NA") is None
    assert text.convert_value("") == ""
    assert text.convert_value(12) == "12"
    assert text.convert_value(Decimal("1.50")) == "1.50"


def test_a_full_text_index_is_built_where_a_model_declares_one(tmp_path: Path) -> None:
    from tests.support.projects import MODELS as BIRDS

    models = BIRDS.replace(
        '__tablename__ = "birds"', '__tablename__ = "birds"\n    __full_text__ = ("name",)'
    )
    built = build(make_project(tmp_path / "p", models=models))
    assert (
        built.manifest.sha256 == build(make_project(tmp_path / "q", models=models)).manifest.sha256
    )
    with closing(sqlite3.connect(built.path)) as connection:
        found = connection.execute("SELECT rowid FROM birds_fts WHERE birds_fts MATCH 'tit'")
        assert found.fetchall() == [(1,), (2,)]
    wrong = models.replace('("name",)', '("nome",)')
    with pytest.raises(SettingsError, match="nome"):
        build(make_project(tmp_path / "r", models=wrong, sources=SOURCES))
