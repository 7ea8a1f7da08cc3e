"""One reader, two routes, the same answer: that of the models."""

from __future__ import annotations

import enum
import gc
import pickle
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("pyarrow")

import pyarrow as pa

import microcosm_sqlite
from microcosm_sqlite.errors import (
    DatasetIOError,
    QueryError,
    SchemaMismatchError,
    TableNotFoundError,
)
from microcosm_sqlite.exporting import export_folder
from microcosm_sqlite.interop import reader
from microcosm_sqlite.interop.reader import read_batches, read_table, split_range
from tests.support.everything import EVERYTHING, METADATA, ROWS, Color


def of_models(dataset, table=EVERYTHING):
    """The rows as SQLAlchemy's types read them, in the words of Arrow."""
    with dataset.engine.connect() as connection:
        rows = connection.execute(sa.select(table).order_by(sa.text("rowid"))).mappings()
        return [{name: in_arrow(value) for name, value in row.items()} for row in rows]


def in_arrow(value):
    match value:
        case enum.Enum():
            return value.name
        case uuid.UUID():
            return str(value)
    return value


@pytest.fixture(params=["adbc", "sqlite3"])
def route(request, monkeypatch):
    if request.param == "adbc":
        pytest.importorskip("adbc_driver_sqlite")
    else:
        monkeypatch.setattr(reader, "_is_fast", lambda scan: False)
    return request.param


@given(rows=ROWS)
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_both_routes_read_what_the_models_read(make, rows):
    """Whatever is in the rows: NULL first, nothing but NULL, or no row at all."""
    dataset = make(METADATA, {"everything": rows})
    fast = read_table(dataset, "everything")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_is_fast", lambda scan: False)
        slow = read_table(dataset, "everything")
    assert fast.schema == slow.schema
    assert fast.equals(slow)
    assert fast.to_pylist() == of_models(dataset)


def test_types_are_those_of_the_models_though_no_row_shows_them(make, route):
    schema = read_table(make(METADATA), "everything").schema
    assert schema.types == [
        pa.int64(),
        pa.int64(),
        pa.float64(),
        pa.decimal128(12, 2),
        pa.bool_(),
        pa.string(),
        pa.binary(),
        pa.date32(),
        pa.timestamp("us"),
        pa.time64("us"),
        pa.duration("us"),
        pa.dictionary(pa.int32(), pa.string()),
        pa.string(),
        pa.string(),
    ]


def test_columns_whose_first_thousands_of_values_are_null_keep_their_types(make, route):
    """Where ADBC alone would stop: it guesses from the first batch."""
    last = {"real": 1.5, "text": "x", "blob": b"\0", "day": date(2026, 1, 2), "color": Color.BLUE}
    empty = dict.fromkeys(last)
    dataset = make(METADATA, {"everything": [empty] * 3000 + [last]})
    with read_batches(dataset, "everything", columns=list(last), batch_size=1000) as batches:
        *_, final = batches
    assert final.to_pylist()[-1] == last | {"color": "BLUE"}


def test_every_batch_has_the_same_categories(make, route):
    rows = [{"color": color} for color in (Color.BLUE, Color.RED)]
    dataset = make(METADATA, {"everything": rows})
    with read_batches(dataset, "everything", columns=["color"], batch_size=1) as batches:
        found = [batch.column(0).dictionary.to_pylist() for batch in batches]
    assert found == [["RED", "GREEN", "BLUE"]] * 2


def test_a_decimal_without_a_scale_has_the_ten_digits_that_the_models_read(make, route):
    metadata = sa.MetaData()
    table = sa.Table("t", metadata, sa.Column("n", sa.Numeric))
    dataset = make(metadata, {"t": [{"n": Decimal("0.1")}, {"n": Decimal(3)}]})
    found = read_table(dataset, "t")["n"].to_pylist()
    assert found == [row["n"] for row in of_models(dataset, table)] == [Decimal("0.1"), Decimal(3)]


NUMBERS = sa.MetaData()
sa.Table(
    "numbers",
    NUMBERS,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("square", sa.Integer, nullable=False, index=True),
    sa.Column("day", sa.Date),
    sa.Column("key", sa.Uuid),
)


@pytest.fixture
def numbers(make):
    rows = [
        {
            "id": n,
            "square": (n - 500) ** 2,
            "day": date(2020, 1, 1) + timedelta(n),
            "key": uuid.UUID(int=n),
        }
        for n in range(1, 1001)
    ]
    return make(NUMBERS, {"numbers": rows})


def test_columns_come_in_the_order_asked_for_and_rows_in_that_of_their_rowids(numbers, route):
    found = read_table(numbers, "numbers", columns=["square", "id"])
    assert found.column_names == ["square", "id"]
    assert found["id"].to_pylist() == list(range(1, 1001))
    # An index covers this column, and would bring its rows in another order.
    assert read_table(numbers, "numbers", columns=["square"])["square"].equals(found["square"])


@pytest.mark.parametrize(
    ("where", "params", "expected"),
    [
        ("square < 5", None, [498, 499, 500, 501, 502]),
        ("square < ? AND id > ?", [5, 500], [501, 502]),
        ("square < :most AND id > :least -- a comment", {"most": 5, "least": 500}, [501, 502]),
        ("id = 1 OR id = 2", None, [1, 2]),
        ("day = ?", [date(2020, 1, 3)], [2]),
        ("key = ?", [uuid.UUID(int=7)], [7]),
        ("id IS ?", [None], []),
        ("id = @n OR id = $m", {"n": 1, "m": 2}, [1, 2]),
        ("id = :n OR id = :n", {"of nothing": 3, "n": 2, "else": None}, [2]),
        ("id IN :some AND ':no' <> '@no'", {"some": [1, 2], "no": 1}, [1, 2]),
    ],
)
def test_conditions_choose_rows(numbers, route, where, params, expected):
    found = read_table(numbers, "numbers", where=where, params=params)
    assert found["id"].to_pylist() == expected


def test_a_moment_as_a_parameter_finds_the_row_that_holds_it(make, route):
    moment = datetime(2026, 1, 1, 1, 2, 3)
    dataset = make(
        METADATA,
        {
            "everything": [
                {
                    "moment": moment,
                    "money": Decimal("1.5"),
                    "color": Color.RED,
                    "flag": True,
                    "clock": time(1),
                }
            ]
        },
    )
    where = "moment = ? AND money = ? AND color = ? AND flag = ? AND clock = ?"
    params = [moment, Decimal("1.5"), Color.RED, True, time(1)]
    assert len(read_table(dataset, "everything", where=where, params=params)) == 1


def test_row_ranges_include_both_ends_and_may_reach_beyond_the_table(numbers, route):
    def ids(rows, **options):
        return read_table(numbers, "numbers", rows=rows, **options)["id"].to_pylist()

    assert ids((3, 5)) == [3, 4, 5]
    assert ids((999, 10**9)) == [999, 1000]
    assert ids((0, 600), where="square = 4 OR id = 700") == [498, 502]
    assert ids((7, 6)) == []


def test_threads_read_shares_of_a_table_and_nothing_shows(numbers, monkeypatch):
    whole = read_table(numbers, "numbers")
    monkeypatch.setattr(reader, "_SHARE", 100)
    monkeypatch.setattr(reader, "count_processors", lambda: 3)
    shared = read_table(numbers, "numbers")
    assert shared.equals(whole)
    assert shared["id"].num_chunks == 3
    assert read_table(numbers, "numbers", threads=1)["id"].num_chunks == 1
    assert read_table(numbers, "numbers", rows=(100, 900)).equals(whole.slice(99, 801))


@given(low=st.integers(-50, 50), size=st.integers(0, 100), parts=st.integers(1, 12))
def test_a_split_range_is_whole_and_in_order(low, size, parts):
    ranges = split_range(low, low + size - 1, parts)
    assert [n for first, last in ranges for n in range(first, last + 1)] == list(
        range(low, low + size)
    )
    assert len(ranges) <= parts


def test_a_table_without_rowids_is_read_but_not_by_row_number(make, route):
    metadata = sa.MetaData()
    sa.Table(
        "t",
        metadata,
        sa.Column("code", sa.String, primary_key=True),
        sa.Column("n", sa.Integer),
        sqlite_with_rowid=False,
    )
    dataset = make(metadata, {"t": [{"code": "b", "n": 1}, {"code": "a", "n": 2}]})
    assert read_table(dataset, "t").to_pylist() == [{"code": "a", "n": 2}, {"code": "b", "n": 1}]
    with pytest.raises(QueryError, match="no rowids"):
        read_table(dataset, "t", rows=(1, 2))


def test_rows_without_rowids_come_in_the_order_of_their_keys_whatever_the_condition(
    tmp_path, route
):
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.executescript(
            "CREATE TABLE t (a TEXT COLLATE NOCASE, b, c INTEGER, PRIMARY KEY (a DESC, b))"
            " WITHOUT ROWID; CREATE INDEX by_c ON t (c);"
        )
        rows = [(f"{'xY'[n % 2]}{n % 5}", n, -n) for n in range(140)]
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    connection.close()
    dataset = microcosm_sqlite.register("keyed", tmp_path / "x.db", immutable=True)
    try:
        every = read_table(dataset, "t").to_pylist()
        assert [(row["a"], row["b"]) for row in every[:3]] == [
            ("Y4", "9"),
            ("Y4", "19"),
            ("Y4", "29"),
        ]
        for limit in (None, 3):
            found = read_table(dataset, "t", where="c < 0", limit=limit).to_pylist()
            assert found == [row for row in every if row["c"] < 0][:limit]
        found = read_table(dataset, "t", columns=["c"], where="c < 0")["c"].to_pylist()
        assert found == [row["c"] for row in every if row["c"] < 0]
    finally:
        microcosm_sqlite.unregister("keyed")


def test_a_column_named_rowid_does_not_hide_the_rowid(make, route):
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("rowid", sa.String), sa.Column("OID", sa.String))
    dataset = make(metadata, {"t": [{"rowid": "z", "OID": "x"}, {"rowid": "a", "OID": "y"}]})
    assert read_table(dataset, "t", rows=(2, 2)).to_pylist() == [{"rowid": "a", "OID": "y"}]


def test_a_legacy_dataset_takes_its_types_from_the_declared_ones(make, route):
    dataset = make(
        METADATA,
        {"everything": [{"day": date(2026, 1, 2), "color": Color.RED, "blob": b"x"}]},
        has_manifest=False,
    )
    assert dataset.is_legacy
    found = read_table(dataset, "everything", columns=["day", "color", "blob", "money"])
    assert found.schema.types == [pa.date32(), pa.string(), pa.binary(), pa.decimal128(12, 2)]
    assert found.to_pylist() == [
        {"day": date(2026, 1, 2), "color": "RED", "blob": b"x", "money": None}
    ]


@pytest.mark.parametrize("text", ["61ff", "c3", "eda080"], ids=["alone", "cut", "surrogate"])
@pytest.mark.parametrize("declared", ["TEXT", ""])
def test_a_text_that_is_not_utf8_never_gets_into_a_frame(tmp_path, route, text, declared):
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {declared})")
        connection.execute(f"INSERT INTO t (x) VALUES (CAST(x'{text}' AS TEXT)), ('a')")
    connection.close()
    dataset = microcosm_sqlite.register("garbled", tmp_path / "x.db", immutable=True)
    try:
        with pytest.raises(SchemaMismatchError, match=r"Column 'x' .* a text is not UTF-8"):
            read_table(dataset, "t")
        # Neither does a condition on such a column need a text of it that can be read.
        assert read_table(dataset, "t", where="x = 'a'")["id"].to_pylist() == [2]
        with pytest.raises(DatasetIOError, match=r"not UTF-8; select CAST\(column AS BLOB\)"):
            dataset.describe("t", where="id = 1")
    finally:
        microcosm_sqlite.unregister("garbled")


def test_a_column_of_no_declared_type_is_read_as_text(tmp_path, route):
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (x, y ANYTHING)")
        connection.execute("INSERT INTO t VALUES (1, 'a'), ('b', 2.5), (NULL, NULL)")
    connection.close()
    dataset = microcosm_sqlite.register("untyped", tmp_path / "x.db", immutable=True)
    try:
        found = read_table(dataset, "t").to_pydict()
    finally:
        microcosm_sqlite.unregister("untyped")
    assert found == {"x": ["1", "b", None], "y": ["a", "2.5", None]}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("whole", "'many'"),
        ("whole", "1.5"),
        ("real", "'much'"),
        ("flag", "'maybe'"),
        ("day", "'tomorrow'"),
        ("color", "'MAUVE'"),
        ("moment", "'2013-01-01T10:00:00Z'"),
        ("text", "CAST(x'61ff' AS TEXT)"),
        ("color", "CAST(x'61ff' AS TEXT)"),
    ],
)
@pytest.mark.parametrize("before", [0, 3000])
def test_a_value_that_does_not_fit_its_column_is_an_error_that_names_the_column(
    make, route, column, value, before
):
    dataset = make(METADATA, {"everything": [{}] * before})
    with sqlite3.connect(dataset.path) as connection:
        connection.execute(f"INSERT INTO everything ({column}) VALUES ({value})")
    connection.close()
    with (
        pytest.raises(SchemaMismatchError) as caught,
        read_batches(dataset, "everything", batch_size=1000) as batches,
    ):
        list(batches)
    assert "everything" in str(caught.value)
    assert read_table(dataset, "everything", columns=["id"]).num_rows == before + 1


def test_what_is_not_there_is_named_beside_what_is(numbers):
    with pytest.raises(TableNotFoundError, match=r"no table 'number'\. Did you mean 'numbers'"):
        read_table(numbers, "number")
    with pytest.raises(TableNotFoundError, match=r"no column 'cube'\. Its columns: id, square"):
        read_table(numbers, "numbers", columns=["cube"])
    with pytest.raises(QueryError, match="No column"):
        read_table(numbers, "numbers", columns=[])
    with pytest.raises(TypeError, match="list of names"):
        read_table(numbers, "numbers", columns="id")


@pytest.mark.parametrize(
    ("where", "params"),
    [
        ("squared = 1", None),
        ("id = ?", None),
        ("id = ?", [1, 2]),
        ("id =", None),
        ("id = :n", {"m": 1}),
        ("1) OR (1", [1]),
    ],
)
def test_a_condition_that_is_none_is_refused(numbers, route, where, params):
    with pytest.raises(QueryError, match="cannot be used"):
        read_table(numbers, "numbers", where=where, params=params)


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("json_extract('x', '$.a') = id", "malformed JSON"),
        ("abs(-9223372036854775807 - id) > 1", "integer overflow"),
        ("zeroblob(2000000000 + id) = 1", "string or blob too big"),
        ("id LIKE 'a' ESCAPE 'ab'", "ESCAPE expression must be a single character"),
    ],
)
def test_a_condition_that_fails_for_a_row_is_not_taken_for_damage(numbers, route, where, told):
    with pytest.raises(QueryError, match=rf"cannot be evaluated for a row: {told}\. Write it so"):
        read_table(numbers, "numbers", where=where)


@pytest.mark.parametrize("where", ["id IN :ids", {"id": range(40_000)}])
def test_a_list_may_have_more_members_than_each_sqlite_here_takes(numbers, where):
    params = {"ids": range(40_000)} if isinstance(where, str) else None
    with closing(numbers.connect()) as connection:
        most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    if most < 40_000:
        pytest.skip("the SQLite of this Python takes fewer")
    assert len(read_table(numbers, "numbers", where=where, params=params)) == 1000


def test_a_file_that_may_change_is_not_read_through_a_second_sqlite(make, monkeypatch):
    """Closing a file in one copy of SQLite drops the locks that another copy holds on it."""
    dataset = make(METADATA, {"everything": [{"text": "x"}]}, immutable=False)
    monkeypatch.setitem(sys.modules, "microcosm_sqlite.interop.adbc_reader", None)
    assert read_table(dataset, "everything", columns=["text"]).to_pylist() == [{"text": "x"}]


def test_as_many_columns_as_sqlite_allows_are_read(tmp_path):
    for number in (1_999, 2_000):
        path = tmp_path / f"{number}.db"
        with closing(sqlite3.connect(path)) as connection:
            names = ", ".join(f"c{place} INTEGER" for place in range(number))
            connection.execute(f"CREATE TABLE wide ({names})")
            connection.execute("INSERT INTO wide (c0, c1998) VALUES (1, 2)")
            connection.commit()
        dataset = microcosm_sqlite.register("wide", path, immutable=True)
        try:
            table = read_table(dataset, "wide")
        finally:
            microcosm_sqlite.unregister("wide")
        assert table.num_columns == number
        assert (table["c0"][0].as_py(), table["c1998"][0].as_py()) == (1, 2)


def test_a_damaged_file_is_an_error_and_not_a_short_table(numbers, route):
    content = bytearray(numbers.path.read_bytes())
    content[4096 + 8 : -4096] = b"\xff" * (len(content) - 8192 - 8)
    numbers.path.write_bytes(content)
    with pytest.raises(microcosm_sqlite.errors.DatasetError):
        read_table(numbers, "numbers", columns=["id", "day"])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc on this system")
def test_the_file_is_closed_once_the_reader_is_used_up_closed_or_gone(numbers, route):
    read_table(numbers, "numbers")
    before = open_files()
    list(read_batches(numbers, "numbers", batch_size=10))
    with read_batches(numbers, "numbers", batch_size=10) as batches:
        next(batches)
    abandoned = read_batches(numbers, "numbers", batch_size=10)
    next(abandoned)
    assert open_files() > before
    del abandoned, batches
    gc.collect()
    assert open_files() == before


def test_a_missing_extra_is_told_in_one_sentence_with_the_line_that_installs_it(numbers):
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from microcosm_sqlite.errors import MissingDependencyError\n"
        "try:\n"
        "    import microcosm_sqlite.interop.reader\n"
        "except MissingDependencyError as error:\n"
        "    print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout == (
        "This needs pyarrow, which is not installed. Run: pip install 'microcosm-sqlite[arrow]'\n"
    )


def test_errors_and_datasets_travel_between_processes(numbers):
    assert pickle.loads(pickle.dumps(numbers)).path == numbers.path


def test_a_limit_is_the_most_rows_that_any_frame_has(halves):
    np = pytest.importorskip("numpy")
    for read in (halves.arrow, halves.pandas, halves.polars, halves.duckdb):
        assert len(read("numbers", limit=3)) == 3
        assert len(read("numbers", where="half > 999", limit=9)) == 2
        assert len(read("numbers", limit=0)) == 0
        assert len(read("numbers", limit=np.int64(3))) == 3
        assert [len(read("numbers", limit=most)) for most in (sys.maxsize, 2**70)] == [2000, 2000]
    assert halves.polars("numbers", lazy=True, limit=5).head(2).collect().height == 2
    assert halves.polars("numbers", lazy=True, limit=2).head(5).collect().height == 2
    assert sum(batch.num_rows for batch in halves.arrow("numbers", limit=7, batch_size=2)) == 7
    for wrong in (-1, "5", 2.0):
        with pytest.raises(TypeError, match="limit must be the number of rows"):
            halves.arrow("numbers", limit=wrong)
    with pytest.raises(TypeError, match="the number of rows is limit"):
        halves.arrow("numbers", rows=5)


def test_parameters_of_no_condition_are_not_used(halves):
    assert len(halves.arrow("numbers", params={"of nothing": 1})) == 2000


def test_one_text_is_no_list_of_tables(halves, tmp_path):
    told = "tables must be a list of names, not the string 'numbers'"
    with pytest.raises(TypeError, match=told):
        halves.columnar("numbers")
    with pytest.raises(TypeError, match=told):
        export_folder(halves, tmp_path / "new", tables="numbers")


def test_what_can_be_read_once_is_asked_for_as_often_as_it_is_needed(halves):
    conditions = [
        lambda: {"where": {"id": (n for n in (1, 3))}},
        lambda: {"where": "id IN :ids", "params": {"ids": (n for n in (1, 3))}},
        lambda: {"where": "id IN ?", "params": [iter((1, 3))]},
        lambda: {"where": "id IN (?, ?)", "params": iter((1, 3))},
    ]
    for make in conditions:
        lazy = halves.polars("numbers", lazy=True, columns=iter(["id"]), **make())
        assert [lazy.collect().height, lazy.collect().height] == [2, 2]
        relation = halves.duckdb("numbers", columns=iter(["id"]), **make())
        assert [len(relation.fetchall()), relation.count("id").fetchall()] == [2, [(2,)]]
        assert len(halves.dask("numbers", npartitions=3, **make())) == 2
        assert halves["numbers"].describe(**make())["half"].count == 2
    answer = halves.sql("SELECT id FROM numbers WHERE id IN ?", [iter((1, 3))])
    assert [answer.arrow().num_rows, answer.polars().height] == [2, 2]
    ids = [1, 3]
    lazy = halves.polars("numbers", lazy=True, where={"id": ids})
    ids.append(5)
    assert lazy.collect().height == 2
