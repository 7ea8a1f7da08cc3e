"""How the fields of a source are named, and how they map onto the columns of one table."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.project.source_options import TableOptions
from microcosm_sqlite.authoring.values.date_formats import DIRECTIVES
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.errors import SettingsError, SourceError

_DELIMITERS = (";", "\t", "|", ",")
LONGEST_NAME = 63
"""Characters of an identifier; longer ones are cut, as other databases cut them too."""


def make_identifier(text: str) -> str:
    """An identifier as near to a text as may be; empty where nothing of it can stay.

    >>> make_identifier("Price (in €)"), make_identifier("2nd half")
    ('Price_in', '_2nd_half')
    """
    normal = unicodedata.normalize("NFKC", text)
    words = "".join(letter if f"_{letter}".isidentifier() else " " for letter in normal).split()
    name = "_".join(words).strip("_")
    name = f"_{name}" if name and not name.isidentifier() else name
    return name[:LONGEST_NAME].rstrip("_")


def make_names(header: Iterable[str]) -> tuple[str, ...]:
    """A name for each field of a source; SQLite does not tell letters from capitals.

    A field that is called by an identifier keeps its name, the first one where several share it.

    >>> make_names(["a", "A", "", "a b"])
    ('a', 'A_2', 'column_3', 'a_b')
    """
    fields = list(header)
    first = {field.lower(): position for position, field in reversed([*enumerate(fields)])}
    keeps = [
        field != "" and field == make_identifier(field) and first[field.lower()] == position
        for position, field in enumerate(fields)
    ]
    taken = {field.lower() for field, stays in zip(fields, keeps, strict=True) if stays}
    names = []
    for position, (field, stays) in enumerate(zip(fields, keeps, strict=True), 1):
        made = make_identifier(field) or f"column_{position}"
        name = field if stays else find_free_name(made, taken)
        taken.add(name.lower())
        names.append(name)
    return tuple(names)


_NO_OPTIONS = TableOptions()


@dataclass(frozen=True)
class TableRules:
    """The rules of all columns of one table.

    Attributes:
        table: The table.
        by_name: Column name to its rule, without generated columns.
        aliases: Other names of columns, such as attribute keys, to the columns' names; an empty
            name is that of a field to leave out.
        renamed: Those of them that the settings say.
    """

    table: sa.Table
    by_name: Mapping[str, ColumnRule]
    aliases: Mapping[str, str]
    renamed: Mapping[str, str]

    @classmethod
    def of(
        cls,
        table: sa.Table,
        dialect: sa.Dialect,
        options: TableOptions = _NO_OPTIONS,
        aliases: Mapping[str, str] | None = None,
    ) -> TableRules:
        """Make the rules of `table`.

        Args:
            table: The table.
            dialect: SQLite's.
            options: Texts that mean NULL, formats, and fields that are called otherwise than
                their columns; these go before all other names.
            aliases: Attribute to column, as a model names them; column names go before.

        Raises:
            SettingsError: The options name a column that the table does not have, or a format
                that its type does not take.
        """
        for field, name in options.columns.items():
            if name and name not in table.columns:
                raise SettingsError(
                    f"Option `columns` gives field `{field}` to column `{name}`, "
                    f"but table `{table.name}` has no such column."
                )
        rules = {
            column.name: _make_rule(column, dialect, options)
            for column in table.columns
            if column.computed is None
        }
        for name in options.formats:
            if name not in rules:
                raise SettingsError(
                    f"Option `formats` gives a format to column `{name}`, "
                    f"but table `{table.name}` has no such column."
                )
        keys = {column.key: column.name for column in table.columns if column.key not in rules}
        known = {key: name for key, name in {**keys, **(aliases or {})}.items() if key not in rules}
        aliases = {key: name for key, name in known.items() if name in rules}
        return cls(table, rules, aliases | {**options.columns}, options.columns)


def _make_rule(column: sa.Column[Any], dialect: sa.Dialect, options: TableOptions) -> ColumnRule:
    try:
        return ColumnRule(
            column,
            dialect,
            options.null_values,
            format_=options.formats.get(column.name, ""),
            takes_infinity=options.infinity,
        )
    except ValueError as error:
        raise SettingsError(
            f"Option `formats` of table `{column.table.name}`, column `{column.name}`: {error}.",
            hint=f"Dates have formats of {', '.join(DIRECTIVES)} and texts between; "
            "numbers have examples such as 1.234,5, booleans two words such as ja/nein, lengths of "
            "time H:MM or M:SS.",
        ) from error


def lay_out(
    rules: TableRules, header: Sequence[str], source: str, *, skip_unknown: bool = False
) -> list[ColumnRule | None]:
    """The rule of each field, or None for a field that is left out.

    Raises:
        SourceError: The header names a column twice, or one that the table does not have.
    """
    first = {field.lower(): position for position, field in reversed([*enumerate(header)])}
    names = [
        _find_column(rules, field, made, is_first=first[field.lower()] == position)
        for position, (field, made) in enumerate(zip(header, make_names(header), strict=True))
    ]
    _refuse_repeated(header, names, source)
    unknown = [field for field, name in zip(header, names, strict=True) if name is None]
    if unknown and not skip_unknown:
        raise _unknown_columns(rules, unknown, {name for name in names if name}, source)
    return [rules.by_name[name] if name else None for name in names]


def refuse_missing(rules: TableRules, layout: Sequence[ColumnRule | None], source: str) -> None:
    """Check that a source has every column that does not fill itself.

    Raises:
        SourceError: Columns are missing; the text names them.
    """
    missing = [
        rule.name
        for rule in rules.by_name.values()
        if rule not in layout and not _fills_itself(rule.column)
    ]
    if missing:
        raise SourceError(
            f"{source} has no column {_quote(missing)}, "
            f"but table `{rules.table.name}` requires it.",
            file=source,
            line=1,
            hint="Add it, or let the model make it nullable or give it a `server_default`.",
        )


def fill_values(
    rules: TableRules, layout: Sequence[ColumnRule | None], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """The stored values of the columns that a source leaves out, the same in every row."""
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


def _find_column(rules: TableRules, field: str, made: str, *, is_first: bool) -> str | None:
    """The column's name, an empty one for a field to leave out, or None where it is unknown."""
    if not is_first and made in rules.by_name:
        return made
    for name in (field, field.strip()):
        if name in rules.aliases:
            return rules.aliases[name]
    names = (field, made, field.strip())
    return next((name for name in names if name in rules.by_name), None)


def _refuse_repeated(header: Sequence[str], names: Sequence[str | None], source: str) -> None:
    seen = set()
    for field, name in zip(header, names, strict=True):
        if name and name in seen:
            raise SourceError(
                f"{source} names column `{field}` twice.",
                file=source,
                line=1,
                hint="Rename one of them, or leave it out: set `columns` of the table.",
            )
        seen.add(name)


def _unknown_columns(
    rules: TableRules, unknown: Sequence[str], taken: Collection[str], source: str
) -> SourceError:
    known = sorted(rules.by_name)
    return SourceError(
        f"{source} has column {_quote(unknown)}, but table `{rules.table.name}` has no such "
        f"column. Its columns: {_quote(known)}.",
        file=source,
        line=1,
        hint=_advise(rules, unknown, set(known).difference(taken)),
    )


def _advise(rules: TableRules, unknown: Sequence[str], free: Collection[str]) -> str:
    """Suggest what to do about fields that are not columns: read them otherwise, name or add them.

    Args:
        rules: Those of the table.
        unknown: The fields.
        free: The columns that no field is for.
    """
    options, field = f"tables.{write_toml_key(rules.table.name)}", unknown[0]
    for delimiter in _DELIMITERS:
        parts = make_names(part.strip('"') for part in field.split(delimiter))
        if len(unknown) == 1 and len(parts) > 1 and any(part in rules.by_name for part in parts):
            setting = f"{options}.csv.delimiter = {write_toml(delimiter)}"
            return f"If that is between its fields, set `{setting}`."
    leave_out = 'or set `unknown-columns = "ignore"`'
    if near := advise_names(rules, unknown, free):
        return f"{near}; else add to the model what is new, {leave_out}."
    added = f"`{make_names([field])[0]}: Mapped[str | None] = mapped_column()`"
    return f"Add it to the model, as with {added}, {leave_out}."


def advise_names(
    rules: TableRules,
    unknown: Sequence[str],
    free: Collection[str],
    placed: Mapping[str, str] | None = None,
) -> str:
    """Suggest the setting for fields that seem to be columns by other names; empty for none.

    Args:
        rules: Those of the table.
        unknown: The fields.
        free: The columns that no field is for.
        placed: Fields to the columns that stood at their places, whatever they are called.
    """
    near = find_renamed(unknown, free, placed)
    if not near:
        return ""
    # What is said already stays, as a setting can be written only once.
    given = {**rules.renamed, **near}.items()
    listed = ", ".join(f"{write_toml(field)} = {write_toml(name)}" for field, name in given)
    setting = f"tables.{write_toml_key(rules.table.name)}.columns = {{{listed}}}"
    called = "it is" if len(near) == 1 else "they are"
    return f"If {called} {_quote([*near.values()])}, set `{setting}`"


def find_renamed(
    unknown: Sequence[str], free: Collection[str], placed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The columns that fields seem to be, by their names, or else by their places.

    >>> find_renamed(["Name", "mass"], ["name", "weight"], {"mass": "weight"})
    {'Name': 'name', 'mass': 'weight'}
    """
    found = _find_near(unknown, free)
    taken = {*found.values()}
    rest = {field: name for field, name in (placed or {}).items() if name not in taken}
    pairs = {**rest, **found} if rest.keys().isdisjoint(found) else found
    return {field: pairs[field] for field in unknown if field in pairs}


def _find_near(unknown: Sequence[str], free: Collection[str]) -> dict[str, str]:
    """The columns that fields seem to be, each taken once."""
    left = {_spell_alike(name): name for name in sorted(free)}
    found = {}
    for field in unknown:
        for near in get_close_matches(_spell_alike(field), left, n=1):
            found[field] = left.pop(near)
    return found


def _spell_alike(name: str) -> str:
    return make_identifier(name).lower().replace("_", "")


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
