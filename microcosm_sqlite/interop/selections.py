"""The columns and the condition that a caller asks for, checked against a table.

This needs no extra, so that what only counts rows works without Arrow.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.criteria import bind, plan_statement
from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.catalog.list_parameters import (
    advise_list,
    expand_lists,
    is_list,
    keep_list,
    keep_lists,
)
from microcosm_sqlite.catalog.preflight import UNDECODED
from microcosm_sqlite.common.arguments import check_names, check_params
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.sql_tokens import number_parameters, replace_tokens, split_tokens
from microcosm_sqlite.common.stored_values import as_plain
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from microcosm_sqlite.catalog.frames import Condition, Parameters, Selection
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table


def keep_selection(selection: Selection) -> Selection:
    """What was asked for, to be read more than once, whatever becomes of the caller's lists."""
    kept: Selection = {**selection}
    if "columns" in kept:
        kept["columns"] = keep_list(kept["columns"])
    if isinstance(where := kept.get("where"), Mapping):
        kept["where"] = keep_lists(where)
    if "params" in kept:
        kept["params"] = keep_lists(kept["params"])
    return kept


def check_types(where: Any, rows: Any = None, limit: Any = None) -> None:
    """Refuse arguments of a type that cannot be meant.

    Raises:
        TypeError: One of them is of such a type.
    """
    if rows is not None and not _is_range(rows):
        raise TypeError(
            f"rows must be the lowest and the highest rowid, (1, 100), not {rows!r};"
            " the number of rows is limit"
        )
    if where is not None and not isinstance(where, str | Mapping):
        raise TypeError(
            "where must be the values of columns, such as {'name': 'a'}, or a condition in SQL,"
            f" such as 'name = ?' with params, not {where}; a store takes expressions of SQLAlchemy"
        )
    if not _is_limit(limit):
        raise TypeError(f"limit must be the number of rows to read at most, not {limit!r}")


def _is_range(rows: Any) -> bool:
    is_pair = isinstance(rows, tuple | list) and len(rows) == 2
    return is_pair and all(hasattr(each, "__index__") for each in rows)


def _is_limit(limit: Any) -> bool:
    is_count = hasattr(limit, "__index__") and not isinstance(limit, bool)  # NumPy's have it too
    return limit is None or (is_count and limit >= 0)


def choose_fields(
    dataset: InstalledDataset, table: Table, columns: Iterable[str] | None
) -> list[Field]:
    """The columns of these names, or all.

    Raises:
        TableNotFoundError: There is none of one of these names.
        QueryError: No names are given.
        TypeError: One text is given in place of names, or nothing that holds any.
    """
    if columns is None:
        return table.fields
    names = list(dict.fromkeys(check_names("columns", columns)))
    if not names:
        raise QueryError("No columns are given.", hint="Leave `columns` out to read all.")
    return find_fields(dataset, table, names)


def judge_condition(
    connection: sqlite3.Connection,
    dataset: InstalledDataset,
    table: str,
    where: Condition | None,
    params: Parameters | None,
) -> tuple[str | None, Parameters]:
    """The condition as it is executed, which SQLite itself judges, for every reader alike.

    Raises:
        QueryError: It is no SQL, or its parameters do not fit.
        TableNotFoundError: There is no such column.
        TypeError: Parameters are given for no condition in SQL.
    """
    start = f"SELECT 1 FROM {quote_identifier(table)} WHERE "
    if isinstance(where, Mapping):
        if params:
            raise TypeError("params belong to a condition in SQL; where has the values already")
        where, params = write_condition(dataset, dataset.tables[table], where)
    check_params(params)
    params = keep_lists(params) or ()
    written = where  # as the caller knows it, without a parameter for each member of a list
    if where:
        most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        where, params = expand_lists(where, params, most)
    bound = bind(params)
    if not (where or bound):
        return where, bound
    try:
        # By itself, since `1) OR (1` is a condition only within our parentheses.
        plan = plan_statement(connection, {"main": dataset}, f"{start}{where or 1}")
        bound = bind(plan.bind(params))
        sqlite3.Cursor(connection).execute(f"EXPLAIN {start}(\n{where or 1}\n)", bound).close()
    except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
        raise QueryError(
            f"The condition {written!r} cannot be used: {str(error).removesuffix('.')}.",
            hint=_advise(str(error), dataset.tables[table], written or ""),
        ) from error
    where = where and plan.sql.removeprefix(start)
    return _spell_names(where or "", bound) if isinstance(bound, Mapping) else (where, bound)


def _spell_names(where: str, bound: Mapping[str, Any]) -> tuple[str | None, Parameters]:
    """The condition with each name after a colon, and their values alone: ADBC binds no others."""
    tokens = split_tokens(where)
    names = {place: name for place, (_, name) in number_parameters(tokens).items()}
    spelled = replace_tokens(where, {place: f":{name}" for place, name in names.items()}, tokens)
    return spelled or None, {name: bound[name] for name in names.values()}


def write_condition(
    dataset: InstalledDataset, table: Table, wanted: Mapping[str, Any]
) -> tuple[str, list[Any]]:
    """SQL for columns that have these values, or one of several, and the values.

    Raises:
        TableNotFoundError: There is no such column.
    """
    conditions: list[str] = []
    params: list[Any] = []
    for field, value in zip(find_fields(dataset, table, wanted), wanted.values(), strict=True):
        quoted = quote_identifier(field.name)
        members = list(value) if is_list(value) else [value]
        known = [each for each in members if as_plain(each) is not None]
        choices = [f"{quoted} IN ?"] if known or is_list(value) else []
        choices += [f"{quoted} IS NULL"] if len(known) < len(members) else []
        conditions.append(f"({' OR '.join(choices)})")
        params += [known] if known or is_list(value) else []
    return " AND ".join(conditions), params


def explain_evaluation(error: sqlite3.Error) -> QueryError | None:
    """The error for a condition that SQLite accepts, and cannot evaluate; None for other errors."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _OF_VALUES or UNDECODED in str(error):  # the latter is in the result
        return None
    return QueryError(
        f"The condition cannot be evaluated for a row: {str(error).removesuffix('.')}.",
        hint="Write it so that it fits the values of every row.",
    )


_OF_VALUES = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG)
"""SQLite's codes for what a function makes of a value; those for the file are others."""


_UNBOUND = r"Error binding|Python int too large|'utf-8' codec"
"""Messages of sqlite3 about a value that it cannot pass to SQLite."""


def _advise(text: str, table: Table, where: str) -> str:
    """The nearest column where SQLite misses one."""
    if hint := advise_list(text, where):
        return hint
    if re.match(_UNBOUND, text):
        return "Give a value that SQLite has: a number, a text, bytes, a date or a time."
    missing = re.match(r"no such column: [\"`]?(?P<name>[^\"`]+)", text)
    if not missing:
        return "Write it as after WHERE in SQL, with ? or :name for each parameter."
    names = [field.name for field in table.fields]
    nearest = suggest(missing["name"].rpartition(".")[2], names, "Its columns")
    return f"{nearest} A text is written in single quotes."
