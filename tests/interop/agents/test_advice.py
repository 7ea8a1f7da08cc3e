"""An error says what to write in SQLite's SQL instead."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import microcosm_sqlite
from microcosm_sqlite import errors
from microcosm_sqlite.interop.agents.reading import BoundedReader
from tests.support.wheels import make_database


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BoundedReader]:
    path = make_database(tmp_path_factory.mktemp("colours") / "colours.db")
    microcosm_sqlite.register("colours", path, immutable=True)
    reader = BoundedReader(["colours"])
    yield reader
    reader.close()
    microcosm_sqlite.unregister("colours")


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT * FROM color", "'colour'"),
        ("SELECT nam FROM colour", "'name'"),
        ('SELECT "nam" FROM colour', "'name'"),
        ('SELECT id FROM colour WHERE name = "red"', "in single quotes: 'red'"),
        ("SELECT id FROM colour WHERE name = 'red", "quote is not closed"),
        ('SELECT id FROM colour WHERE name = "red', "quote is not closed"),
        ("SELECT id FROM colour WHERE id IN (1, 2", "ends too early"),
        ("SELECT * FORM colour", 'just before "FORM"'),
        ("SELECT id FROM colour WHERE id = 1 # one", "just before"),
        (f"SELECT {'(' * 5000}1{')' * 5000}", "less deeply"),
        ("SELECT * FROM cities.city", r"attach=\['cities'\]"),
        ("SELECT TOP 5 * FROM colour", "LIMIT"),
        ("SELECT * FROM colour WHERE name ILIKE 'r%'", "LIKE, which"),
        ("SELECT warmth::text FROM colour", "CAST"),
        ("SELECT extract(year FROM name) FROM colour", "strftime"),
        ("SELECT date_trunc('month', name) FROM colour", "strftime"),
        ("SELECT lenght(name) FROM colour", "'length'"),
        ("SELECT stdev(warmth) FROM colour", "its own functions"),
        ("SELECT replace(name, 'a', 'b') FROM colour", "substr are allowed"),
        ("SELECT trim(name, 'a') FROM colour", "substr are allowed"),
        ("SELECT load_extension('x')", "one SELECT"),
        ("SELECT fts3_tokenizer('x')", "one SELECT"),
        (f"SELECT {'CASE WHEN 1 THEN ' * 500}1{' END' * 500}", "less deeply"),
        ("SELECT name FROM colour WHERE name = \u2018red\u2019", "write ' there"),
        ("SELECT\u00a0name FROM colour", "write a space"),
        ("SELECT name FROM colour WHERE name = ?", "values in place of parameters"),
        ("SELECT name FROM colour WHERE name = :name", "values in place of parameters"),
        ("SELECT name FROM colour WHERE id IN :ids", "values in place of parameters"),
        ("SELECT name FROM colour WHERE count(*) > 1 GROUP BY 1", "HAVING"),
        ("SHOW TABLES", "description"),
        ("SELECT 1; SELECT 2", "one by one"),
        ("SELECT id FROM colour, shade, colour AS c", "table.column"),
        ("SELECT randomblob(5000000)", "4,194,304 bytes"),
        ("DELETE FROM colour", "one SELECT"),
        ("CREATE TABLE x (a)", "one SELECT"),
        ("VACUUM INTO 'x'", "one SELECT"),
        ("BEGIN", "one SELECT"),
        ("-- nothing", "one SELECT"),
    ],
)
def test_a_refused_statement_is_answered_with_what_to_write(
    reader: BoundedReader, sql: str, hint: str
) -> None:
    with pytest.raises((errors.QueryError, errors.ReadOnlyDatasetError), match=hint) as refused:
        reader.query("colours", sql)
    assert refused.value.hint.endswith((".", "?"))
