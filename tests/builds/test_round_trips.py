"""Any table of any types, from any source, reads as the values that its author wrote."""

from __future__ import annotations

import csv
import enum
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect
from sqlalchemy.orm import Session

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.loading.connections import create_tables, open_engine
from microcosm_sqlite.authoring.loading.load import load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.values.json_documents import refuse_constant
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.location import Location
from microcosm_sqlite.catalog.opening import open_wheel
from microcosm_sqlite.errors import SourceError
from tests.support.kinds import KINDS, Plan, plans
from tests.support.projects import build_wheel, make_project

EXAMPLES = int(os.environ.get("MICROCOSM_SQLITE_EXAMPLES", "12"))
"""Tables of each format; more of them in the long proof."""

anyhow = settings(
    deadline=None,
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],  # explaining takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

STYLES = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;|\t\x1f"),
        "quotechar": st.sampled_from("\"'`"),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
        # Some releases of Python quote only the ends of lines that they write themselves.
        "end": st.sampled_from(
            [("\n", csv.QUOTE_ALL), ("\r", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]
        ),
    }
)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one example."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def write_delimited(
    plan: Plan, *, end: tuple[str, int] = ("\r\n", csv.QUOTE_MINIMAL), **dialect: Any
) -> str:
    text = io.StringIO()
    lineterminator, quoting = end
    writer = csv.writer(text, lineterminator=lineterminator, quoting=quoting, **dialect)
    writer.writerow(plan.names)
    for row in plan.rows:
        writer.writerow(
            "" if value is None else kind.text(value)
            for kind, value in zip(plan.kinds, row, strict=True)
        )
    return text.getvalue()


def write_json_lines(plan: Plan) -> str:
    return "".join(
        json.dumps(
            {
                name: None if value is None else kind.json(value)
                for name, kind, value in zip(plan.names, plan.kinds, row, strict=True)
            }
        )
        + "\n"
        for row in plan.rows
    )


def write_parquet(plan: Plan, file: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "decimal": pa.decimal128(12, 3),
        "timestamp": pa.timestamp("us"),
        "time64": pa.time64("us"),
        "duration": pa.duration("us"),
    }
    columns = list(zip(*plan.rows, strict=True)) or [()] * len(plan.names)
    arrays = [
        pa.array(
            [kind.json(v) if kind.arrow == "string" and v is not None else v for v in values],
            types.get(kind.arrow) or getattr(pa, kind.arrow)(),
        )
        for kind, values in zip(plan.kinds, columns, strict=True)
    ]
    parquet.write_table(pa.table(arrays, names=plan.names), file)


def write_function(plan: Plan) -> str:
    rows = [dict(zip(plan.names, row, strict=True)) for row in plan.rows]
    return (
        "import datetime\nfrom decimal import Decimal\nfrom uuid import UUID\n\n"
        f"ROWS = {rows!r}\n\n\ndef make_things():\n    yield from ROWS\n"
    )


def compile_models(plan: Plan) -> Any:
    """The class that the models of a plan declare."""
    namespace: dict[str, Any] = {"__name__": "things_models"}
    exec(plan.models, namespace)
    return namespace["Thing"]


def store_expected(plan: Plan, table: sa.Table) -> list[tuple[Any, ...]]:
    """What SQLAlchemy would have stored."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        table.metadata.create_all(connection)
        for row in plan.rows:
            values = {
                name: value
                for name, value in zip(plan.names, row, strict=True)
                if value is not None  # None would be JSON's null to a JSON column
            }
            connection.execute(sa.insert(table), values)
        stored = connection.exec_driver_sql("SELECT * FROM things ORDER BY id").all()
    engine.dispose()
    return [tuple(row) for row in stored]


def build(project: Path) -> InstalledDataset:
    built = build_dataset(ProjectSettings.from_pyproject(project))
    return InstalledDataset("things", location=Location(str(built.path), immutable=True))


def check(plan: Plan, things: InstalledDataset) -> None:
    """A dataset says what the plan says, however it is read."""
    note(plan.models)
    model = compile_models(plan)
    expected = store_expected(plan, model.__table__)
    with closing(things.connect()) as connection:
        stored = connection.execute("SELECT * FROM things ORDER BY id").fetchall()
    assert tell_types(stored) == tell_types(expected)
    check_models(plan, things, model)
    check_frames(plan, things)


def tell_types(rows: list[tuple[Any, ...]]) -> list[list[tuple[type, str]]]:
    """Values with their types, spelt so that nothing equals another thing."""
    return [[(type(value), repr(value)) for value in row] for row in rows]


def check_models(plan: Plan, things: InstalledDataset, model: Any) -> None:
    engine = things.create_engine()
    with Session(engine) as session:
        for row in plan.rows:
            (read,) = session.scalars(sa.select(model).where(model.id == row[0]))
            assert [plain(getattr(read, name)) for name in plan.names] == list(row)
            for name, kind, value in zip(plan.names, plan.kinds, row, strict=True):
                if kind is KINDS["json"]:
                    continue  # which SQLAlchemy compares as text of its own
                column = getattr(model, name)
                found = session.scalars(sa.select(model.id).where(column == value)).all()
                assert row[0] in found, f"{name} == {value!r}"
    engine.dispose()


def plain(value: Any) -> Any:
    return value.name if isinstance(value, enum.Enum) else value


def check_frames(plan: Plan, things: InstalledDataset) -> None:
    def normal(row: dict[str, Any]) -> dict[str, Any]:
        """Documents are shown as text, of which only the meaning counts."""
        return {
            name: json.loads(row[name]) if kind is KINDS["json"] and row[name] else row[name]
            for name, kind in zip(plan.names, plan.kinds, strict=True)
        }

    def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(map(normal, rows), key=lambda row: row["id"])

    expected = in_order(
        [
            {
                name: None if value is None else kind.frame(value)
                for name, kind, value in zip(plan.names, plan.kinds, row, strict=True)
            }
            for row in plan.rows
        ]
    )
    routes = [things]  # through ADBC
    if things.path.with_name("datapackage.json").exists():
        # Through sqlite3. What the cache extracted of a wheel has no manifest beside it.
        changing = Location(str(things.path), immutable=False)
        routes.append(InstalledDataset("things", location=changing))
    for route in routes:
        table = route.arrow("things")
        assert table.column_names == plan.names
        assert in_order(table.to_pylist()) == expected
    assert in_order(things.polars("things").to_dicts()) == expected
    frame = things.pandas("things", dtype_backend="pyarrow")
    assert list(frame.columns) == plan.names
    assert frame["id"].tolist() == table["id"].to_pylist()
    assert things.pandas("things").isna().to_dict() == frame.isna().to_dict()


@anyhow
@given(plan=plans(), style=STYLES)
def test_delimited_text(plan: Plan, style: dict[str, Any]) -> None:
    plan = plan.as_csv_reads()
    encoding = style.pop("encoding")
    content = write_delimited(plan, **style).encode(encoding)
    options = (
        f"csv = {{delimiter = {json.dumps(style['delimiter'])}, "
        f"quotechar = {json.dumps(style['quotechar'])}, encoding = {json.dumps(encoding)}}}"
    )
    with folder() as root:
        check(plan, build(make_things(root, plan, {"things.csv": content}, options)))


@anyhow
@given(plan=plans())
def test_compressed_text_with_tabs(plan: Plan) -> None:
    plan = plan.as_csv_reads()
    content = gzip.compress(write_delimited(plan, delimiter="\t").encode())
    with folder() as root:
        check(plan, build(make_things(root, plan, {"things.tsv.gz": content})))


@anyhow
@given(plan=plans())
def test_json_lines(plan: Plan) -> None:
    with folder() as root:
        sources = {"things.jsonl": write_json_lines(plan)}
        check(plan, build(make_things(root, plan, sources)))


@anyhow
@given(plan=plans([name for name, kind in KINDS.items() if kind.arrow]))
def test_parquet(plan: Plan) -> None:
    with folder() as root:
        project = make_things(root, plan, {})
        write_parquet(plan, project / "sources" / "things.parquet")
        check(plan, build(project))


@anyhow
@given(plan=plans())
def test_a_function(plan: Plan) -> None:
    with folder() as root:
        project = make_things(root, plan, {})
        (project / "make.py").write_text(write_function(plan), "utf-8")
        pyproject = project / "pyproject.toml"
        named = pyproject.read_text().replace('= "sources"', '= {things = "make:make_things"}')
        pyproject.write_text(named)
        check(plan, build(project))


def make_things(root: Path, plan: Plan, sources: dict[str, Any], options: str = "") -> Path:
    return make_project(
        root / "p", models=plan.models, sources=sources, dataset="things", options=options
    )


@pytest.mark.slow
@settings(anyhow, max_examples=3, phases=[Phase.generate])
@given(plan=plans())
def test_a_wheel(plan: Plan) -> None:
    """The same through hatchling, compressed, and out of the wheel again."""
    with folder() as root:
        sources = {"things.jsonl": write_json_lines(plan)}
        wheel = build_wheel(make_things(root, plan, sources, 'compression = "zstd"'))
        (things,) = open_wheel(str(wheel), str(root))
        check(plan, things)


@pytest.mark.slow
@pytest.mark.once
def test_many_more_tables() -> None:
    """The whole of this file again, with examples by the hundred."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-m",
            "not slow",
            "-p",
            "no:cacheprovider",
            __file__,
        ],
        env=os.environ | {"MICROCOSM_SQLITE_EXAMPLES": "150"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


OBJECTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["\ud800", "P99999999999D", "1e400", "9" * 400, "NaN", "null", "1E+999999"]),
    st.integers(),
    st.sampled_from([10**400, -(2**63) - 1, 2**64]),
    st.floats(),
    st.decimals(),
    st.sampled_from([Decimal("1E+9999999"), Decimal("-0")]),
    st.booleans(),
    st.datetimes(timezones=st.timezones()),
    st.sampled_from([datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))]),
    st.dates(),
    st.times(timezones=st.timezones()),
    st.timedeltas(),
    st.uuids(),
    st.binary(max_size=8),
    st.builds(memoryview, st.binary(max_size=8)),
    st.just(Ellipsis),
    st.lists(st.floats(), max_size=2),
    st.sets(st.integers(), max_size=2),
    st.dictionaries(st.integers(), st.datetimes(), max_size=1),
    st.sampled_from([float("nan"), float("inf"), {"a": float("inf")}, [Decimal(1)]]),
)


@anyhow
@given(kind=st.sampled_from(sorted(KINDS)), value=OBJECTS, nullable=st.booleans())
def test_whatever_a_source_gives_is_taken_or_refused_with_its_place(
    kind: str, value: Any, nullable: bool
) -> None:
    plan = Plan(((kind, nullable),), ())
    table = compile_models(plan).__table__
    note(plan.models)
    rules = TableRules.of(table, dialect())
    load = TableLoad(rules, [lambda _: nullcontext(Given([[1, value]]))])
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
        try:
            load_table(connection, load)
        except SourceError as error:
            refusal = error.message
        else:
            refusal = ""
        if refusal:
            assert refusal.startswith("make:rows, row 1"), refusal
            return
        ((_, stored),) = connection.execute("SELECT * FROM things").fetchall()
    if kind == "json" and isinstance(stored, str):
        json.loads(stored, parse_constant=refuse_constant)


class Given(Records):
    """Rows of a function."""

    unit = "row"
    has_types = True

    def __init__(self, rows: list[list[Any]]) -> None:
        super().__init__("make:rows", ["id", "c0"])
        self._rows = rows

    def __iter__(self) -> Iterator[list[Any]]:
        return iter(self._rows)

    def numbered(self) -> Iterator[tuple[int, list[Any]]]:
        return enumerate(self._rows, start=1)
