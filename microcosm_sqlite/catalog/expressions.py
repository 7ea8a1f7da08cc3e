"""Read expressions of SQL: which values are compared with which columns.

A value or a column is followed through parentheses, CASE, `coalesce`, row values and queries to
where the two are compared. What is computed from a column is no longer that column.
"""

from __future__ import annotations

from microcosm_sqlite.common.sql_tokens import PARAMETER, TEXT, TokenReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from microcosm_sqlite.catalog.comparisons import Scope
    from microcosm_sqlite.common.sql_tokens import Token

    Column = tuple[str, str, str]
    """Schema, table and column, in small letters."""

    Names = tuple[str, ...]
    Result = list[tuple[str, "Flow"]]
    """The columns of a result: their names, and what they are."""

_EQUAL = frozenset(("=", "==", "!=", "<>"))
_ORDER = frozenset(("<", "<=", ">", ">="))
_TEXTUAL = frozenset(("||", "->", "->>"))
_MATCHES = frozenset(("LIKE", "GLOB", "MATCH", "REGEXP"))
_BEHIND_A_VALUE = _MATCHES | {"BETWEEN", "IN", "NULL"}
STARTS = frozenset(("SELECT", "WITH", "VALUES"))
"""The words that begin a query."""

_SAME = {
    "COALESCE": (0, None), "IFNULL": (0, None), "MAX": (0, None), "MIN": (0, None),
    "IIF": (1, None), "IF": (1, None), "NULLIF": (0, 1), "LIKELY": (0, 1), "UNLIKELY": (0, 1),
    "LIKELIHOOD": (0, 1), "FIRST_VALUE": (0, 1), "LAST_VALUE": (0, 1), "NTH_VALUE": (0, 1),
    "LAG": (0, None), "LEAD": (0, None), "ANY_VALUE": (0, 1),
}  # fmt: skip
"""Functions that return one of their arguments, and which of these: the first, and the end."""
_COMPARE_ARGUMENTS = frozenset(("MAX", "MIN", "NULLIF"))


class Flow:
    """Alternatives of an expression.

    Attributes:
        columns: The columns whose values it may have.
        values: The places of the literals and parameters that it may be.
        is_free: Whether SQLite compares it as it is, where it converts what is compared with a
            column: a text is then never equal to a number.
    """

    __slots__ = ("columns", "is_free", "values")

    def __init__(
        self,
        columns: frozenset[Column] = frozenset(),
        values: frozenset[int] = frozenset(),
        *,
        is_free: bool = False,
    ) -> None:
        self.columns = columns
        self.values = values
        self.is_free = is_free

    def __or__(self, other: Flow) -> Flow:
        return Flow(
            self.columns | other.columns,
            self.values | other.values,
            is_free=self.is_free or other.is_free,
        )

    def freed(self) -> Flow:
        """The same as the result of an operator or a function."""
        return Flow(self.columns, self.values, is_free=True)


NOTHING = Flow()
A_NUMBER: Column = ("", "", "")
"""The column kind of a number that an expression computes."""
_COMPUTED = Flow(frozenset((A_NUMBER,)), is_free=True)
_ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "&", "|", "<<", ">>"))
_COUNTING = frozenset(("COUNT", "SUM", "TOTAL", "AVG", "ABS", "ROUND", "LENGTH", "JULIANDAY"))


class ExpressionReader(TokenReader):
    """Reads expressions, and notes what they compare.

    Args:
        tokens: The tokens of a statement.

    Attributes:
        found: For each comparison the values, and the columns that they are compared with.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        super().__init__(tokens)
        self.found: list[Flow] = []

    def _read_select(self, outer: Scope | None) -> Result:
        """Read a query."""
        raise NotImplementedError

    def _find_source(self, names: Names) -> Mapping[str, Flow]:
        """The columns of a table."""
        raise NotImplementedError

    def _read_list(self, scope: Scope) -> list[Flow]:
        flows = [self._read(scope)]
        while self._take(","):
            flows.append(self._read(scope))
        return flows

    def _read_terms(self, scope: Scope) -> None:
        """Read the ORDER BY clause."""
        while True:
            self._read(scope)
            self._take("ASC", "DESC")
            if self._take("NULLS"):
                self._place += 1
            if not self._take(","):
                return

    def _read(self, scope: Scope) -> Flow:
        """One expression; of several columns only the first."""
        return self._read_logic(scope)[0]

    def _read_logic(self, scope: Scope) -> list[Flow]:
        flows = self._read_negation(scope)
        while self._take("AND", "OR"):
            self._read_negation(scope)
            flows = [NOTHING]
        return flows

    def _read_negation(self, scope: Scope) -> list[Flow]:
        if self._take("NOT"):
            self._read_negation(scope)
            return [NOTHING]
        return self._read_equality(scope)

    def _read_equality(self, scope: Scope) -> list[Flow]:
        left = self._read_order(scope)
        while True:
            if self._take(*_EQUAL):
                self._compare(left, self._read_order(scope))
            elif self._take("IS"):
                self._take("NOT")
                if self._take("DISTINCT"):
                    self._expect("FROM")
                self._compare(left, self._read_order(scope))
            elif self._take("ISNULL", "NOTNULL"):
                pass
            elif self._word() in _BEHIND_A_VALUE or (
                self._word() == "NOT" and self._word(1) in _BEHIND_A_VALUE
            ):
                self._take("NOT")
                self._read_predicate(left, scope)
            else:
                return left
            left = [NOTHING]

    def _read_predicate(self, left: list[Flow], scope: Scope) -> None:
        word = self._next().word
        if word == "BETWEEN":
            self._compare(left, self._read_order(scope))
            self._expect("AND")
            self._compare(left, self._read_order(scope))
        elif word == "IN":
            for right in self._read_choices(scope):
                self._compare(left, [flow.freed() for flow in right])  # the left side counts
        elif word in _MATCHES:
            self._read_order(scope)
            if self._take("ESCAPE"):
                self._read_order(scope)

    def _read_choices(self, scope: Scope) -> list[list[Flow]]:
        """Read the operand of IN."""
        if not self._take("("):
            names = self._read_name()
            if self._word() == "(":
                self._skip_parentheses()
                return []
            return [list(self._find_source(names).values())]
        if self._word() in STARTS:
            choices = [[flow for _, flow in self._read_select(scope)]]
        elif self._word() == ")":
            choices = []
        else:
            choices = [self._read_logic(scope)]
            while self._take(","):
                choices.append(self._read_logic(scope))
        self._expect(")")
        return choices

    def _read_order(self, scope: Scope) -> list[Flow]:
        left = self._read_sum(scope)
        while self._take(*_ORDER):
            self._compare(left, self._read_sum(scope))
            left = [NOTHING]
        return left

    def _read_sum(self, scope: Scope) -> list[Flow]:
        flows = self._read_signed(scope)
        while (word := self._word()) in _ARITHMETIC or word in _TEXTUAL:
            self._place += 1
            self._read_signed(scope)
            flows = [_COMPUTED if word in _ARITHMETIC else NOTHING]
        return flows

    def _read_signed(self, scope: Scope) -> list[Flow]:
        if self._take("-", "~"):
            self._read_signed(scope)
            return [_COMPUTED]
        if self._take("+"):
            return [flow.freed() for flow in self._read_signed(scope)]
        flows = self._read_operand(scope)
        while self._take("COLLATE"):
            self._place += 1
        return flows

    def _read_operand(self, scope: Scope) -> list[Flow]:
        place = self._place
        token = self._next()
        if token.kind in (TEXT, PARAMETER):
            return [Flow(values=frozenset((place,)))]
        if token.word == "(":
            return self._read_group(scope)
        if token.word == "CASE":
            return [self._read_case(scope)]
        if token.word == "NOT":
            self._read_negation(scope)
        elif token.word == "EXISTS" and self._take("("):
            self._read_select(scope)
            self._expect(")")
        elif token.name and self._word() == "(":
            return [self._read_call(token.name.upper(), scope)]
        elif token.name:
            self._place = place
            *owner, name = self._read_name()
            return [scope.find(tuple(owner), name)]
        return [NOTHING]

    def _read_group(self, scope: Scope) -> list[Flow]:
        """Read what is in parentheses: a query, a row, or an expression."""
        if self._word() in STARTS:
            flows = [flow for _, flow in self._read_select(scope)]
        else:
            flows = self._read_logic(scope)
            while self._take(","):
                flows = [*flows, self._read(scope)]
        self._expect(")")
        return flows

    def _read_case(self, scope: Scope) -> Flow:
        subject = None if self._word() == "WHEN" else self._read_logic(scope)
        found = NOTHING
        while self._take("WHEN"):
            condition = self._read_logic(scope)
            if subject:
                self._compare(subject, condition)
            self._expect("THEN")
            found |= self._read(scope)
        if self._take("ELSE"):
            found |= self._read(scope)
        self._expect("END")
        return found.freed()

    def _read_call(self, function: str, scope: Scope) -> Flow:
        self._expect("(")
        if function == "CAST":
            return self._read_cast(scope)
        arguments: list[Flow] = []
        self._take("DISTINCT")
        if not self._take("*") and self._word() not in (")", "ORDER"):
            arguments = self._read_list(scope)
        if self._take("ORDER"):
            self._expect("BY")
            self._read_terms(scope)
        self._expect(")")
        self._read_behind_call(scope)
        if function in _COUNTING:
            return _COMPUTED
        if function in _COMPARE_ARGUMENTS and len(arguments) > 1:
            self._compare([unite(arguments).freed()], [NOTHING])
        start, end = _SAME.get(function, (0, 0))
        return unite(arguments[start:end]).freed()

    def _read_behind_call(self, scope: Scope) -> None:
        if self._word() == "FILTER" and self._word(1) == "(":
            self._place += 2
            self._expect("WHERE")
            self._read(scope)
            self._expect(")")
        if self._word() == "OVER":
            self._place += 1
            self._skip_parentheses() if self._word() == "(" else self._next()

    def _read_cast(self, scope: Scope) -> Flow:
        flow = self._read(scope)
        self._expect("AS")
        is_text = self._word() in ("TEXT", "VARCHAR", "CHAR")
        while not self._take(")"):
            self._skip_parentheses() if self._word() == "(" else self._next()
        return flow if is_text else NOTHING

    def _compare(self, left: Sequence[Flow], right: Sequence[Flow]) -> None:
        for one, other in zip(left, right, strict=False):
            both = one | other
            if both.columns and both.values:
                self.found.append(both)


def unite(flows: Iterable[Flow]) -> Flow:
    """Unite alternatives into one expression."""
    found = NOTHING
    for flow in flows:
        found |= flow
    return found
