"""The columns of a result are known by the columns of tables that they come from."""

from __future__ import annotations

from contextlib import closing

import pytest

from microcosm_sqlite.catalog.results import find_sources


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT id, name || 'x', max(born) FROM things", [["id"], [], ["born"]]),
        ("SELECT coalesce(born, seen) FROM things", [["born", "seen"]]),
        ("SELECT coalesce(born, 'x') FROM things", [[]]),
        ("SELECT sum(count) FROM things", [[]]),
        ("WITH t(a) AS (SELECT price FROM things) SELECT a, 1 FROM t", [["price"], []]),
        ("PRAGMA table_list", [[]] * 6),
        ("VALUES (1)", [[]]),
    ],
)
def test_columns_are_followed_to_their_tables(things, sql, names):
    with closing(things.connect()) as connection:
        found = find_sources(connection, {"main": things}, sql, len(names))
    assert [[field.name for field, _ in sources] for sources in found] == names


def test_the_declared_type_is_told_with_the_field(things):
    with closing(things.connect()) as connection:
        (((field, declared),),) = find_sources(
            connection, {"main": things}, "SELECT price FROM things", 1
        )
    assert (field.type, declared) == ("number", "NUMERIC(10, 2)")
