"""Split SQL into tokens, as SQLite does: enough of them to see what is compared with what.

By hand, not by a regular expression: to import `re` takes longer than to open a dataset.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Key = tuple[int, str]
    """Of a parameter: its number from 0, and its name, if it has one."""

TEXT, NAME, QUOTED, PARAMETER, OPERATOR = "text", "name", "quoted", "parameter", "operator"
BLOB, NUMBER, BLANK = "blob", "number", "blank"

_BLANKS = frozenset(" \t\n\f\r\ufeff")
_DIGITS = frozenset("0123456789")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$") | _DIGITS
_CLOSING = {"'": "'", '"': '"', "`": "`", "[": "]"}
_LONG = frozenset(("<>", "<=", ">=", "==", "!=", "||", "<<", ">>", "->"))
"""Operators of two characters."""


class Token:
    """A token of SQL.

    Attributes:
        kind: What it is: one of the names above.
        text: Its text.
        start: Where it starts.
        word: What a keyword or an operator is compared by; empty for anything else.
    """

    __slots__ = ("kind", "start", "text", "word")

    def __init__(self, kind: str, text: str, start: int) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.word = text.upper() if kind in (NAME, OPERATOR) else ""

    def __repr__(self) -> str:
        return f"<Token {self.kind} {self.text}>"

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
    tokens = []
    start = 0
    while start < len(sql):
        kind, end = _find_end(sql, start)
        if kind != BLANK:
            tokens.append(Token(kind, sql[start:end], start))
        start = end
    return tokens


def _find_end(sql: str, start: int) -> tuple[str, int]:
    """The kind of the token that starts here, and where it ends."""
    first, pair = sql[start], sql[start : start + 2]
    if first in _BLANKS or pair in ("--", "/*"):
        return BLANK, _skip_blank(sql, start, pair)
    if first in _CLOSING or pair in ("x'", "X'"):
        return _find_quoted(sql, start, first)
    if first in _DIGITS or (first == "." and pair[1:] in _DIGITS):
        return NUMBER, _skip(sql, start + 1, lambda each: each == "." or _is_in_word(each))
    if first in "?:@$":
        end = _skip(sql, start + 1, _DIGITS.__contains__ if first == "?" else _is_in_word)
        return (PARAMETER if end > start + 1 or first == "?" else OPERATOR), end
    if _is_in_word(first):
        return NAME, _skip(sql, start + 1, _is_in_word)
    long = 3 if sql.startswith("->>", start) else 2
    return OPERATOR, start + (long if pair in _LONG else 1)


def _skip_blank(sql: str, start: int, pair: str) -> int:
    if pair not in ("--", "/*"):
        return start + 1
    mark = "\n" if pair == "--" else "*/"
    end = sql.find(mark, start + 2)
    return len(sql) if end < 0 else end + len(mark)


def _find_quoted(sql: str, start: int, first: str) -> tuple[str, int]:
    if first in "xX":
        end = sql.find("'", start + 2) + 1
        return (BLOB, end) if end else (NAME, start + 1)
    mark = _CLOSING[first]
    end = sql.find(mark, start + 1) + 1
    while end and mark != "]" and sql.startswith(mark, end):
        end = sql.find(mark, end + 1) + 1
    return (TEXT if first == "'" else QUOTED, end) if end else (OPERATOR, start + 1)


def _is_in_word(character: str) -> bool:
    return character in _WORD or character > "\x7f"


def _skip(sql: str, start: int, belongs: Callable[[str], bool]) -> int:
    """Where the characters end that belong together."""
    while start < len(sql) and belongs(sql[start]):
        start += 1
    return start


def replace_tokens(sql: str, replaced: dict[int, str], tokens: Sequence[Token]) -> str:
    """The statement with some of its tokens replaced, given by their places in the list."""
    return "".join(_replace(sql, replaced, tokens))


def _replace(sql: str, replaced: dict[int, str], tokens: Sequence[Token]) -> Iterator[str]:
    end = 0
    for place, text in sorted(replaced.items()):
        token = tokens[place]
        yield sql[end : token.start]
        yield text
        end = token.start + len(token.text)
    yield sql[end:]


def number_parameters(tokens: Sequence[Token]) -> dict[int, Key]:
    """Return what finds the value of each parameter, by its number in SQLite's order."""
    last = 0
    numbers: dict[str, int] = {}
    keys: dict[int, Key] = {}
    for place, token in enumerate(tokens):
        if token.kind != PARAMETER:
            continue
        text = token.text
        if text == "?":
            number = last + 1
        elif text[0] == "?":
            number = int(text[1:])
        else:
            number = numbers.setdefault(text, last + 1)
        last = max(last, number)
        keys[place] = (number - 1, text[1:])
    return keys


class TokenReader:
    """Reads the tokens of a statement that SQLite accepts, one after the other.

    Args:
        tokens: The tokens.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def _word(self, ahead: int = 0) -> str:
        """The word that comes next, or later; empty for what is none, and at the end."""
        place = self._place + ahead
        return self._tokens[place].word if place < len(self._tokens) else ""

    def _next(self) -> Token:
        if self._place >= len(self._tokens):
            raise ValueError("the statement ends too early")
        self._place += 1
        return self._tokens[self._place - 1]

    def _take(self, *words: str) -> bool:
        """Go on if one of these words comes next."""
        is_next = self._word() in words
        self._place += is_next
        return is_next

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise ValueError(f"expected {word}, found {self._word()!r}")

    def _skip_parentheses(self) -> None:
        depth = 0
        while True:
            word = self._next().word
            depth += (word == "(") - (word == ")")
            if not depth:
                return

    def _read_name(self) -> tuple[str, ...]:
        """A name, with what stands before its dots."""
        names = [self._next().name]
        while self._take("."):
            names.append(self._next().name)
        return tuple(names)

    def _read_names(self) -> list[str]:
        """Names in parentheses."""
        self._expect("(")
        names = [self._next().name]
        while self._take(","):
            names.append(self._next().name)
        self._expect(")")
        return names
