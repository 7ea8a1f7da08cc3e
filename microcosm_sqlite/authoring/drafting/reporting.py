"""What was inferred of a folder of files, and how sure that is, as lines for the author."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.settings_text import describe_options, list_csv_options
from microcosm_sqlite.authoring.inferring.guessing import TEXT
from microcosm_sqlite.authoring.inferring.inferred import Inference, InferredColumn, InferredTable
from microcosm_sqlite.catalog.spelling import spell_count

_MOST_SHOWN = 6
_FEWEST_ALIKE = 20
"""Neighbours that are told of in one line: of a wide table nobody reads hundreds."""


def report(inference: Inference) -> Iterator[str]:
    """Table by table; then the files of which none was made."""
    classes = name_classes(inference.tables, "")
    for name, table in inference.tables.items():
        rows = spell_count(table.row_count, "row")
        yield f"{name}: {rows} of {table.file.path.name}, model {classes[name]}"
        yield f"  key: {_describe_key(table)}"
        yield from _describe_columns(table.columns.values())
        options = list_csv_options(table)
        if options:
            yield f"  read with csv {describe_options(options)}"
        for note in (*table.file.notes, *table.remarks):
            yield f"  note: {note}"
    for name, reason in inference.left_out.items():
        yield f"left out: {name}, {reason}"
    for error in inference.refused:
        yield f"refused: {error}"


def _describe_key(table: InferredTable) -> str:
    if not table.primary_key:
        return "none found, so rows are numbered"
    unique = "unique in all" if len(table.primary_key) == 1 else "unique together in all"
    return f"{', '.join(table.primary_key)} ({unique} {spell_count(table.row_count, 'row')})"


def _describe_columns(columns: Iterable[InferredColumn]) -> Iterator[str]:
    for described, neighbours in groupby(columns, _describe_column):
        alike = list(neighbours)
        if len(alike) >= _FEWEST_ALIKE:
            yield f"  {alike[0].name} to {alike[-1].name}, {len(alike)} columns: each {described}"
            continue
        for column in alike:
            renamed = column.header not in ("", column.name)
            called = f", called {column.header!r}" if renamed else ""
            yield f"  {column.name}: {described}{called}"


def _describe_column(column: InferredColumn) -> str:
    is_text = column.kind == TEXT and column.length
    parts = [f"text of up to {column.length} characters" if is_text else column.kind]
    parts += [f"written {column.format}"] if column.format else []
    parts += [f"one of {_list_labels(column)}"] if column.labels else []
    parts += ["may be empty"] if column.is_nullable else []
    parts += ["unique"] if column.is_unique else []
    if column.reference:
        parts.append(f"refers to {'.'.join(column.reference)} ({column.evidence})")
    parts += [column.near_reference] if column.near_reference else []
    parts += [f"would be {column.hint}"] if column.hint else []
    return ", ".join(parts)


def _list_labels(column: InferredColumn) -> str:
    shown = ", ".join(column.labels[:_MOST_SHOWN])
    more = len(column.labels) - _MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
