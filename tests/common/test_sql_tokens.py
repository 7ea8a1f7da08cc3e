"""SQL is split as SQLite splits it, and put together again as it was."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.common.sql_tokens import (
    replace_tokens,
    split_tokens,
)

SQL = """SELECT "a""b", [c d], `e`, x'00', 1.5e3, .5, ?, ?2, :n, @m, $k -- 'no' "text"
/* 'nor "this */ FROM t.u WHERE a <> 'it''s' AND b->>'$.x' || '' != "" """


def test_tokens_are_those_of_sqlite() -> None:
    found = [(token.kind, token.text) for token in split_tokens(SQL)]
    assert ("quoted", '"a""b"') in found
    assert ("quoted", "[c d]") in found
    assert ("blob", "x'00'") in found
    assert [text for kind, text in found if kind == "parameter"] == ["?", "?2", ":n", "@m", "$k"]
    assert [text for kind, text in found if kind == "text"] == ["'it''s'", "'$.x'", "''"]
    assert [text for kind, text in found if kind == "number"] == ["1.5e3", ".5"]
    assert [token.identifier for token in split_tokens('"a""b" [c d] `e``f` G 1')] == [
        *('a"b', "c d", "e`f", "G", "")
    ]


TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\n\f\r\ufeff]+|--[^\n]*\n?|/\*.*?(?:\*/|\Z))
    |(?P<blob>[xX]'[^']*')
    |(?P<text>'(?:[^']|'')*+')
    |(?P<quoted>"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\[[^\]]*\])
    |(?P<number>\.?[0-9][\w.$]*)
    |(?P<parameter>\?[0-9]*|[:@$][\w$]+)
    |(?P<name>\w[\w$]*)
    |(?P<operator><>|<=|>=|==|!=|\|\||<<|>>|->>|->|.)
    """,
    re.VERBOSE | re.DOTALL,
)
"""The same in the words of a regular expression."""


@given(st.text("'\"`[]-*/\n ?:$x1aé.=<>|", max_size=20))
def test_tokens_are_those_of_a_regular_expression(sql: str) -> None:
    expected = [
        (found.lastgroup, found.group(), found.start())
        for found in TOKEN.finditer(sql)
        if found.lastgroup != "blank"
    ]
    assert [(each.kind, each.text, each.start) for each in split_tokens(sql)] == expected


@given(st.text("'\"`[]-*/\n ?:1aé.=", max_size=20))
def test_nothing_is_lost_whatever_the_text(sql: str) -> None:
    tokens = split_tokens(sql)
    assert all(sql[token.start :].startswith(token.text) for token in tokens)
    assert replace_tokens(sql, {}, tokens) == sql
    same = {place: token.text for place, token in enumerate(tokens)}
    assert replace_tokens(sql, same, tokens) == sql
