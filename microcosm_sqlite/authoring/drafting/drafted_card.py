"""What the card of a drafted project tells of its tables, wherever they came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from microcosm_sqlite.authoring.drafting.code_layout import Call, lay_out
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseModels
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredColumn,
    InferredTable,
)
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.settings_text import describe_options, list_csv_options
from microcosm_sqlite.common.kinds import TEXT
from microcosm_sqlite.common.wording import spell_count


@dataclass(frozen=True)
class Summary:
    """One table.

    Attributes:
        name: Its name.
        row_count: How many rows there are.
        key: Columns of its key; none where rows are numbered.
        gaps: Columns that have no value in some rows.
        file: The file that it came from.
    """

    name: str
    row_count: int
    key: tuple[str, ...]
    gaps: tuple[str, ...]
    file: str


def summarise(inference: Inference, models: DatabaseModels) -> list[Summary]:
    """All tables of a draft: those of databases, then those of other files."""
    existing = [
        Summary(
            model.table.name,
            database.found.row_counts[model.table.name],
            tuple(database.found.list_key(model.table)),
            tuple(column.name for column in model.table.columns if column.nullable),
            database.path.name,
        )
        for database, drafted in models.drafted
        for model in drafted
    ]
    inferred = [
        Summary(
            table.name,
            table.row_count,
            table.primary_key,
            tuple(column.name for column in table.columns.values() if column.is_nullable),
            table.file.path.name,
        )
        for table in inference.tables.values()
    ]
    return [*existing, *inferred]


def write_card(card: Path, dataset: str, tables: Sequence[Summary]) -> None:
    """Let the template's card tell of these tables in place of the example's."""
    text = card.read_text("utf-8")
    first = tables[0].name if tables[0].name.isidentifier() else f"[{tables[0].name}]"
    query = f'microcosm-sqlite query {dataset} "'
    text = re.sub(rf'(?<={query}).*(?=")', lambda _: f"SELECT * FROM {first} LIMIT 5", text)
    call = Call("dataset.connect().execute(", [f'"SELECT count(*) FROM {first}"'], ").fetchone()")
    text = re.sub(r"dataset\.connect\(\)\.execute\(.*", lambda _: "\n".join(lay_out(call)), text)
    for heading, body in (
        ("What it holds", _list_tables(tables)),
        ("What it does not hold", _list_gaps(tables)),
        ("Where it comes from", _list_sources(tables)),
    ):
        start, end = _find_section(text, heading)
        text = f"{text[:start]}{body}\n\n{text[end:]}"
    card.write_text(text, encoding="utf-8")


def _find_section(text: str, heading: str) -> tuple[int, int]:
    start = text.index(f"## {heading}\n\n") + len(f"## {heading}\n\n")
    return start, text.index("\n## ", start) + 1


def _list_tables(tables: Iterable[Summary]) -> str:
    rows = [
        f"| {table.name} | {table.row_count:,} | {', '.join(table.key) or 'row number'} |"
        for table in tables
    ]
    return "\n".join(["| table | rows | key |", "|---|---|---|", *rows])


def _list_gaps(tables: Iterable[Summary]) -> str:
    gaps = [
        f"- {table.name}: no value in some rows of {', '.join(table.gaps)}."
        for table in tables
        if table.gaps
    ]
    return "\n".join(gaps) or "Every column of every table has a value in every row."


def _list_sources(tables: Iterable[Summary]) -> str:
    request = "Say here who made these files, from what, and under which terms:"
    files = dict.fromkeys(f"- `{table.file}`" for table in tables)
    return "\n".join([request, "", *files])


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
