"""The texts of a column are the same where they are counted and where they are read."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.from_files.column_texts import ColumnTexts

TEXTS = st.lists(st.sampled_from(["a", "A1", "1E5", "it's", " ", "NA", None]))


@given(TEXTS)
def test_counted_and_read_texts_agree(rows: list[str | None]) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE "the table" ("a column")')
        connection.executemany('INSERT INTO "the table" VALUES (?)', [(row,) for row in rows])
        texts = [row for row in rows if row is not None]
        read = ColumnTexts(connection, "the table", "a column")
        counted = ColumnTexts(connection, "the table", "a column", Counter(texts))
        assert [*read()] == [*read.read_rows()] == [*counted.read_rows()] == texts
        assert [*counted()] == [*dict.fromkeys(texts)]
        assert {*read.find("E")} == {*counted.find("E")} == {*texts} & {"1E5"}
        assert read.count_all() == counted.count_all() == len(texts)
        words = ["NA", "it's", "none of them"]
        assert read.count(words) == counted.count(words)
        assert read.count(words) == {word: texts.count(word) for word in words}
        assert [*read.count(words)] == words
