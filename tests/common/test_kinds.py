"""A new kind is one entry in each table of kinds; booleans are read in any usual spelling."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel, make_type
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.finishing.fields import describe_field
from microcosm_sqlite.authoring.loading.connections import create_tables, open_engine
from microcosm_sqlite.authoring.loading.load import load_table
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.formats import choose_opener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.kind_values import VALUES, KindValues
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.common.kinds import KINDS, MOMENT, Kind, as_stored, find_kind, parse_boolean
from microcosm_sqlite.errors import SourceValueError


class IPAddress(sa.types.TypeDecorator[IPv4Address]):
    """An address, stored as text."""

    impl = sa.String(15)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """The address as text."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> IPv4Address | None:
        """The text as an address."""
        return None if value is None else IPv4Address(value)


def parse_address(text: str) -> IPv4Address:
    """An address of four numbers."""
    try:
        return IPv4Address(text)
    except ValueError:
        raise ValueError("an IP address as in 192.168.0.1") from None


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Kind:
    """A new kind, in the table of kinds and in that of their values."""
    kind = Kind(
        "IP address",
        f"{__name__}:IPAddress",
        "ipaddress.IPv4Address",
        "string",
        format_="ipv4",
        stored="text",
        example="192.168.0.1",
        python="ipaddress.IPv4Address",
        store=str,
    )
    monkeypatch.setitem(KINDS, kind.name, kind)
    monkeypatch.setitem(VALUES, kind.name, KindValues(lambda _: parse_address))
    return kind


@pytest.fixture
def hosts() -> sa.Table:
    """A table with a column of the new kind."""
    return sa.Table(
        "hosts",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("address", IPAddress),
    )


@pytest.mark.usefixtures("address")
@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        ("csv", "id,address\n1,192.168.0.7\n2,\n", "id,address\n1,192.168.0.700\n"),
        ("jsonl", '{"id": 1, "address": "192.168.0.7"}\n{"id": 2}\n', '{"address": "x", "id": 1}'),
    ],
)
def test_a_new_kind_is_parsed_stored_and_read(
    format_: str, good: str, bad: str, hosts: sa.Table, tmp_path: Path
) -> None:
    stored, read = load(hosts, tmp_path / f"hosts.{format_}", good)
    assert stored == [(1, "192.168.0.7"), (2, None)]
    assert read == [(1, IPv4Address("192.168.0.7")), (2, None)]
    with pytest.raises(SourceValueError, match="is not an IP address as in 192"):
        load(hosts, tmp_path / f"hosts.{format_}", bad)


def test_a_new_kind_is_described(address: Kind, hosts: sa.Table) -> None:
    assert describe_field(hosts.c.address) == {
        "name": "address",
        "type": "string",
        "format": "ipv4",
    }
    assert find_kind("string", "ipv4") is address


@pytest.mark.usefixtures("address")
def test_a_new_kind_is_a_parameter() -> None:
    assert as_stored(IPv4Address("192.168.0.7")) == "192.168.0.7"


@pytest.mark.usefixtures("address")
def test_a_new_kind_is_a_type_of_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    pa = pytest.importorskip("pyarrow")
    from microcosm_sqlite.interop.arrow_types import ARROW, describe_column

    monkeypatch.setitem(ARROW, "IP address", (pa.string(), None))
    field = Field({"name": "address", "type": "string", "format": "ipv4"})
    column = describe_column(field, "VARCHAR(15)")
    assert column.convert(pa.array(["192.168.0.7"]), "hosts").to_pylist() == ["192.168.0.7"]


def test_a_new_kind_is_written_in_models(address: Kind) -> None:
    table = sa.Table(
        "hosts",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("address", make_type(address)),
    )
    writer = ModelWriter("NetData", ["Host"])
    writer.write([DraftedModel(table, "Host", {"id": "id", "address": "address"})])
    text = writer.write_module("Models.", dataset="net", description="Hosts")
    assert "import ipaddress\n" in text
    assert f"from {__name__} import IPAddress\n" in text
    assert "address: Mapped[ipaddress.IPv4Address | None] = mapped_column(IPAddress)" in text


def test_every_kind_says_how_its_values_are_read() -> None:
    assert {kind.name for kind in KINDS.values()} == VALUES.keys()
    assert KINDS[MOMENT].name in VALUES
    for kind in KINDS.values():
        rules = VALUES[kind.name]
        assert bool(rules.make_parser) == bool(kind.example)


def load(
    table: sa.Table, path: Path, text: str
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of a file as they are stored, and as SQLAlchemy reads them."""
    path.write_text(text)
    opener = choose_opener(SourceFile(path, path.name, path.suffix[1:]), CsvOptions())
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
            load_table(connection, TableLoad(TableRules.of(table, dialect()), [opener]))
            with engine.connect() as reader:
                read = [tuple(row) for row in reader.execute(sa.select(table))]
        return connection.execute("SELECT * FROM hosts").fetchall(), read


SPELLINGS = {
    **dict.fromkeys(("y", "yes", "t", "true", "on", "1"), True),
    **dict.fromkeys(("n", "no", "f", "false", "off", "0", ""), False),
}


@given(
    st.sampled_from(sorted(SPELLINGS)),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.text(" \t\n", max_size=2),
)
def test_case_and_blanks_around_a_spelling_do_not_matter(
    spelling: str, change: Callable[[str], str], blank: str
) -> None:
    assert parse_boolean(blank + change(spelling) + blank) is SPELLINGS[spelling]


@given(st.text().filter(lambda text: text.strip().lower() not in SPELLINGS))
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="spells neither true nor false"):
        parse_boolean(text)


@pytest.mark.parametrize("value", [0, 1, -1, 0.0, None, [], [0], True, False])
def test_other_values_have_their_truth_value(value: object) -> None:
    assert parse_boolean(value) is bool(value)
