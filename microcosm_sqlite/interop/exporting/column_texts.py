"""What files hold for the values of each kind of column, so that they are read back as they were.

CSV has texts alone: `true` and `false`, durations in ISO 8601, UUIDs with hyphens, decimals with
all of their digits. JSON has booleans and documents of its own. Moments, dates and times stay as
they are stored, which is ISO 8601 with a blank.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial

from microcosm_sqlite.common import kinds
from microcosm_sqlite.common.durations import read_duration, spell_duration
from microcosm_sqlite.common.kinds import find_decimal_size, find_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.manifest import Field

    Spell = Callable[[Any], Any]
    Batch = list[Sequence[Any]]


def make_speller(
    fields: Sequence[Field], declared: Mapping[str, str], form: str
) -> Callable[[Batch], Batch]:
    """A function from rows as SQLite stores them to rows as a text format has them.

    Args:
        fields: The columns of the rows.
        declared: Their declared types, by their names.
        form: `"csv"` or `"jsonl"`.
    """
    spellers = [
        (place, spell)
        for place, field in enumerate(fields)
        if (spell := _choose(field, declared.get(field.name, ""), form))
    ]

    def spell_batch(batch: Batch) -> Batch:
        if not spellers:
            return batch
        rows = [list(row) for row in batch]
        for place, spell in spellers:
            for row in rows:
                if row[place] is not None:
                    row[place] = spell(row[place])
        return [*rows]

    return spell_batch


def _choose(field: Field, declared: str, form: str) -> Spell | None:
    """What spells the values of a column; None where they stay as they are stored."""
    kind = find_kind(field.type, field.format, declared, has_labels="enum" in field.constraints)
    name = kind.name if kind else ""
    if name == kinds.DECIMAL and form == "csv":
        _, scale = find_decimal_size(declared) or (None, None)
        return partial(_spell_decimal, scale=scale) if scale else None
    return _SPELL[form].get(name)


def _spell_decimal(value: Any, scale: int) -> Any:
    return f"{Decimal(repr(value)):.{scale}f}" if isinstance(value, int | float) else value


def _spell_boolean(value: Any) -> Any:
    return {0: "false", 1: "true"}.get(value, value)


def _make_boolean(value: Any) -> Any:
    return {0: False, 1: True}.get(value, value)


def _spell_duration(value: Any) -> Any:
    try:
        return spell_duration(read_duration(value))
    except (TypeError, ValueError):
        return value  # others' databases store durations in ways of their own


def _spell_uuid(value: Any) -> Any:
    if not isinstance(value, str) or len(value) != 32:
        return value
    return "-".join((value[:8], value[8:12], value[12:16], value[16:20], value[20:]))


def _parse_document(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


_TEXTS: dict[str, Spell] = {kinds.DURATION: _spell_duration, kinds.UUID: _spell_uuid}
_SPELL: dict[str, dict[str, Spell]] = {
    "csv": {**_TEXTS, kinds.BOOLEAN: _spell_boolean},
    "jsonl": {**_TEXTS, kinds.BOOLEAN: _make_boolean, kinds.JSON: _parse_document},
}
