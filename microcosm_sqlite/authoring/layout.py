"""How the fields of one source map onto the columns of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from microcosm_sqlite.authoring.rules import ColumnRule
from microcosm_sqlite.errors import SettingsError, SourceError


@dataclass(frozen=True)
class TableRules:
    """The rules of all columns of one table.

    Attributes:
        table: The table.
        by_name: Column name to its rule, without generated columns.
        aliases: Other names of columns, such as attribute keys, to the columns' names; an empty
            name is that of a field to leave out.
    """

    table: sa.Table
    by_name: Mapping[str, ColumnRule]
    aliases: Mapping[str, str]

    @classmethod
    def of(
        cls,
        table: sa.Table,
        dialect: sa.Dialect,
        null_values: tuple[str, ...] = (),
        aliases: Mapping[str, str] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> TableRules:
        """Make the rules of `table`.

        Args:
            table: The table.
            dialect: SQLite's.
            null_values: Texts that mean NULL, besides the empty one.
            aliases: Attribute to column, as a model names them; column names go before.
            fields: Field to column, as an author names them; these go before all.

        Raises:
            SettingsError: `fields` names a column that the table does not have.
        """
        for field, name in (fields or {}).items():
            if name and name not in table.columns:
                raise SettingsError(
                    f"Option `columns` gives field `{field}` of table `{table.name}` "
                    f"to column `{name}`, which it has not."
                )
        rules = {
            column.name: ColumnRule(column, dialect, null_values)
            for column in table.columns
            if column.computed is None
        }
        keys = {column.key: column.name for column in table.columns if column.key not in rules}
        known = {key: name for key, name in {**keys, **(aliases or {})}.items() if key not in rules}
        return cls(
            table, rules, {k: n for k, n in known.items() if n in rules} | dict(fields or {})
        )


def lay_out(
    rules: TableRules, header: Sequence[str], source: str, *, skip_unknown: bool = False
) -> list[ColumnRule | None]:
    """The rule of each field, or None for a field that is left out.

    Raises:
        SourceError: The header names a column twice, or one that the table does not have.
    """
    names = [_find_column(rules, field) for field in header]
    _refuse_repeated(header, names, source)
    unknown = [field for field, name in zip(header, names, strict=True) if name is None]
    if unknown and not skip_unknown:
        raise _unknown_columns(rules, unknown, source)
    return [rules.by_name[name] if name else None for name in names]


def refuse_missing(rules: TableRules, layout: Sequence[ColumnRule | None], source: str) -> None:
    """Check that a source has every column that does not fill itself.

    Raises:
        SourceError: It has not; the text names them.
    """
    missing = [
        rule.name
        for rule in rules.by_name.values()
        if rule not in layout and not _fills_itself(rule.column)
    ]
    if missing:
        raise SourceError(
            f"{source} has no column {_quote(missing)}, "
            f"which table `{rules.table.name}` cannot do without.",
            file=source,
            line=1,
            hint="Add it, or let the model make it nullable or give it a `server_default`.",
        )


def fill_values(
    rules: TableRules, layout: Sequence[ColumnRule | None], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """What every row has in the columns that a source leaves out, as it is stored."""
    filled = {
        name: rules.by_name[name].take(value)
        for name, value in {**constant_defaults(rules), **defaults}.items()
        if name in rules.by_name
    }
    return {name: value for name, value in filled.items() if rules.by_name[name] not in layout}


def constant_defaults(rules: TableRules) -> dict[str, Any]:
    """The constant defaults that the client side of the models declares."""
    return {
        rule.name: rule.column.default.arg
        for rule in rules.by_name.values()
        if isinstance(rule.column.default, ScalarElementColumnDefault)
    }


def _find_column(rules: TableRules, field: str) -> str | None:
    """The column's name, an empty one for a field to leave out, or None where it is unknown."""
    for name in (field, field.strip()):
        if name in rules.aliases:
            return rules.aliases[name]
        if name in rules.by_name:
            return name
    return None


def _refuse_repeated(header: Sequence[str], names: Sequence[str | None], source: str) -> None:
    seen = set()
    for field, name in zip(header, names, strict=True):
        if name and name in seen:
            raise SourceError(f"{source} names column `{field}` twice.", file=source, line=1)
        seen.add(name)


def _unknown_columns(rules: TableRules, unknown: Sequence[str], source: str) -> SourceError:
    known = sorted(rules.by_name)
    near = get_close_matches(unknown[0], known, n=1)
    guess = f"Did you mean `{near[0]}`? " if near else ""
    return SourceError(
        f"{source} has column {_quote(unknown)}, which table `{rules.table.name}` has not; "
        f"it has {_quote(known)}.",
        file=source,
        line=1,
        hint=guess + 'Rename it, or set `unknown-columns = "ignore"`.',
    )


def _fills_itself(column: sa.Column[Any]) -> bool:
    return (
        column.nullable
        or column.server_default is not None
        or isinstance(column.default, ScalarElementColumnDefault)
        or is_row_number(column)
    )


def is_row_number(column: sa.Column[Any]) -> bool:
    """Whether the column is a lone INTEGER PRIMARY KEY, which SQLite numbers by itself."""
    key = column.table.primary_key.columns
    return len(key) == 1 and column.primary_key and type(column.type) is sa.Integer


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
