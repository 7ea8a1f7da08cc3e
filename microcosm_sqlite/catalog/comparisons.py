"""Which values a statement compares with which columns.

Only what is plain to see counts: a literal or a parameter beside a column and an operator between
them, `BETWEEN`, `IN`. A value that is part of an expression, and a column that is, are left alone.
"""

from __future__ import annotations

from microcosm_sqlite.common.sql_tokens import NAME, OPERATOR, PARAMETER, QUOTED, TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from microcosm_sqlite.common.sql_tokens import Token

_EQUAL = {"=", "==", "!=", "<>", "<", "<=", ">", ">=", "IS"}
_BINDS_CLOSER = {"||", "+", "-", "*", "/", "%", "&", "|", "<<", ">>", "~", "->", "->>", "."}
_KEYWORDS = """
    ALL AND AS ASC BETWEEN BY CASE COLLATE CROSS DESC DISTINCT ELSE ESCAPE EXCEPT EXISTS FILTER
    FROM FULL GLOB GROUP HAVING IN INNER INTERSECT IS JOIN LEFT LIKE LIMIT MATCH NATURAL NOT OFFSET
    ON OR ORDER OUTER OVER PARTITION RECURSIVE REGEXP RETURNING RIGHT SELECT THEN UNION USING VALUES
    WHEN WHERE WINDOW WITH
"""
_BEFORE_A_NAME = frozenset(_KEYWORDS.split())


class Column:
    """A column as a statement names it: its name and what stands before the dot, if anything."""

    __slots__ = ("name", "owner")

    def __init__(self, name: str, owner: str = "") -> None:
        self.name = name
        self.owner = owner


class Comparisons:
    """The comparisons of one statement.

    Args:
        tokens: Its tokens.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens

    def __iter__(self) -> Iterator[tuple[int, Column]]:
        """The place of each value that is compared with a column, and that column."""
        for place, token in enumerate(self._tokens):
            if token.kind not in (TEXT, PARAMETER):
                continue
            column = self._find_before(place) or self._find_behind(place)
            if column:
                yield place, column

    def find_renamed(self) -> set[str]:
        """Names that the statement gives to something else: columns may be meant, or may not."""
        renamed = set()
        for place, token in enumerate(self._tokens):
            if token.name and self._is_alias(place):
                renamed.add(token.name)
            elif token.word == "AS" and self._is_list_of_names(place - 1):
                opening = self._find_opening(place - 1)
                renamed |= {each.name for each in self._tokens[opening:place] if each.name}
        return renamed

    def find_owners(self) -> dict[str, str]:
        """For each alias of a table the table: `flights f`, `flights AS f`."""
        owners = {}
        for place, token in enumerate(self._tokens):
            if token.name and self._is_alias(place):
                before = place - (2 if self._word(place - 1) == "AS" else 1)
                owners[token.name] = self._name(before)
        return owners

    def _is_alias(self, place: int) -> bool:
        """Whether a name is one that the statement gives, behind AS or just behind a thing."""
        token = self._tokens[place]
        if token.kind == NAME and token.word in _BEFORE_A_NAME:
            return False
        before = place - 1
        if self._word(before) == "AS":
            before -= 1
        elif before < 0 or self._word(before) in _BEFORE_A_NAME:
            return False
        elif self._kind(before) == OPERATOR and self._word(before) != ")":
            return False  # `max(x) y` names something, but `= y` does not
        return self._name(before) != token.name

    def _is_list_of_names(self, place: int) -> bool:
        """Whether parentheses that end here hold the columns of a common table expression."""
        return self._word(place) == ")" and self._word(place + 2) in ("(", "MATERIALIZED", "NOT")

    def _find_opening(self, place: int) -> int:
        while place >= 0 and self._word(place) != "(":
            place -= 1
        return max(place, 0)

    def _find_before(self, place: int) -> Column | None:
        """The column before a value: `x = ?`, `x BETWEEN ? AND ?`, `x IN (?, ?)`."""
        if self._word(place + 1) in _BINDS_CLOSER:
            return None
        operator = place - 1
        if self._word(operator) == "AND" and self._word(operator - 2) == "BETWEEN":
            operator -= 2
        elif self._word(operator) in ("(", ","):
            operator = self._skip_list(operator)
            if self._word(operator) != "IN":
                return None
        elif self._word(operator) == "FROM":
            operator -= 1 if self._word(operator - 1) == "DISTINCT" else 0
        return self._read_column(self._skip_operator(operator))

    def _skip_list(self, place: int) -> int:
        """The place before a list of single values, of which a comma or parenthesis is here."""
        while self._word(place) == "," and self._word(place - 1) not in (")", "("):
            place -= 2
        return place - 1

    def _skip_operator(self, place: int) -> int:
        """The place before a comparison; -1 where there is none."""
        word = self._word(place)
        if word in ("BETWEEN", "IN"):
            return place - (2 if self._word(place - 1) == "NOT" else 1)
        if word in ("NOT", "DISTINCT"):
            place -= 1
            place -= 1 if self._word(place) == "NOT" else 0
            return place - 1 if self._word(place) == "IS" else -1
        return place - 1 if word in _EQUAL else -1

    def _find_behind(self, place: int) -> Column | None:
        """The column behind a value: `? = x`."""
        if self._word(place - 1) in _BINDS_CLOSER or self._word(place + 1) not in _EQUAL:
            return None
        first = last = place + 2
        while self._word(last + 1) == ".":
            last += 2
        if self._word(last + 1) in _BINDS_CLOSER or self._word(last + 1) == "(":
            return None
        return self._read_column(last) if last >= first else None

    def _read_column(self, place: int) -> Column | None:
        """The column whose name ends here, or of which the least or greatest value is here."""
        if place < 0:
            return None
        if self._word(place - 1) == "COLLATE":
            place -= 2
        is_end = self._word(place) == ")"
        last = place - 1 if is_end else place
        if self._kind(last) not in (NAME, QUOTED):
            return None
        first = last
        while self._word(first - 1) == ".":
            first -= 2
        if is_end:
            if self._word(first - 1) != "(" or self._word(first - 2) not in ("MAX", "MIN"):
                return None
            before = first - 3
        else:
            before = first - 1
        if self._word(before) in _BINDS_CLOSER:
            return None
        owner = self._name(last - 2) if last > first else ""
        return Column(self._name(last), owner)

    def _word(self, place: int) -> str:
        return self._tokens[place].word if 0 <= place < len(self._tokens) else ""

    def _name(self, place: int) -> str:
        return self._tokens[place].name if 0 <= place < len(self._tokens) else ""

    def _kind(self, place: int) -> str:
        return self._tokens[place].kind if 0 <= place < len(self._tokens) else ""
