"""Split SQL into tokens, as SQLite does: enough of them to see what is compared with what."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT, NAME, QUOTED, PARAMETER, OPERATOR = "text", "name", "quoted", "parameter", "operator"

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<blob>[xX]'[^']*')
    |(?P<text>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<name>[^\W\d][\w$]*)
    |(?P<parameter>\?\d*|[:@$][\w$]+)
    |(?P<number>\.?\d[\w.]*)
    |(?P<operator><>|<=|>=|==|!=|\|\||<<|->>|->|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token:
    """A token of SQL.

    Attributes:
        kind: What it is: one of the names above, or `blob` or `number`.
        text: Its text.
        start: Where it starts.
    """

    __slots__ = ("kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start

    def __repr__(self) -> str:
        return f"<Token {self.kind} {self.text}>"

    @property
    def word(self) -> str:
        """What a keyword or an operator is compared by; empty for anything else."""
        return self.text.upper() if self.kind in (NAME, OPERATOR) else ""

    @property
    def name(self) -> str:
        """The name that it spells, in small letters; empty where it spells none."""
        return self.identifier.lower()

    @property
    def identifier(self) -> str:
        """The name that it spells; empty where it spells none."""
        if self.kind == NAME:
            return self.text
        if self.kind != QUOTED:
            return ""
        mark = self.text[-1]
        return self.text[1:-1].replace(mark * 2, mark)


def split_tokens(sql: str) -> list[Token]:
    """The tokens of a statement, without blanks and comments.

    >>> [token.text for token in split_tokens("a >= 'it''s' -- so")]
    ['a', '>=', "'it''s'"]
    """
    return [
        Token(found.lastgroup or "", found.group(), found.start())
        for found in _TOKEN.finditer(sql)
        if found.lastgroup != "blank"
    ]


def replace_tokens(sql: str, replaced: dict[int, str], tokens: list[Token]) -> str:
    """The statement with some of its tokens replaced, given by their places in the list."""
    return "".join(_replace(sql, replaced, tokens))


def _replace(sql: str, replaced: dict[int, str], tokens: list[Token]) -> Iterator[str]:
    end = 0
    for place, text in sorted(replaced.items()):
        token = tokens[place]
        yield sql[end : token.start]
        yield text
        end = token.start + len(token.text)
    yield sql[end:]


def forbid_quoted_texts(sql: str, tokens: list[Token]) -> str:
    """The statement with names in backticks, where double quotes may stand for a text as well.

    SQLite takes `"dep_delayy"` for a text where no column is called so. `` `dep_delayy` `` is a
    name and nothing else.
    """
    quoted = {
        place: "`" + token.identifier.replace("`", "``") + "`"
        for place, token in enumerate(tokens)
        if token.kind == QUOTED and token.text[0] == '"'
    }
    return replace_tokens(sql, quoted, tokens)
