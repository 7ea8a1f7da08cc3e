"""A stranger's question costs a bounded answer, or an error that says what to ask instead."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import microcosm_sqlite
from microcosm_sqlite import errors
from microcosm_sqlite.interop.agents.answers import CELL
from microcosm_sqlite.interop.agents.reading import BoundedReader, Limits
from tests.support.hostile_sql import BOMB, REFUSED, WRITES
from tests.support.wheels import make_database

LONG = f"""
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO note VALUES (7, '{"x" * 2000}');
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = make_database(tmp_path_factory.mktemp("colours") / "x.db", rows=2000, extra=LONG)
    microcosm_sqlite.register("colours", path, immutable=True)
    microcosm_sqlite.register("others", path, immutable=True)
    yield path
    microcosm_sqlite.unregister("colours")
    microcosm_sqlite.unregister("others")


@pytest.fixture
def reader(database: Path) -> Iterator[BoundedReader]:
    with closing(BoundedReader(["colours", "others"])) as reader:
        yield reader


def test_a_question_is_answered_with_columns_and_rows(reader: BoundedReader) -> None:
    answer = reader.query("colours", "SELECT name, warmth FROM colour ORDER BY id")
    assert answer == {
        "columns": ["name", "warmth"],
        "rows": [["red", 0.9], ["blue", 0.1], ["grün", None]],
        "has_more": False,
    }
    joined = "SELECT count(*) FROM shade JOIN others.colour AS c ON colour_id = c.id"
    assert reader.query("colours", joined, attach=["others"])["rows"] == [[2003]]
    assert reader.query("colours", "SELECT 1 WHERE 0")["rows"] == []


def test_an_answer_is_cut_and_says_so(database: Path) -> None:
    with closing(BoundedReader(["colours"], Limits(rows=10, bytes=1500))) as reader:
        answer = reader.query("colours", "SELECT * FROM shade")
        assert len(answer["rows"]) == 10
        assert answer["has_more"]
        assert "first 10 rows" in answer["note"]
        assert len(reader.query("colours", "SELECT * FROM shade", rows=3)["rows"]) == 3
        wide = "SELECT code, hex(zeroblob(100)) FROM shade"
        answer = reader.query("colours", wide)
        assert len(json.dumps(answer["rows"])) <= 1500
        assert "1,500 bytes" in answer["note"]
        with pytest.raises(errors.QueryError, match="Select fewer"):
            reader.query("colours", "SELECT " + ", ".join(["'a' AS column_name"] * 99))
        row = "SELECT " + ", ".join(["hex(zeroblob(200))"] * 9).replace(")),", ")) AS a,")
        with pytest.raises(errors.QueryError, match="A row takes more"):
            reader.query("colours", row)
    with closing(BoundedReader(["colours"])) as reader:
        answer = reader.query("colours", "SELECT body, x'ff' FROM note")
        assert answer["rows"] == [[f"{'x' * CELL}… (2,000 characters)", "<1 bytes>"]]
        assert "substr" in answer["note"]


def test_a_sample_comes_from_all_over_a_table_and_is_the_same_each_time(
    reader: BoundedReader,
) -> None:
    sample = reader.sample("colours", "note", rows=3)
    assert sample["rows"][0][0] == 7
    assert reader.sample("colours", "shade", rows=3) == reader.sample("colours", "shade", rows=3)
    codes = [row[0] for row in reader.sample("colours", "shade", ["code"], 3)["rows"]]
    assert codes == ["crimson", "shade 000998", "shade 001999"]
    assert reader.sample("colours", "shade", []) == reader.sample("colours", "shade")
    with pytest.raises(errors.TableNotFoundError, match="shade"):
        reader.sample("colours", "shades")
    with pytest.raises(errors.TableNotFoundError, match="code"):
        reader.sample("colours", "shade", ["kode"])


def test_only_the_named_datasets_are_served(database: Path) -> None:
    with closing(BoundedReader(["colours"])) as reader:
        assert [each["name"] for each in reader.list()["datasets"]] == ["colours"]
        for ask in (
            lambda: reader.query("others", "SELECT 1"),
            lambda: reader.query("colours", "SELECT 1", attach=["others"]),
            lambda: reader.describe("others"),
        ):
            with pytest.raises(errors.DatasetNotFoundError, match="Datasets: colours"):
                ask()
    with pytest.raises(errors.DatasetNotFoundError):
        BoundedReader(["nobody"])


def test_a_description_fits_whatever_the_dataset(reader: BoundedReader, database: Path) -> None:
    described = reader.describe("colours")
    assert [table["name"] for table in described["tables"]] == ["colour", "note", "shade"]
    assert described["tables"][2]["columns"][1]["references"] == ["colour.id"]
    assert reader.describe("colours", "shade") == described["tables"][2]
    for size, told in ((500, "Only names and types"), (200, "Only tables")):
        with closing(BoundedReader(["colours"], Limits(bytes=size))) as small:
            assert told in small.describe("colours")["note"]


@pytest.mark.parametrize("sql", [*WRITES, *REFUSED, "SELECT '\ud800'", "SELECT '\0'", "x" * 10**6])
def test_hostile_statements_cost_an_error_and_leave_nothing(
    reader: BoundedReader, database: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(database.parent)
    before = database.read_bytes()
    with pytest.raises(errors.DatasetError) as refused:
        reader.query("colours", sql)
    assert len(str(refused.value)) < 1500
    assert [path.name for path in database.parent.iterdir()] == [database.name]
    assert database.read_bytes() == before
    assert reader.query("colours", "SELECT 1")["rows"] == [[1]]


def test_a_question_without_end_is_stopped(database: Path) -> None:
    with closing(BoundedReader(["colours"], Limits(seconds=0.2))) as reader:
        started = time.monotonic()
        with pytest.raises(errors.QueryError, match=r"stopped after 0\.2 seconds.*index"):
            reader.query("colours", BOMB)
        assert time.monotonic() - started < 3
        assert reader.query("colours", "SELECT 1")["rows"] == [[1]]


def test_a_question_that_nobody_waits_for_is_stopped(reader: BoundedReader) -> None:
    stopped = threading.Event()
    threading.Timer(0.2, stopped.set).start()
    started = time.monotonic()
    with pytest.raises(errors.QueryError):
        reader.query("colours", BOMB, is_stopped=stopped.is_set)
    assert time.monotonic() - started < 3


def test_threads_share_a_reader(reader: BoundedReader) -> None:
    def ask(number: int) -> object:
        name = ("colours", "others")[number % 2]
        return reader.query(name, f"SELECT {number}, count(*) FROM shade")["rows"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(64))) == [[[number, 2003]] for number in range(64)]
