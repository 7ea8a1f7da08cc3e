"""A folder of files becomes a project that builds, installs, and passes its own checks unedited."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
import tomllib
from ast import literal_eval
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import REPORT_FILE, draft_project
from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes
from microcosm_sqlite.authoring.drafting.report import Draft
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.drafts import check_style, compare_rows, install_draft
from tests.support.programs import run
from tests.support.projects import build_wheel

FAMILY = "families.code (by its name and all of its values)"
MESSY: dict[str, bytes] = {
    "2013 Überblick (neu).csv": "Price (in €),%,naïve\n1.50,3,x\n".encode(),
    "big.csv": b"n,x,f\n9223372036854775808,1,NaN\n1,9007199254740993,1.5\n2,3,Infinity\n",
    "bom.csv": b"\xef\xbb\xbfid,name\n1,a\n2,b\n",
    "bools.csv": b"id,ok\n1,true\n2,FALSE\n3,\n",
    "crlf.csv": b"id,v\r\n1,a\r\n\r\n2,b\r\n",
    "dates.csv": (
        b"iso,dmy,moment,mixed,b,z\n"
        b"2013-01-31,31/01/2013,2013-01-31T10:00:00Z,2013-01-31,yes,007\n"
        b"2013-02-01,01/02/2013,2013-01-31T10:00:00+02:00,2013-01-31 10:00,NO,008\n"
    ),
    "dup.csv": b"a,a,A,,\n1,2,3,4,5\n",
    "empty.csv": b"",
    "families.csv": b"code,name\nA,Tits\nB,Crows\nC,Owls\n",
    "header_only.csv": b"a,b,c\n",
    "lines.jsonl": (
        b'{"id": 1, "tags": ["a"], "seen": "2013-01-31T10:00:00", "odd key": "007"}\n'
        b'{"id": 2, "size": 1.5, "class": true}\n'
    ),
    "latin.csv": "id;café\n1;crème\n2;brûlée\n".encode("cp1252"),
    "longtext.csv": b"id,t\n1," + b"x" * 5000 + b"\n",
    "notes.txt": b"hello",
    "quoted.csv": b'id,text\n1,"two\nlines"\n2,"say ""hi"", you"\n',
    "select.csv": (
        b"class,from,metadata,registry,int,session,group,order,id,ID\n1,2,3,4,5,6,7,8,9,10\n"
    ),
    "species.csv": b"id,family_code,nulls\n1,A,NULL\n2,B,NA\n3,C,1\n4,,2\n5,A,\n",
    "sqlite_master.csv": b"name\nx\n",
    "strings.csv": b'string,date,datetime\n a ,b,c\n"""q""",\'s\',\\\n',
    "tabbed.tsv": b"id\tv\n1\ta,b\n",
    "utf16.csv": "id,straße\n1,grün\n2,\n".encode("utf-16"),
    "wide.csv": b",".join(b"c%d" % n for n in range(300)) + b"\n" + b",".join([b"1"] * 300) + b"\n",
    "zipped.csv.gz": gzip.compress(b"id,bom\n1,1\n2,2\n"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("messy")
    for name, content in MESSY.items():
        (made / name).write_bytes(content)
    return made


@pytest.fixture(scope="module")
def draft(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Draft:
    return draft_project(tmp_path_factory.mktemp("drafts") / "messy-data", folder)


def test_the_report_says_what_was_inferred_and_why(draft: Draft) -> None:
    for line in (
        "species: 5 rows of species.csv, model Species",
        "  key: id (unique in all 5 rows)",
        f"  family_code: text of up to 1 character, may be empty, refers to {FAMILY}",
        "  key: none found, so rows are numbered",
        '  read with csv delimiter = ";", encoding = "cp1252"',
        "  a_2: integer, in the file 'a'",
        "left out: empty.csv, empty",
        (
            "left out: notes.txt, of no format that is read; call it .csv or .tsv if it is a "
            "table, or .fwf if its columns have fixed widths"
        ),
    ):
        assert line in draft.report


def test_sources_are_copied_as_they_are(draft: Draft) -> None:
    sources = draft.path / "sources"
    for source, copied in (
        ("utf16.csv", "utf16.csv"),
        ("zipped.csv.gz", "zipped.csv.gz"),
        ("latin.csv", "latin.csv"),
        ("2013 Überblick (neu).csv", "_2013_Überblick_neu.csv"),
    ):
        assert (sources / copied).read_bytes() == MESSY[source]
    assert not {"elements.csv", "blocks.csv", "empty.csv"} & {p.name for p in sources.iterdir()}


def test_the_card_and_the_settings_tell_of_the_authors_tables_only(draft: Draft) -> None:
    card = (draft.path / "README.md").read_text("utf-8")
    assert "| species | id |" in card
    assert "- `latin.csv`" in card
    for example in ("elements", "periodic"):
        assert example not in card
    settings = tomllib.loads((draft.path / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["microcosm-sqlite"]
    assert "origins" not in hook
    assert "null-values" not in hook
    assert hook["tables"] == {
        "dates": {"formats": {"dmy": "%d/%m/%Y"}},
        "latin": {"csv": {"delimiter": ";", "encoding": "cp1252"}},
    }


@pytest.mark.slow
def test_a_draft_passes_its_checks_builds_installs_and_answers(
    draft: Draft, tmp_path: Path
) -> None:
    venv = install_draft(draft.path, tmp_path)
    query = ["-m", "microcosm_sqlite", "query", "messy", "--json"]

    def ask(sql: str) -> list[dict[str, object]]:
        answer: list[dict[str, object]] = json.loads(run(venv.python, *query, sql, cwd=tmp_path))
        return answer

    assert ask("SELECT * FROM latin") == [
        {"id": 1, "café": "crème"},
        {"id": 2, "café": "brûlée"},
    ]
    assert ask("SELECT text FROM quoted WHERE id = 1") == [{"text": "two\nlines"}]
    assert ask("SELECT n, f FROM big LIMIT 1") == [{"n": "9223372036854775808", "f": "NaN"}]
    assert ask("SELECT z, dmy FROM dates LIMIT 1") == [{"z": "007", "dmy": "2013-01-31"}]
    assert ask("SELECT nulls FROM species WHERE id < 3") == [{"nulls": "NULL"}, {"nulls": "NA"}]
    assert ask("SELECT string FROM strings") == [{"string": " a "}, {"string": '"q"'}]
    assert ask('SELECT tags, seen, "odd key", size, "class" FROM lines') == [
        {
            "tags": '["a"]',
            "seen": "2013-01-31 10:00:00.000000",
            "odd key": "007",
            "size": None,
            "class": None,
        },
        {"tags": None, "seen": None, "odd key": None, "size": 1.5, "class": 1},
    ]
    assert ask('SELECT "class", "ID_2" FROM "select"') == [{"class": 1, "ID_2": 10}]


def test_texts_for_nothing_reach_the_settings(folder: Path, tmp_path: Path) -> None:
    made = draft_project(tmp_path / "messy-data", folder, null_values=["NA", 'say "none"'])
    settings = tomllib.loads((made.path / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["microcosm-sqlite"]
    assert hook["null-values"] == ["NA", 'say "none"']


@pytest.mark.slow
def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    when = datetime(2013, 1, 31, 10, tzinfo=UTC)
    columns = {
        "code": ["a", "b"],
        "at": [when, None],
        "day": [when.date(), when.date()],
        "clock": [when.time(), None],
        "raw": [b"\x00", b""],
        "big": [1 << 40, 1],
        "list": [[1, 2], []],
        "price": [Decimal("1.10"), Decimal("2.25")],
    }
    (tmp_path / "files").mkdir()
    parquet.write_table(pyarrow.table(columns), tmp_path / "files" / "things.parquet")
    draft = draft_project(tmp_path / "things-data", tmp_path / "files")
    check_style(draft.path, tmp_path)
    build_wheel(draft.path)
    path = draft.path / "src" / "things_data" / "things.db"
    with closing(sqlite3.connect(path)) as connection:
        first = connection.execute("SELECT * FROM things").fetchone()
    assert first == (
        1,  # rows of so few are numbered
        "a",
        "2013-01-31 10:00:00.000000",
        "2013-01-31",
        "10:00:00.000000",
        b"\x00",
        1 << 40,
        "[1, 2]",
        1.1,
    )


def test_nothing_is_written_where_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "csvs").mkdir()
    (tmp_path / "csvs" / "birds.csv").write_text("a,b\n1,2,3\n")
    with pytest.raises(SourceError, match=r"birds\.csv, line 2"):
        draft_project(tmp_path / "birds-data", tmp_path / "csvs")
    (tmp_path / "csvs" / "birds.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SettingsError, match="compression"):
        draft_project(tmp_path / "birds-data", tmp_path / "csvs", compression="gzip")
    assert not (tmp_path / "birds-data").exists()


def test_class_names_are_singular_and_clash_with_nothing() -> None:
    tables = ["companies", "company", "strings", "lists", "2013", "my_tables", "BirdsData"]
    names = name_classes(tables, "BirdsData")
    assert list(names.values()) == [
        "Company",
        "CompanyRow",
        "StringRow",
        "List",
        "Table2013",
        "MyTable",
        "BirdsDataRow",
    ]


def test_attributes_shadow_nothing_that_a_model_needs() -> None:
    columns = ["class", "class_", "metadata", "session", "int", "dt", "create", "name"]
    names = name_attributes(columns)
    assert names["name"] == "name"
    assert names["class_"] == "class_"
    assert len(set(names.values())) == len(columns)
    changed = {column for column, attribute in names.items() if column != attribute}
    assert changed == {"class", "metadata", "session", "int", "dt", "create"}


def draft_database(tmp_path: Path, script: str) -> tuple[str, tuple[str, ...]]:
    """Draft a database; return the models and the report."""
    with closing(sqlite3.connect(tmp_path / "birds.db")) as connection:
        connection.executescript(script)
    made = draft_project(tmp_path / "birds-data", tmp_path / "birds.db")
    return (made.path / "src/birds_data/models.py").read_text("utf-8"), made.report


def test_rows_of_one_table_are_found_by_the_column_that_their_key_names(tmp_path: Path) -> None:
    models, _ = draft_database(
        tmp_path,
        "CREATE TABLE birds (id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,"
        " parent TEXT REFERENCES birds (code))",
    )
    assert "remote_side=[code]" in models
    assert "remote_side=[parent]" in models


def test_a_key_keeps_the_order_of_its_columns(tmp_path: Path) -> None:
    models, report = draft_database(
        tmp_path,
        "CREATE TABLE birds (a TEXT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a)) WITHOUT ROWID",
    )
    assert 'PrimaryKeyConstraint("b", "a")' in models
    assert "  key: b, a (declared)" in report


def draft_file(tmp_path: Path, text: str) -> str:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").write_text(text)
    return "\n".join(draft_project(tmp_path / "birds-data", folder).report)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["1.1", "1.2", "1.10"], "number, but 1.1 and 1.10 would be the same"),
        (["250.00", "250.0", "1"], "number, but 250.0 and 250.00 would be the same"),
        (["1.50", "2.25", "10.00"], "  size: number"),
        (["1.0", "2.5", "1e1"], "  size: number"),
    ],
)
def test_texts_that_differ_in_zeros_alone_stay_different(
    tmp_path: Path, texts: list[str], told: str
) -> None:
    rows = "".join(f"{number},{text}\n" for number, text in enumerate(texts))
    assert told in draft_file(tmp_path, f"id,size\n{rows}")


def test_numbers_of_too_many_digits_are_told_as_such(tmp_path: Path) -> None:
    report = draft_file(tmp_path, "id,text\n135217135789158401,a\n1352171357E+5,b\n")
    assert "would be number, but some have more digits than a number keeps" in report
    assert "except for ;" not in report


def test_a_link_among_the_sources_is_told(tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_text("id\n1\n")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "birds.csv").symlink_to(tmp_path / "outside.csv")
    report = draft_project(tmp_path / "birds-data", folder).report
    assert f"  note: birds.csv is a link, so {tmp_path / 'outside.csv'} was copied" in report


def test_a_draft_that_fails_while_it_copies_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "birds.csv").write_text("id\n1\n")
    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(OSError, match="No space left"):
        draft_project(tmp_path / "birds-data", tmp_path / "files")
    assert [path.name for path in tmp_path.iterdir()] == ["files"]


NAMES = ["a", "B", "id", "order", "x y", "it's", 'q"q', "größe", "row_id", "class", "c:d", "2nd"]
NAMES += ["VIEWS", "sql_text"]
TYPES = ["INTEGER", "INT", "TEXT", "REAL", "", "BLOB", "VARCHAR(3)", "NUMERIC", "DECIMAL(8, 2)"]
TYPES += ["DATETIME", "DATE", "BOOLEAN", "JSON", "ANY", "DATETIME(6)", "BOOLEAN(1)", "INT(11)"]
STRICT_TYPES = ["INTEGER", "INT", "TEXT", "REAL", "BLOB", "ANY"]
VALUES = [None, 0, 1, 2, -7, 1.5, "", "a", "A", "b ", "2020-01-31", "2020-01-31T10:00:00Z", "7"]
VALUES += ["007", '{"a":1}', "true", b"\0"]
CHECKS = ["{} IS NOT 'z'", "length({}) < 30", "{} > -9", "typeof({}) <> 'x'", "json_valid({}) < 9"]
FORMULAS = ["lower({}))", "{} || 1) STORED", "{} > 1)", "json_valid({}))", "json_valid({})) STORED"]
COLLATIONS = ["", "", "COLLATE NOCASE", "COLLATE RTRIM", "COLLATE BINARY"]


class Grammar:
    """Statements that make a database; those that SQLite refuses are left out."""

    def __init__(self, random: Random, connection: sqlite3.Connection) -> None:
        self.random = random
        self.connection = connection
        self.tables: dict[str, list[str]] = {}

    def make(self) -> None:
        names = self.random.sample(NAMES, 3)
        for name in names:
            self.make_table(name)
        for number in range(4):
            self.make_index(f"index {number}")
        for number in range(2):
            what = self.random.choice(["*", "1 AS n", "* FROM view0 UNION SELECT *"])
            table = quote_identifier(self.random.choice(names))
            self.run(f"CREATE VIEW view{number} AS SELECT {what} FROM {table}")

    def run(self, sql: str, values: Any = ()) -> bool:
        try:
            self.connection.execute(sql, values)
        except sqlite3.Error:
            return False
        return True

    def maybe(self, *texts: str, odds: float = 0.25) -> str:
        return self.random.choice(texts) if self.random.random() < odds else ""

    def pick(self, columns: list[str]) -> str:
        picked = self.random.sample(columns, self.random.randint(1, min(2, len(columns))))
        return ", ".join(
            f"{quote_identifier(name)} {self.random.choice(COLLATIONS)} {self.maybe('DESC')}"
            for name in picked
        )

    def make_table(self, name: str) -> None:
        random, quoted = self.random, quote_identifier(name)
        columns = random.sample(NAMES, random.randint(1, 4))
        is_strict = random.random() < 0.1
        parts = [self.define(column, columns, is_strict=is_strict) for column in columns]
        parts += [f"PRIMARY KEY ({self.pick(columns)})"] * (random.random() < 0.4)
        parts += [f"UNIQUE ({self.pick(columns)})"] * (random.random() < 0.3)
        if random.random() < 0.5:
            target = random.choice([*self.tables, name])
            referred = quote_identifier(random.choice(self.tables.get(target, columns)))
            parts.append(
                f"FOREIGN KEY ({quote_identifier(random.choice(columns))}) REFERENCES "
                f"{quote_identifier(target)} {self.maybe(f'({referred})')} "
                f"{self.maybe('ON DELETE CASCADE', 'ON UPDATE SET NULL')}"
            )
        tail = ", ".join(filter(None, ["STRICT" * is_strict, self.maybe("WITHOUT ROWID")]))
        if not self.run(f"CREATE TABLE {quoted} ({', '.join(parts)}) {tail}"):
            self.run(f"CREATE TABLE {quoted} ({', '.join(map(quote_identifier, columns))})")
        self.tables[name] = columns
        for _ in range(random.randint(0, 5)):
            row = [random.choice(VALUES) for _ in columns]
            self.run(f"INSERT INTO {quoted} VALUES ({', '.join('?' * len(row))})", row)

    def define(self, column: str, columns: list[str], *, is_strict: bool) -> str:
        other = quote_identifier(self.random.choice(columns))
        return " ".join([
            quote_identifier(column),
            self.random.choice(STRICT_TYPES if is_strict else TYPES),
            self.maybe("PRIMARY KEY", "PRIMARY KEY DESC", "PRIMARY KEY AUTOINCREMENT", odds=0.15),
            self.maybe("NOT NULL"),
            self.maybe("UNIQUE"),
            self.maybe("DEFAULT 5", "DEFAULT 'x:y'", "DEFAULT (1 + 1)", "DEFAULT CURRENT_DATE"),
            self.random.choice(COLLATIONS),
            self.maybe(*(f"CHECK ({check.format(other)})" for check in CHECKS)),
            self.maybe(*(f"AS ({formula.format(other)}" for formula in FORMULAS), odds=0.1),
        ])  # fmt: skip

    def make_index(self, name: str) -> None:
        table = self.random.choice([*self.tables])
        columns = self.tables[table]
        first = quote_identifier(self.random.choice(columns))
        terms = self.random.choice([self.pick(columns), f"lower({first}) DESC, {first}"])
        self.run(
            f"CREATE {self.maybe('UNIQUE')} INDEX {quote_identifier(name)} ON "
            f"{quote_identifier(table)} ({terms}) {self.maybe(f'WHERE {first} > 1')}"
        )


def list_facts(connection: sqlite3.Connection) -> Iterator[tuple[str, str, Any]]:
    """Table, thing and what is declared of it, as the PRAGMAs tell."""
    for _, table, kind, _, wr, strict in connection.execute("PRAGMA table_list").fetchall():
        if kind == "view":
            with suppress(sqlite3.OperationalError):  # of a column that computes itself
                shown = connection.execute(f"SELECT * FROM {quote_identifier(table)} LIMIT 0")
                yield table, "view", [name for name, *_ in shown.description]
        if kind != "table" or table.startswith("sqlite_"):
            continue
        yield table, "STRICT", bool(strict)
        yield table, "WITHOUT ROWID", bool(wr)
        described = connection.execute("SELECT * FROM pragma_table_xinfo(?)", (table,)).fetchall()
        yield table, "key", [row[1] for row in sorted(described, key=lambda row: row[5]) if row[5]]
        for _, name, declared, required, default, place, hidden in described:
            type_ = declared.upper().removesuffix("GENERATED ALWAYS").rstrip()
            yield table, f"column {name}", (type_, bool(required or place), default, hidden)
        for _, name, unique, origin, _ in connection.execute(
            "SELECT * FROM pragma_index_list(?)", (table,)
        ).fetchall():
            terms = connection.execute(
                'SELECT name, "desc", coll FROM pragma_index_xinfo(?) WHERE key', (name,)
            ).fetchall()
            thing = f"index {name}" if origin == "c" else f"{origin} {[term[0] for term in terms]}"
            yield table, thing, (unique, terms)
        for key in connection.execute("SELECT * FROM pragma_foreign_key_list(?)", (table,)):
            yield table, f"foreign key ({key[3]})", key[5:7]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=False))
def test_what_differs_from_the_source_is_told(random: Random) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "wild.db")
        with closing(sqlite3.connect(path)) as source:
            Grammar(random, source).make()
            source.commit()
            try:
                draft = draft_project(Path(folder, "wild-data"), path)
            except SourceError:
                return
            built = build_dataset(ProjectSettings.from_pyproject(draft.path))
            with closing(sqlite3.connect(built.path)) as connection:
                compare_rows(source, connection, draft.report)
                ours = {fact[:2]: fact[2] for fact in list_facts(connection)}
            for table, thing, fact in list_facts(source):
                if ours.get((table, thing)) != fact:
                    check_told(table, thing, draft.report)


def check_told(table: str, thing: str, report: tuple[str, ...]) -> None:
    """There is a line about a thing of a table that is not as it was."""
    word, _, name = thing.partition(" ")
    if any(line.startswith(f"left out: table {table}, ") for line in report):
        return
    lines = [line for line in report if not line.startswith("  ")]
    if word != "view":
        start = next(n for n, line in enumerate(report) if line.startswith(f"{table}: "))
        lines += takewhile(lambda line: line.startswith("  "), report[start + 1 :])
    # A key of a column that is left out by name goes with it.
    columns = {"u": lambda: literal_eval(name), "foreign": lambda: [name[len("key (") : -1]]}
    left_out = [f"left out: column {column} of {table}," for column in columns.get(word, list)()]
    told = {
        "column": [f"  {name}: ", f"column {name} of {table},", f"  {name} to "],
        "key": ["  key: ", f"primary key {table},"],
        "pk": ["  key: ", f"primary key {table},"],
        # Of a primary and a unique key of one column SQLite lists one index, as of the latter.
        "u": ["unique key", f"primary key {table},", *left_out],
        "index": [f"{thing} of {table},"],
        "foreign": [f"{thing} to ", *left_out],
        "view": [f"view {table},", f"view {table}: kept, but "],
        "STRICT": [f"option STRICT of {table},"],
        "WITHOUT": [f"option WITHOUT ROWID of {table},"],
    }[word]
    assert any(mark in line for line in lines for mark in told), (table, thing, report)


def test_the_report_stays_in_the_project_and_begins_with_what_needs_a_decision(
    draft: Draft,
) -> None:
    kept = (draft.path / REPORT_FILE).read_text("utf-8")
    assert kept == draft.spell()
    assert kept.startswith(f"{len(draft.decisions)} things to look at:\n  ")
    assert all(f"  {decision}\n" in kept for decision in draft.decisions)
    assert all(line in kept.splitlines() for line in draft.report)
    assert "notes.txt is left out: of no format that is read" in kept


def test_files_that_leave_no_doubt_need_no_decision(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sizes.csv").write_text("size_id,size\n1,20\n2,20\n3,40\n")
    (tmp_path / "in" / ".hidden").touch()
    done = draft_project(tmp_path / "p-data", tmp_path / "in")
    assert done.decisions == ()
    assert done.spell().startswith("Nothing to look at")


def test_a_dry_run_reports_and_writes_nothing(folder: Path, draft: Draft, tmp_path: Path) -> None:
    done = draft_project(tmp_path / "made" / "messy-data", folder, dry_run=True)
    assert (done.report, done.decisions) == (draft.report, draft.decisions)
    assert list(tmp_path.iterdir()) == []


def test_tables_are_left_out_of_files_and_databases(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "families.csv").write_bytes(MESSY["families.csv"])
    (tmp_path / "in" / "Broken notes.csv").write_bytes(b'a,b\n1,"2\n3,4\n')
    with closing(sqlite3.connect(tmp_path / "in" / "old.db")) as connection, connection:
        connection.execute("CREATE TABLE birds (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE secrets (id INTEGER PRIMARY KEY, secret TEXT)")
        connection.execute("INSERT INTO secrets (secret) VALUES ('do not tell')")
        connection.execute("CREATE VIEW told AS SELECT secret FROM secrets")
    exclude = ["Broken_notes", "secrets"]
    done = draft_project(tmp_path / "p-data", tmp_path / "in", exclude=exclude)
    assert "left out: Broken notes.csv, excluded" in done.report
    assert "left out: table secrets, excluded" in done.report
    assert not any("excluded" in decision for decision in done.decisions)
    sources = done.path / "sources"
    assert sorted(file.name for file in sources.iterdir()) == ["families.csv", "old.db"]
    assert b"do not tell" not in (sources / "old.db").read_bytes()
    build_dataset(ProjectSettings.from_pyproject(done.path))
    with pytest.raises(SettingsError, match="No table is called `secret`") as caught:
        draft_project(tmp_path / "q-data", tmp_path / "in", exclude=[*exclude, "secret"])
    assert "families" in caught.value.hint
    assert not (tmp_path / "q-data").exists()


def test_what_is_true_of_several_columns_is_told_once(tmp_path: Path) -> None:
    rows = ["a,b,c,d,e,f,g,h", *(",".join([text] * 8) for text in ("NA", "2", "3")), ""]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "birds.csv").write_text("\n".join(rows))
    decisions = draft_project(tmp_path / "p-data", tmp_path / "in").decisions
    told = "would be integer except for NA (1 row); if it is not a value, draft with --null NA"
    assert decisions[0] == f"birds.a, b, c, d, e, f and 2 more: {told}"
    assert not any(told in each for each in decisions[1:])
