"""Add a condition in SQL, as somebody wrote it, to a query over one table."""

from __future__ import annotations

import sqlite3
from itertools import accumulate

from microcosm_sqlite.authoring.subsetting.tables import SOURCE, SourceTable
from microcosm_sqlite.catalog.criteria import plan_statement
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.common.sql import quote_text
from microcosm_sqlite.common.sql_tokens import QUOTED, Token, replace_tokens, split_tokens
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import DatasetError, QueryError

_DEPTHS = {"(": 1, ")": -1}


def add_condition(
    connection: sqlite3.Connection,
    dataset: InstalledDataset,
    table: SourceTable,
    query: str,
    condition: str,
) -> str:
    """Return the query with the condition, whose values are spelled as the columns store them.

    What stands in double quotes is a column, or else a text, unless it is nearly a column.

    Raises:
        QueryError: The condition is no expression over the columns of the table.
    """
    tokens = split_tokens(condition)
    try:
        depths = list(accumulate(_DEPTHS.get(token.text, 0) for token in tokens))
        if any(token.text == ";" for token in tokens) or min(depths, default=0) < 0:
            raise sqlite3.OperationalError("it is not one expression")
        texts = {
            place: quote_text(token.identifier)
            for place, token in enumerate(tokens)
            if token.text[0] == '"' and token.kind == QUOTED and _is_text(token, table)
        }
        sql = f"{query} WHERE ({replace_tokens(condition, texts, tokens)}\n)"
        connection.execute(f"EXPLAIN {sql}").close()
        return plan_statement(connection, {SOURCE: dataset, "main": dataset}, sql).sql
    except (sqlite3.Error, sqlite3.Warning, DatasetError) as error:
        raise QueryError(
            f"The condition of table {table.name!r} is not valid: {error}.",
            hint=f"It is SQL over the columns of that table. Given was: {condition}",
        ) from error


def _is_text(token: Token, table: SourceTable) -> bool:
    if token.name in (column.lower() for column in table.columns):
        return False
    is_word = token.identifier.isidentifier()
    if is_word and (hint := suggest(token.identifier, table.columns)):
        raise sqlite3.OperationalError(f"no such column: {token.identifier}. {hint.rstrip('.?')}")
    return True
