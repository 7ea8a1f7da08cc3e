"""Whatever a database declares, its draft builds, and the report names what is not as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import takewhile
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import SourceError
from tests.support.drafts import compare_rows

NAMES = ["a", "B", "id", "order", "x y", "it's", 'q"q', "größe", "row_id", "class", "c:d", "2nd"]
TYPES = ["INTEGER", "INT", "TEXT", "REAL", "", "BLOB", "VARCHAR(3)", "NUMERIC", "DECIMAL(8, 2)"]
TYPES += ["DATETIME", "DATE", "BOOLEAN", "JSON", "ANY"]
STRICT_TYPES = ["INTEGER", "INT", "TEXT", "REAL", "BLOB", "ANY"]
VALUES = [None, 0, 1, 2, -7, 1.5, "", "a", "A", "b ", "2020-01-31", "2020-01-31T10:00:00Z", "7"]
VALUES += ["007", '{"a":1}', "true", b"\0"]
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
            self.run(f"CREATE VIEW view{number} AS SELECT {self.random.choice(['*', '1 AS n'])} "
                     f"FROM {quote_identifier(self.random.choice(names))}")  # fmt: skip

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
            self.maybe(f"CHECK ({other} IS NOT 'z')", f"CHECK (length({other}) < 30)"),
            self.maybe(f"AS (lower({other}))", f"AS ({other} || 1) STORED", odds=0.1),
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


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
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
    lines = [line for line in report if not line.startswith("  ")]
    if word != "view":
        start = next(n for n, line in enumerate(report) if line.startswith(f"{table}: "))
        lines += takewhile(lambda line: line.startswith("  "), report[start + 1 :])
    told = {
        "column": [f"  {name}: ", f"column {name} of {table},", f"  {name} to "],
        "key": ["  key: ", f"primary key {table},"],
        "pk": ["  key: ", f"primary key {table},"],
        "u": ["unique key "],
        "index": [f"{thing} of {table},"],
        "foreign": [f"{thing} to "],
        "view": [f"view {table},"],
        "STRICT": [f"option STRICT of {table},"],
        "WITHOUT": [f"option WITHOUT ROWID of {table},"],
    }[word]
    assert any(mark in line for line in lines for mark in told), (table, thing, report)
