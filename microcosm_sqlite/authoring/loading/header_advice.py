"""Suggestions for a source whose first line does not name the columns of its table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.sources.impostors import advise_page
from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.values.layout import TableRules, is_row_number, make_names
from microcosm_sqlite.common.kinds import TEXT
from microcosm_sqlite.errors import SourceError

_LINES = 50
"""Rows among which the header is looked for."""


def advise_header(rules: TableRules, records: Records) -> str:
    """What to do where another line is the header, or none is; empty where neither is so.

    Args:
        rules: Those of the table.
        records: The source of texts, from which no row was taken.
    """
    if records.has_types or not records.delimiter:
        return ""
    if page := advise_page(records.header[0]):
        return page
    options = f"tables.{write_toml_key(rules.table.name)}.csv"
    if len(records.header) == 1 and _are_columns(rules, records.header[0].split(records.delimiter)):
        return f"If each line is within quotes as a whole, set `{options}.quoted-lines = true`."
    with suppress(csv.Error, SourceError):  # of a row that nobody asked for
        for line, row in islice(records.numbered(), _LINES):
            if _are_columns(rules, row):
                return f"If line {line} is the header, set `{options}.skip-lines = {line - 1}`."
    if names := _name_columns(rules, records.header):
        return f"If the first line is a row, set `{options}.header = {write_toml(names)}`."
    return ""


def _are_columns(rules: TableRules, fields: Sequence[str]) -> bool:
    """Whether all fields are called as columns are."""
    names = [*make_names(fields)] if len(fields) > 1 else []
    return bool(names) and all(
        name in rules.by_name or field.strip() in {*rules.by_name, *rules.aliases}
        for field, name in zip(fields, names, strict=True)
    )


def _name_columns(rules: TableRules, fields: Sequence[str]) -> list[str]:
    """The columns that these are values of, in their order; none where they are not.

    A column of another kind than text must be among them, which takes any.
    """
    columns = [*rules.by_name.values()]
    if len(columns) == len(fields) + 1:
        columns = [rule for rule in columns if not is_row_number(rule.column)]
    if len(columns) != len(fields) or all(rule.kind == TEXT for rule in columns):
        return []
    try:
        for rule, field in zip(columns, fields, strict=True):
            rule.convert(field)
    except ValueError:
        return []
    return [rule.name for rule in columns]
