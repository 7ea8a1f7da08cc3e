"""Find the values that a statement compares with columns.

The statement is read as SQLite reads it, through joins, subqueries, common table expressions and
UNION, so that a column is known by whatever name it goes.
"""

from __future__ import annotations

import sqlite3

from microcosm_sqlite.catalog.expressions import NOTHING, STARTS, ExpressionReader, Flow, unite
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.sql_tokens import NAME, QUOTED, TEXT, split_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.expressions import Names, Result
    from microcosm_sqlite.common.sql_tokens import Token

    Find = Callable[[str, str], Mapping[str, Flow]]
    """Finds what the columns of a table or view are, by its schema, if one is named, and name."""

_COMPOUND = frozenset(("UNION", "EXCEPT", "INTERSECT"))
_JOINS = frozenset(("NATURAL", "LEFT", "RIGHT", "FULL", "OUTER", "INNER", "CROSS", "JOIN"))
_BEHIND_SOURCES = frozenset(("WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT")) | _COMPOUND
_NO_ALIAS = _BEHIND_SOURCES | _JOINS | {"ON", "USING", "INDEXED", "NOT", "FROM", "AS"}


class Scope:
    """The names that an expression may use.

    Attributes:
        sources: What stands behind FROM: how it is called, with and without its schema, and what
            its columns are.
        results: The columns of the result, which have names as well.
        hidden: For each source the columns that `*` leaves out, since USING has joined them.
    """

    def __init__(self, outer: Scope | None) -> None:
        self.outer = outer
        self.sources: list[tuple[Names, Mapping[str, Flow]]] = []
        self.hidden: list[frozenset[str]] = []
        self.results: dict[str, Flow] = {}

    def find(self, owner: Names, name: str) -> Flow:
        """Find what a column is; an empty flow if it is not a known column."""
        found = [
            columns[name]
            for names, columns in self.sources
            if name in columns and (not owner or _is_called(names, owner))
        ]
        if found:
            return unite(found)
        if not owner and name in self.results:
            return self.results[name]
        return self.outer.find(owner, name) if self.outer else NOTHING

    def expand(self, owner: str) -> list[tuple[str, Flow]]:
        """The columns that `*` stands for."""
        return [
            item
            for (names, columns), hidden in zip(self.sources, self.hidden, strict=True)
            if not owner or names[-1:] == (owner,)
            for item in columns.items()
            if item[0] not in hidden
        ]


class Comparisons(ExpressionReader):
    """The comparisons of one statement.

    Args:
        tokens: Its tokens; SQLite accepts it.
        find: Finds what the columns of a table are.

    Attributes:
        result: The columns of the result.

    Raises:
        ValueError: The statement is not understood.
        RecursionError: It is nested too deeply.
    """

    def __init__(self, tokens: Sequence[Token], find: Find) -> None:
        super().__init__(tokens)
        self._find = find
        self._named: list[dict[str, Mapping[str, Flow]]] = []
        self.result = self._read_select(None)
        self._take(";")
        if self._place < len(tokens):
            raise ValueError(f"cannot read {tokens[self._place].text!r}")

    def _read_select(self, outer: Scope | None, names: Sequence[str] = (), own: str = "") -> Result:
        """A query; one that is a common table expression may refer to its own name."""
        self._named.append({})
        if self._take("WITH"):
            self._take("RECURSIVE")
            self._read_named(outer)
            while self._take(","):
                self._read_named(outer)
        result, scope = self._read_core(outer)
        while self._word() in _COMPOUND:
            if own:
                self._named[-1][own] = _name_all(result, names)
            self._take(*_COMPOUND)
            self._take("ALL")
            more, _ = self._read_core(outer)
            result = [
                (name, (a | b).freed()) for (name, a), (_, b) in zip(result, more, strict=True)
            ]
        if self._take("ORDER"):
            self._expect("BY")
            self._read_terms(scope)
        if self._take("LIMIT"):
            self._read_list(scope)
            if self._take("OFFSET"):
                self._read(scope)
        self._named.pop()
        return result

    def _read_named(self, outer: Scope | None) -> None:
        """A common table expression."""
        name = self._next().name
        names = self._read_names() if self._word() == "(" else []
        self._expect("AS")
        self._take("NOT")
        self._take("MATERIALIZED")
        self._expect("(")
        result = self._read_select(outer, names, name)
        self._expect(")")
        self._named[-1][name] = _name_all(result, names)

    def _read_core(self, outer: Scope | None) -> tuple[Result, Scope]:
        scope = Scope(outer)
        if self._take("VALUES"):
            rows = [self._read_row(scope)]
            while self._take(","):
                rows.append(self._read_row(scope))
            flows = [unite(column) for column in zip(*rows, strict=True)]
            return [(f"column{place}", flow) for place, flow in enumerate(flows, 1)], scope
        self._expect("SELECT")
        self._take("DISTINCT", "ALL")
        start = self._place
        self._skip_results()
        behind = self._place
        if self._take("FROM"):
            self._read_sources(scope)
        self._place, end = start, self._place
        result = self._read_results(scope)
        if self._place != behind:
            raise ValueError(f"cannot read {self._next().text!r}")
        scope.results = dict(result)
        self._place = end
        if self._take("WHERE"):
            self._read(scope)
        if self._take("GROUP"):
            self._expect("BY")
            self._read_list(scope)
        if self._take("HAVING"):
            self._read(scope)
        while self._take("WINDOW", ","):
            self._next()
            self._expect("AS")
            self._skip_parentheses()
        return result, scope

    def _read_row(self, scope: Scope) -> list[Flow]:
        self._expect("(")
        flows = self._read_list(scope)
        self._expect(")")
        return flows

    def _skip_results(self) -> None:
        """Go to FROM, or to what ends a SELECT without one."""
        while (word := self._word()) != ")" and word not in _BEHIND_SOURCES:
            if word == "FROM" and self._word(-1) != "DISTINCT":
                return
            if word == "(":
                self._skip_parentheses()
            elif self._place >= len(self._tokens):
                return
            else:
                self._place += 1

    def _read_results(self, scope: Scope) -> Result:
        result: Result = []
        while True:
            start = self._place
            if self._take("*"):
                result += scope.expand("")
            elif self._word(1) == "." and self._word(2) == "*":
                result += scope.expand(self._next().name)
                self._place += 2
            else:
                flow = self._read(scope)
                last = self._tokens[self._place - 1]
                is_name = last.name and (self._place == start + 1 or self._word(-2) == ".")
                alias = self._read_alias()
                result.append((alias or (last.name if is_name else ""), flow))
            if not self._take(","):
                return result

    def _read_alias(self) -> str:
        if self._take("AS"):
            token = self._next()
            return token.name or token.text[1:-1].lower()
        token_ends = self._place >= len(self._tokens)
        if token_ends or self._word() in _NO_ALIAS:
            return ""
        token = self._tokens[self._place]
        if token.kind in (NAME, QUOTED, TEXT):
            self._place += 1
            return token.name or token.text[1:-1].lower()
        return ""

    def _read_sources(self, scope: Scope) -> None:
        """Read the FROM clause with its joins."""
        self._read_source(scope)
        while True:
            is_natural = self._word() == "NATURAL"
            if not self._take(","):
                if self._word() not in _JOINS:
                    return
                while self._take(*_JOINS):
                    pass
            first = len(scope.sources)
            self._read_source(scope)
            joined: set[str] = set()
            if is_natural:
                joined = {name for _, columns in scope.sources[:first] for name in columns}
            if self._take("ON"):
                self._read(scope)
            elif self._take("USING"):
                joined = set(self._read_names())
            scope.hidden[first:] = [each | joined for each in scope.hidden[first:]]

    def _read_source(self, scope: Scope) -> None:
        names: Names = ()
        if self._take("("):
            if self._word() not in STARTS:
                self._read_sources(scope)
                self._expect(")")
                return
            columns: Mapping[str, Flow] = _name_all(self._read_select(scope), ())
            self._expect(")")
        else:
            names = self._read_name()
            if self._word() == "(":
                self._skip_parentheses()
                columns = {}
            else:
                columns = self._find_source(names)
        alias = self._read_alias()
        scope.sources.append(((alias,) if alias else names, columns))
        scope.hidden.append(frozenset())
        if self._take("INDEXED"):
            self._place += 2
        elif self._take("NOT"):
            self._expect("INDEXED")

    def _find_source(self, names: Names) -> Mapping[str, Flow]:
        if len(names) == 1:
            for named in reversed(self._named):
                if names[0] in named:
                    return named[names[0]]
        return self._find(names[0] if len(names) == 2 else "", names[-1]) or {}


def _name_all(result: Result, names: Sequence[str]) -> dict[str, Flow]:
    """The columns of a result by their names, or by those that stand behind the table's."""
    return {
        name: flow
        for name, (_, flow) in zip(names or [name for name, _ in result], result, strict=False)
    }


class Tables:
    """The tables and views of a connection.

    Args:
        connection: The connection, whatever it makes of rows and statements.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, schema: str, table: str) -> dict[str, Flow]:
        """List the columns of a table or view; empty if it is not known."""
        for each in [schema] if schema else self._list_schemas():
            owner = quote_identifier(each)
            query = f"SELECT type, CAST(sql AS BLOB) FROM {owner}.sqlite_master "
            for type_, sql in self.ask(f"{query} WHERE lower(name) = ?", table):
                if type_ in ("table", "view"):
                    return self._describe(each, table, _decode(sql) if type_ == "view" else "")
        return {}

    def _list_schemas(self) -> list[str]:
        schemas = [name for _, name, _ in self.ask("PRAGMA database_list")]
        return sorted(schemas, key=lambda name: name != "temp")

    def _describe(self, schema: str, table: str, sql: str) -> dict[str, Flow]:
        listed = "SELECT CAST(lower(name) AS BLOB) FROM pragma_table_xinfo(?, ?) WHERE hidden <> 1"
        names = [_decode(name) for (name,) in self.ask(listed, table, schema)]
        if not sql:
            return {name: Flow(frozenset(((schema.lower(), table, name),))) for name in names}
        tokens = split_tokens(sql)
        start = next(place for place, token in enumerate(tokens) if token.word == "AS")
        default = "" if schema.lower() == "temp" else schema
        view = Comparisons(
            tokens[start + 1 :], lambda owner, name: self.find(owner or default, name)
        )
        flows = [Flow(flow.columns, is_free=flow.is_free) for _, flow in view.result]
        return dict(zip(names, flows, strict=True))

    def ask(self, query: str, *params: str) -> list[Any]:
        """The rows of an answer."""
        cursor = sqlite3.Cursor(self._connection)
        cursor.row_factory = None
        return cursor.execute(query, params).fetchall()


def _decode(name: bytes) -> str:
    """A name of the schema, which need not be UTF-8; such a name is none that a statement has."""
    return name.decode(errors="backslashreplace")


def _is_called(names: Names, owner: Names) -> bool:
    return (names[-1:] == owner[-1:] and 1 in (len(names), len(owner))) or names == owner
