"""What the card of a drafted project tells of its tables, wherever they came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from microcosm_sqlite.authoring.drafting.code_layout import Call, lay_out
from microcosm_sqlite.authoring.drafting.database_draft import DatabaseModels
from microcosm_sqlite.authoring.inferring.inferred import Inference


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
