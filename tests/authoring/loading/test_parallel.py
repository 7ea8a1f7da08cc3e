"""However many processes load a file, the rows, their order and the errors are the same."""

from __future__ import annotations

import gzip
import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite.pysqlite import dialect

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.finishing.describe import digest
from microcosm_sqlite.authoring.finishing.finalise import prepare, write_copy
from microcosm_sqlite.authoring.loading import connections as bulk
from microcosm_sqlite.authoring.loading import parallel
from microcosm_sqlite.authoring.loading.connections import create_tables, open_engine, open_loading
from microcosm_sqlite.authoring.loading.insertion import _Insertion
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources import delimited as splitting
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.errors import DuplicateKeyError, SourceError, SourceValueError
from tests.support.loading import needs_csv_module
from tests.support.projects import SOURCES, make_project


@pytest.fixture(autouse=True)
def tiny_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "SMALLEST_PART", 10)
    monkeypatch.setattr(parallel, "can_fork", lambda: True)  # whatever threads the tests have


def make_table(*, key: bool = False, unique: bool = False) -> sa.Table:
    return sa.Table(
        "t",
        sa.MetaData(),
        *([sa.Column("id", sa.Integer, primary_key=True)] if key else []),
        sa.Column("number", sa.Integer, unique=unique),
        sa.Column("text", sa.String(200)),
        sa.Column("price", sa.Float),
    )


def write_source(folder: Path, content: str, name: str = "t.csv") -> SourceFile:
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(content.encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("t.csv", content)
    else:
        path.write_text(content, "utf-8", newline="")
    return SourceFile(path, name, "csv")


def load(
    monkeypatch: pytest.MonkeyPatch, table: sa.Table, source: SourceFile, processors: int
) -> str:
    """Load with so many processes, and return the digest of the finished file."""
    folder = source.path.parent
    monkeypatch.setattr(parallel, "count_processors", lambda: processors)
    plan = TableLoad(TableRules.of(table, dialect()), [DelimitedOpener(source, CsvOptions())])
    for name in ("loading.db", "finished.db"):
        (folder / name).unlink(missing_ok=True)
    with closing(open_loading(folder / "loading.db")) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
        parallel.fill_table(connection, plan, folder)
        prepare(connection)
        write_copy(connection, folder / "finished.db")
    assert not list(folder.glob("part*.db"))
    return digest(folder / "finished.db")


ROWS = [f'{n},"text ""{n}"",\nof two lines",{n / 7}' for n in range(400)]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.zip", "t.csv.gz"])
@pytest.mark.parametrize("key", [False, True])
def test_the_file_is_the_same_whatever_loads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, key: bool
) -> None:
    source = write_source(tmp_path, "\r\n".join(["number,text,price", *ROWS]), name)
    table = make_table(key=key)
    digests = {load(monkeypatch, table, source, processors) for processors in (1, 2, 3, 4)}
    monkeypatch.setattr(bulk, "has_apsw", lambda: False)
    monkeypatch.setattr(parallel, "has_apsw", lambda: False)
    digests |= {load(monkeypatch, table, source, processors) for processors in (1, 3)}
    assert len(digests) == 1
    with closing(sqlite3.connect(tmp_path / "finished.db")) as connection:
        assert connection.execute("SELECT count(*), sum(number) FROM t").fetchone() == (400, 79800)
        query = "SELECT text FROM t WHERE rowid = 301 AND number = 300"
        assert connection.execute(query).fetchone() == ('text "300",\nof two lines',)


def test_several_processes_are_used(tmp_path: Path) -> None:
    source = write_source(tmp_path, "\n".join(["number,text,price", *ROWS]))
    table = make_table()
    opener = DelimitedOpener(source, CsvOptions())
    with closing(open_loading(tmp_path / "loading.db")) as connection:
        with open_engine(connection) as engine:
            create_tables(engine, table.metadata)
        plan = TableLoad(TableRules.of(table, dialect()), [opener])
        assert len(opener.split(3)) == 3
        assert parallel.load_in_parts(connection, plan, opener.split(3), tmp_path) == 400


@pytest.mark.parametrize("wrong", [False, True])
def test_processes_that_are_started_anew_load_the_same_as_forked_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: bool
) -> None:
    """As on macOS and Windows, where no fork is safe or possible."""
    rows = "".join(f"{n},bird {n},PARU,{n % 50},\n" for n in range(4, 2000))
    rows += "x,bird,PARU,1,\n" if wrong else ""
    sources = SOURCES | {"birds.csv": SOURCES["birds.csv"] + rows}
    project = make_project(tmp_path / "birds-data", sources=sources)
    monkeypatch.setattr(parallel, "count_processors", lambda: 3)
    monkeypatch.setattr(parallel, "SMALLEST_STARTED_PART", 10_000)
    ended = []
    end = parallel.StartedChild.end
    monkeypatch.setattr(
        parallel.StartedChild,
        "end",
        lambda child: (ended.append(child._process.poll()), end(child)),
    )
    built = []
    for can_fork in (True, False):
        monkeypatch.setattr(parallel, "can_fork", lambda can=can_fork: can)
        try:
            built.append(build_dataset(ProjectSettings.from_pyproject(project), force=True))
        except SourceValueError as error:
            built.append(str(error))
        else:
            built[-1] = built[-1].path.read_bytes()
    assert built[0] == built[1]
    assert len(ended) == 2
    if not wrong:
        assert ended == [0, 0]


@needs_csv_module
@pytest.mark.parametrize("processors", [1, 2])
def test_no_whole_build_falls_back_to_the_slow_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    monkeypatch.setattr(parallel, "count_processors", lambda: processors)
    monkeypatch.setattr(parallel, "load_table", lambda *_: pytest.fail("the slow way was taken"))
    monkeypatch.setattr(_Insertion, "_insert_rows", lambda *_: pytest.fail("Python bound rows"))
    project = make_project(tmp_path / "birds-data")
    built = build_dataset(ProjectSettings.from_pyproject(project))
    assert {name: table.row_count for name, table in built.manifest.tables.items()} == {
        "birds": 3,
        "families": 2,
    }


@pytest.mark.parametrize(
    ("row", "error", "told"),
    [
        ("x,a,1", SourceValueError, "line 802, column `number`: 'x' is not a whole number"),
        ("1,a,one", SourceValueError, "line 802, column `price`: 'one' is not a finite number"),
        ("1,a", SourceError, "line 802: 2 fields where the header has 3"),
        ("399,a,1", DuplicateKeyError, "number=399 is in t.csv, line 800 and t.csv, line 802"),
        ('1,"a', SourceError, "line 802: a quote is opened and not closed"),
    ],
)
def test_errors_in_a_later_part_are_told_as_if_there_were_no_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, error: Any, told: str
) -> None:
    source = write_source(tmp_path, "\n".join(["number,text,price", *ROWS, row]))
    with pytest.raises(error, match=told):
        load(monkeypatch, make_table(unique=True), source, 2)


def test_values_in_doubt_are_judged_wherever_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*ROWS, "9007199254740993,big,1", *ROWS]
    source = write_source(tmp_path, "\n".join(["number,text,price", *rows]))
    assert load(monkeypatch, make_table(), source, 2) == load(monkeypatch, make_table(), source, 1)


def test_quotes_where_none_belong_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [f'{n},a 5" pipe,1' if n % 3 else f'{n},"two\nlines",2' for n in range(300)]
    source = write_source(tmp_path, "\n".join(["number,text,price", *rows]))
    digests = {load(monkeypatch, make_table(), source, processors) for processors in (1, 2, 3, 4)}
    assert len(digests) == 1


pieces = st.sampled_from(['"', '""', ",", "\n", "\r\n", "a", "é", "1"])
fields = st.lists(pieces, max_size=6).map("".join)


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.lists(fields, min_size=2, max_size=2), min_size=4, max_size=30),
    count=st.integers(2, 5),
)
def test_the_parts_of_well_formed_text_give_the_rows_of_the_whole(
    tmp_path: Path, rows: list[list[str]], count: int
) -> None:
    import csv

    text = io.StringIO()
    csv.writer(text).writerows([["number", "text"], *rows])
    source = write_source(tmp_path, text.getvalue())
    whole = DelimitedOpener(source, CsvOptions())
    with whole(lambda _: None) as records:
        expected = list(records)
    parts = []
    for part in whole.split(count):
        with part(lambda _: None) as records:
            assert records.header == ["number", "text"]
            parts += list(records)
    assert not parts or parts == expected
