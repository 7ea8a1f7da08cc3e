"""Texts become what SQLAlchemy would have stored, or an error that says where they stand."""

from __future__ import annotations

import csv
import enum
import io
import json
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.errors import DuplicateKeyError, SourceError, SourceValueError
from microcosm_sqlite.types import EnumType, Truthy
from tests.support.loading import load_text, store_values

fresh = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


def make_table(*types: Any, nullable: bool = True, **options: Any) -> sa.Table:
    columns = [
        sa.Column(f"c{number}", type_, nullable=nullable) for number, type_ in enumerate(types)
    ]
    return sa.Table("t", sa.MetaData(), *columns, **options)


def write_csv(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def load_values(table: sa.Table, folder: Path, texts: list[str], **options: Any) -> list[Any]:
    header = [table.columns.keys()[0]]
    content = write_csv(header, [[text] for text in texts])
    return [row[0] for row in load_text(table, folder, content, **options).stored]


HYPHENATED = "12345678-1234-5678-1234-567812345678"

CASES = [
    (sa.Integer(), "12", 12),
    (sa.Integer(), " 12 ", 12),
    (sa.Integer(), "+12", 12),
    (sa.Integer(), "-0", 0),
    (sa.Integer(), "007", 7),
    (sa.Integer(), "12.0", 12),
    (sa.Integer(), "1e3", 1000),
    (sa.Integer(), "9223372036854775807", 2**63 - 1),
    (sa.Integer(), "-9223372036854775808", -(2**63)),
    (sa.Integer(), "9007199254740993", 2**53 + 1),
    (sa.BigInteger(), "5", 5),
    (sa.SmallInteger(), "5", 5),
    (sa.Float(), "0.1", 0.1),
    (sa.Float(), "1e300", 1e300),
    (sa.Float(), "12", 12.0),
    (sa.Double(), " 2.5 ", 2.5),
    (sa.Float(asdecimal=True), "2.5", Decimal("2.5")),
    (sa.Numeric(8, 2), "12.30", Decimal("12.30")),
    (sa.Numeric(), "12", Decimal(12)),
    (sa.Boolean(), "true", True),
    (sa.Boolean(), "No", False),
    (sa.Boolean(), "1", True),
    (sa.String(), "007", "007"),
    (sa.String(), "NULL", "NULL"),
    (sa.String(4), "äöü€", "äöü€"),
    (sa.Text(), "two\nlines, \"quoted\"", "two\nlines, \"quoted\""),
    (sa.Unicode(8), " kept ", " kept "),
    (sa.Enum("red", "blue"), "blue", "blue"),
    (sa.Enum(Colour), "RED", Colour.RED),
    (EnumType(Colour), "BLUE", Colour.BLUE),
    (Truthy(), "yes", True),
    (sa.Date(), "2013-01-31", date(2013, 1, 31)),
    (sa.DateTime(), "2013-01-31T10:00:00", datetime(2013, 1, 31, 10)),
    (sa.DateTime(), "2013-01-31 10:00", datetime(2013, 1, 31, 10)),
    (sa.DateTime(), "2013-01-31T10:00:00Z", datetime(2013, 1, 31, 10)),
    (sa.DateTime(), "2013-01-31T10:00:00+02:00", datetime(2013, 1, 31, 8)),
    (sa.DateTime(timezone=True), "2013-01-31T10:00:00.5Z", datetime(2013, 1, 31, 10, 0, 0, 500000)),
    (sa.TIMESTAMP(), "2013-01-31", datetime(2013, 1, 31)),
    (sa.Time(), "23:59:01.5", time(23, 59, 1, 500000)),
    (sa.Interval(), "P1DT2H", timedelta(days=1, hours=2)),
    (sa.Interval(), "-1 day, 23:00:00", timedelta(hours=-1)),
    (sa.JSON(), '{"a": [1, null]}', {"a": [1, None]}),
    (sa.Uuid(), HYPHENATED, uuid.UUID(HYPHENATED)),
    (sa.Uuid(as_uuid=False), HYPHENATED.replace("-", ""), HYPHENATED),
    (sa.LargeBinary(), "AAH/", b"\x00\x01\xff"),
    (sa.LargeBinary(), "\\x0001ff", b"\x00\x01\xff"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "text", "value"), CASES)
def test_a_text_is_stored_as_sqlalchemy_stores_its_value(
    tmp_path: Path, type_: Any, text: str, value: Any
) -> None:
    for nullable in (True, False):
        table = make_table(type_, nullable=nullable)
        (stored,) = load_values(table, tmp_path, [text])
        ((expected,),) = store_values(table, [{"c0": value}])
        assert (type(stored), stored) == (type(expected), expected)


REFUSED = [
    (sa.Integer(), ["12.5", "1_000", "0x1F", "abc", "1 2", "9223372036854775808", "1e30", "NaN",
                    "9007199254740993.0", "-9223372036854775809", "\uff11\uff12", "--1", "e5"]),
    (sa.Float(), ["NaN", "Infinity", "-inf", "1e999", "1_0", "1,5", "abc", "1.2.3"]),
    (sa.Numeric(5, 2), ["1.234", "1234.5", "NaN", "x"]),
    (sa.Numeric(20, 4), ["1234567890123456.7891"]),
    (sa.Boolean(), ["2", "maybe", "yess"]),
    (sa.String(3), ["four"]),
    (sa.Enum("red", "blue"), ["green", "RED", "red "]),
    (EnumType(Colour), ["GREEN"]),
    (Truthy(), ["perhaps"]),
    (sa.Date(), ["2013-02-30", "01/02/2013", "2013-01-31T10:00:00"]),
    (sa.DateTime(), ["2013-02-30T00:00:00", "tomorrow", "2013-01-01T25:00:00"]),
    (sa.Time(), ["25:00", "12:00:00+01:00", "noon"]),
    (sa.Interval(), ["P", "PT", "1 week"]),
    (sa.JSON(), ["{", "NaN", "'a'"]),
    (sa.Uuid(), ["1234"]),
    (sa.LargeBinary(), ["not base64!", "\\xzz"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "text"), [(type_, text) for type_, texts in REFUSED for text in texts]
)
def test_a_text_that_does_not_fit_is_refused_with_its_place(
    tmp_path: Path, type_: Any, text: str
) -> None:
    good = {case[0].__class__: case[1] for case in CASES}[type_.__class__]
    good = (
        "AA=="
        if isinstance(type_, sa.LargeBinary)
        else good[:3]
        if isinstance(type_, sa.String)
        else good
    )
    good = "1" if isinstance(type_, sa.Numeric) else "red" if isinstance(type_, sa.Enum) else good
    with pytest.raises(SourceValueError) as raised:
        load_values(make_table(type_), tmp_path, [good, text])
    error = raised.value
    assert (error.file, error.line, error.column, error.value) == ("t1.csv", 3, "c0", text)
    assert "t1.csv, line 3, column `c0`" in error.message


def test_an_empty_field_is_null_where_it_may_be_and_else_text_or_an_error(tmp_path: Path) -> None:
    assert load_values(make_table(sa.Integer()), tmp_path, ["", "1"]) == [None, 1]
    assert load_values(make_table(sa.String(5)), tmp_path, ["", "a"]) == [None, "a"]
    assert load_values(make_table(sa.String(5), nullable=False), tmp_path, [""]) == [""]
    for type_ in (sa.Integer(), sa.Float(), sa.Date(), sa.Boolean(), Truthy(), sa.Enum("a")):
        with pytest.raises(SourceValueError):
            load_values(make_table(type_, nullable=False), tmp_path, [""])


def test_null_values_mean_null_in_nullable_columns_only(tmp_path: Path) -> None:
    texts = ["NA", "1", "-"]
    options = {"null_values": ("NA", "-", "it's")}
    assert load_values(make_table(sa.Integer()), tmp_path, texts, **options) == [None, 1, None]
    assert load_values(make_table(sa.Float()), tmp_path, texts, **options) == [None, 1.0, None]
    kept = load_values(make_table(sa.String(), nullable=False), tmp_path, texts, **options)
    assert kept == texts
    with pytest.raises(SourceValueError, match="'NA' is not a whole number"):
        load_values(make_table(sa.Integer(), nullable=False), tmp_path, texts, **options)


def test_every_wrong_value_is_told_up_to_the_limit(tmp_path: Path) -> None:
    table = make_table(sa.Integer(), sa.String(2), sa.Date())
    rows = [["1", "ab", ""]] * 3 + [["x", "abc", "today"], ["2"], ["3", "d", ""]]
    rows += [[f"y{number}", "", ""] for number in range(28)] + [["x", "", ""]] * 2
    with pytest.raises(SourceValueError) as raised:
        load_text(table, tmp_path, write_csv(["c0", "c1", "c2"], rows))
    error = raised.value
    assert error.count == 34
    assert len(error.others) == 19
    lines = error.message.splitlines()
    first = "t1.csv, line 5, column `c0`: 'x' is not a whole number (INTEGER), in 3 rows."
    assert lines[0] == first
    assert lines[1] == "t1.csv, line 8, column `c0`: 'y0' is not a whole number (INTEGER)."
    assert lines[17].startswith("t1.csv, line 5, column `c1`: 'abc' is not text of at most 2")
    assert lines[18].startswith("t1.csv, line 5, column `c2`: 'today' is not a date")
    assert lines[19] == "t1.csv, line 6: 1 field where the header has 3."
    assert lines[-1] == "... and 12 more."


def test_lines_are_counted_as_editors_count_them(tmp_path: Path) -> None:
    table = make_table(sa.String(), sa.Integer())
    text = 'c0,c1\n\n"two\nlines",1\n\n"three\n\nlines",x\n'
    with pytest.raises(SourceValueError, match="line 6, column `c1`"):
        load_text(table, tmp_path, text)


def test_a_row_of_another_width_is_an_error(tmp_path: Path) -> None:
    for table in (make_table(sa.Integer(), sa.Integer()), make_table(sa.Float(), sa.Date())):
        for row in ("1", "1,2,3"):
            with pytest.raises(SourceError, match=r"line 2: \d fields? where the header has 2"):
                load_text(table, tmp_path, f"c0,c1\n{row}\n")


def test_a_quote_that_is_never_closed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"t1.csv, line 3: a quote is opened and not closed"):
        load_text(make_table(sa.String()), tmp_path, 'c0\na\n"b\n')


def test_two_rows_with_one_key_are_both_told(tmp_path: Path) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("a", sa.Integer, primary_key=True),
        sa.Column("b", sa.String(collation="NOCASE"), unique=True),
    )
    with pytest.raises(DuplicateKeyError) as raised:
        load_text(table, tmp_path, "a,b\n1,x\n2,y\n1,z\n", "a,b\n2,w\n")
    assert raised.value.message.splitlines() == [
        "Table `t`: a=1 is in t1.csv, line 2 and t1.csv, line 4.",
        "Table `t`: a=2 is in t1.csv, line 3 and t2.csv, line 2.",
    ]
    with pytest.raises(DuplicateKeyError, match=r"b='x' is in t1\.csv, line 2 and t1\.csv, line 3"):
        load_text(table, tmp_path, "a,b\n1,x\n2,X\n")


def test_a_row_that_a_check_refuses_is_told(tmp_path: Path) -> None:
    table = sa.Table(
        "t", sa.MetaData(), sa.Column("a", sa.Integer), sa.CheckConstraint("a > 0", name="positive")
    )
    with pytest.raises(SourceError, match=r"t1\.csv, line 3: CHECK constraint failed: positive"):
        load_text(table, tmp_path, "a\n1\n-1\n")


def test_columns_are_found_by_name_or_attribute_in_any_order(tmp_path: Path) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("Weird Name", sa.Integer, key="weird"),
        sa.Column("b", sa.String),
    )
    assert load_text(table, tmp_path, "b,weird\nx,1\n").stored == [(1, "x")]
    assert load_text(table, tmp_path, "Weird Name, b\n1,x\n").stored == [(1, "x")]


def test_columns_may_be_left_out_where_they_fill_themselves(tmp_path: Path) -> None:
    table = sa.Table(
        "t",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("a", sa.String, nullable=False),
        sa.Column("b", sa.Integer),
        sa.Column("c", sa.Integer, server_default="7", nullable=False),
        sa.Column("d", sa.Date, default=date(2020, 1, 2), nullable=False),
        sa.Column("e", sa.Integer, sa.Computed("c * 2")),
    )
    assert load_text(table, tmp_path, "a\nx\ny\n").stored == [
        (1, "x", None, 7, "2020-01-02", 14),
        (2, "y", None, 7, "2020-01-02", 14),
    ]
    with pytest.raises(SourceError, match="has no column `a`, but table `t` requires it"):
        load_text(table, tmp_path, "id\n1\n")


def test_columns_that_the_table_has_not_are_refused_or_left_out(tmp_path: Path) -> None:
    table = make_table(sa.Integer(), sa.Date())
    text = "c0,wat,c1,end\n1,2,2020-01-02,3\n"
    with pytest.raises(
        SourceError, match="has column `wat`, `end`, but table `t` has no such column"
    ):
        load_text(table, tmp_path, text)
    assert load_text(table, tmp_path, text, skip_unknown=True).stored == [(1, "2020-01-02")]
    with pytest.raises(SourceError, match="line 2: 3 fields where the header has 4"):
        load_text(table, tmp_path, "c0,wat,c1,end\n1,2,2020-01-02\n", skip_unknown=True)


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="names column `c0` twice"):
        load_text(make_table(sa.Integer()), tmp_path, "c0,c0\n1,2\n")


def test_a_file_without_a_header_is_refused_and_one_without_rows_is_not(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is empty"):
        load_text(make_table(sa.Integer()), tmp_path, "")
    assert load_text(make_table(sa.Integer()), tmp_path, "c0\n").stored == []


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("c0,c1\nä,1\n".encode("utf-8-sig"), CsvOptions()),
        ("c0,c1\nä,1\n".encode("utf-16"), CsvOptions()),
        ("c0,c1\nä,1\n".encode("utf-32"), CsvOptions()),
        ("c0,c1\nä,1\n".encode("utf-16-le"), CsvOptions(encoding="utf-16-le")),
        ("c0,c1\nä,1\n".encode("cp1252"), CsvOptions(encoding="cp1252")),
        ("c0;c1\r\nä;1\r\n".encode(), CsvOptions(delimiter=";")),
        ("c0,c1\rä,1\r".encode(), CsvOptions()),
        ("# note\n\nc0,c1\nä,1".encode(), CsvOptions(skip_lines=1)),
        ("c0|c1\n'ä'|'1'\n".encode(), CsvOptions(delimiter="|", quotechar="'")),
        ("c0,c1\nä,1\n".encode(), CsvOptions(quotechar="")),
    ],
)
def test_dialects_and_encodings_give_the_same_rows(
    tmp_path: Path, content: bytes, options: CsvOptions
) -> None:
    table = make_table(sa.String(), sa.Integer())
    assert load_text(table, tmp_path, content, csv=options).stored == [("ä", 1)]


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        (
            "c0\nä\n".encode("cp1252"),
            CsvOptions(),
            "t1.csv, line 2: byte 0xe4 is not text in the encoding utf-8",
        ),
        (b"c0\na\n\xc3", CsvOptions(), "t1.csv, line 3: byte 0xc3 is not text"),
        (b"c0\n\x81\n", CsvOptions(encoding="utf-8+cp1252"), "line 2: byte 0x81 is not text in"),
        ("c0\nä\n".encode("utf-16-le"), CsvOptions(), "line 1: there are NUL characters"),
        (b"c0\n1\n", CsvOptions(encoding="klingon"), "no encoding is called 'klingon'"),
    ],
)
def test_text_in_another_encoding_is_refused_with_a_hint(
    tmp_path: Path, content: bytes, options: CsvOptions, told: str
) -> None:
    with pytest.raises(SourceError, match=told):
        load_text(make_table(sa.String()), tmp_path, content, csv=options)


def test_long_fields_and_many_columns_are_no_problem(tmp_path: Path) -> None:
    table = make_table(*[sa.String()] * 300)
    wide = "x" * 1_000_000
    text = write_csv([f"c{n}" for n in range(300)], [[wide] + ["y"] * 299])
    assert load_text(table, tmp_path, text).stored == [(wide, *["y"] * 299)]


numberish = st.one_of(
    st.integers().map(str),
    st.integers(-(2**63) - 2, -(2**63) + 2).map(str),
    st.integers(2**63 - 3, 2**63 + 2).map(str),
    st.floats().map(repr),
    st.floats(-1e17, 1e17).map(lambda number: f"{number:.1f}"),
    st.decimals(allow_nan=True).map(str),
    st.text("0123456789+-.eE_ x", max_size=24),
    st.tuples(st.integers(-(10**18), 10**18), st.integers(0, 12)).map(
        lambda pair: f"{pair[0]}.{'0' * pair[1]}"
    ),
    st.tuples(st.integers(-99, 99), st.integers(-25, 25)).map(lambda pair: f"{pair[0]}e{pair[1]}"),
)


@fresh
@given(texts=st.lists(numberish, min_size=1, max_size=8))
def test_the_fast_path_stores_what_the_judge_stores(tmp_path: Path, texts: list[str]) -> None:
    """Column affinity and the exact parser agree on every number, right or wrong."""
    from sqlalchemy.dialects.sqlite.pysqlite import dialect

    from microcosm_sqlite.authoring.values.rules import ColumnRule

    table = make_table(sa.Integer())
    rule = ColumnRule(table.columns.c0, dialect(), ())
    judged, refused = [], []
    for text in texts:
        try:
            judged.append(rule.convert(text))
        except ValueError:
            refused.append(text)
    if refused:
        with pytest.raises(SourceValueError) as raised:
            load_values(table, tmp_path, texts)
        errors = [raised.value, *raised.value.others]
        assert [error.value for error in errors] == [*dict.fromkeys(refused)]  # type: ignore[attr-defined]
    else:
        stored = load_values(table, tmp_path, texts)
        assert [(type(v), v) for v in stored] == [(type(v), v) for v in judged]


letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, min_size=1, max_size=20)
documents = st.recursive(
    st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
).filter(lambda document: type(document) is not int or -(2**63) <= document < 2**63)  # or refused
zones = st.sampled_from([UTC, timezone(timedelta(hours=5))])
VALUES: dict[str, tuple[Any, st.SearchStrategy[Any], Any]] = {
    "integer": (sa.Integer(), st.integers(-(2**63), 2**63 - 1), str),
    "float": (sa.Float(), st.floats(allow_nan=False, allow_infinity=False), repr),
    "string": (sa.String(20), texts, str),
    "numeric": (sa.Numeric(12, 3), st.decimals(-99999, 99999, places=3), str),
    "boolean": (sa.Boolean(), st.booleans(), str),
    "enum": (sa.Enum(Colour), st.sampled_from(Colour), lambda value: value.name),
    "date": (sa.Date(), st.dates(), str),
    "datetime": (sa.DateTime(), st.datetimes(), datetime.isoformat),
    "zoned": (
        sa.DateTime(timezone=True),
        st.datetimes(datetime(1900, 1, 1), timezones=zones),
        datetime.isoformat,
    ),
    "time": (sa.Time(), st.times(), time.isoformat),
    "interval": (sa.Interval(), st.timedeltas(timedelta(-9999), timedelta(9999)), str),
    "json": (sa.JSON(), documents, json.dumps),
    "uuid": (sa.Uuid(), st.uuids(), str),
    "binary": (sa.LargeBinary(), st.binary(min_size=1), lambda value: "\\x" + value.hex()),
}


@pytest.mark.parametrize("kind", VALUES)
def test_any_value_of_any_type_survives_the_way_through_csv(tmp_path: Path, kind: str) -> None:
    type_, values, write = VALUES[kind]
    table = make_table(type_)

    @fresh
    @given(st.lists(st.none() | values, min_size=1, max_size=5))
    def survives(expected: list[Any]) -> None:
        texts = ["" if value is None else write(value) for value in expected]
        assume(not texts[-1].endswith("\x1a"))  # which ends a file of DOS, and is left out
        content = write_csv(["c0"], [[text] for text in texts])
        loaded = load_text(table, tmp_path, content)
        if kind == "zoned":  # SQLite keeps no offset: what is stored is UTC
            expected = [v and v.astimezone(UTC).replace(tzinfo=None) for v in expected]
        null = sa.null() if kind == "json" else None
        oracle = [{"c0": null if value is None else value} for value in expected]
        stored = [store_values(table, [row])[0] for row in oracle]
        assert loaded.stored == stored
        if kind != "numeric":  # SQLAlchemy reads back ten decimals
            assert [row[0] for row in loaded.read] == expected

    survives()
