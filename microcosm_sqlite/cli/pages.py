"""The pages that ``info`` and ``doctor`` show."""

from __future__ import annotations

from itertools import compress

import click

from microcosm_sqlite.catalog.citation import cite
from microcosm_sqlite.catalog.spelling import spell_range
from microcosm_sqlite.cli.inventory import describe, find_references
from microcosm_sqlite.cli.output import Count, Size, draw_plain, draw_table
from microcosm_sqlite.cli.streams import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.doctor import Diagnosis
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table


def draw_info(dataset: InstalledDataset) -> str:
    """Describe a dataset: title, package, licence, sources, and its tables."""
    described = describe(dataset)
    lines = (described.get("title"), described.get("description"))
    parts = [
        "\n".join(
            [
                _bold(f"{dataset.name} {dataset.version}".strip()),
                *map(printable, filter(None, lines)),
            ]
        ),
        draw_plain(list(_facts(dataset, described))),
        *map(draw_table_info, dataset.tables.values()),
    ]
    return "\n\n".join(parts)


def draw_table_info(table: Table) -> str:
    """Describe a table, a line for each column."""
    title = f"{_bold(table.name)}: {Count(table.row_count).of('row')}"
    if table.description:
        title += f". {printable(table.description)}"
    columns = [
        (
            f"  {field.name}",
            _type(field),
            _role(table, field),
            spell_range(field),
            field.description,
        )
        for field in table.fields
    ]
    return f"{title}\n{draw_plain(_without_blanks(columns))}"


def draw_column_info(table: Table, field: Field) -> str:
    """Describe one column."""
    facts = {
        "Type": _type(field),
        "Values": spell_range(field) or ", ".join(map(str, field.constraints.get("enum", ()))),
        "NULL": _spell_nulls(table, field),
        "Key": "part of the primary key" if field.name in table.primary_key else "",
        "Refers to": ", ".join(find_references(table, field.name)),
        "About": field.description,
    }
    title = _bold(f"{table.name}.{field.name}")
    return f"{title}\n\n{draw_plain([pair for pair in facts.items() if pair[1]])}"


def draw_diagnosis(diagnosis: Diagnosis) -> str:
    """Describe an environment: its versions and its datasets."""
    parts = [draw_plain(list(diagnosis.environment.items()))]
    if diagnosis.datasets:
        rows = [_diagnosed(found) for found in diagnosis.datasets]
        parts.append(draw_table(_DIAGNOSED, rows, True).rstrip("\n"))
    return "\n\n".join(parts)


_DIAGNOSED = ("DATASET", "VERSION", "SIZE", "KIND", "PACKAGE")


def _diagnosed(found: dict[str, Any]) -> tuple[Any, ...]:
    size = "-" if found["bytes"] is None else Size(found["bytes"])
    return found["name"], found["version"], size, found["kind"], found["distribution"]


def _facts(dataset: InstalledDataset, described: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if dataset.distribution:
        yield "Package", f"{dataset.distribution} {dataset.distribution_version}"
    if dataset.manifest is None:
        yield "Manifest", "none: written for microcosm-sqlite 2.0.0"
        return
    yield "Licence", described["license"] or "not stated"
    codec = dataset.manifest.compression
    packed = "" if codec == "none" else f", packed with {codec}"
    yield "Size", f"{described['size'].human()}{packed}"
    if dataset.manifest.models:
        yield "Models", dataset.manifest.models
    for number, source in enumerate(dataset.manifest.sources):
        address = source.get("path", "")
        words = (source.get("title", ""), f"<{address}>" if address else "")
        yield "" if number else "Sources", " ".join(filter(None, words))
    yield "Cite as", cite(dataset)


def _bold(text: str) -> str:
    return click.style(printable(text), bold=True)


def _type(field: Field) -> str:
    length = field.constraints.get("maxLength")
    # Patterns of dates are for parsers; a word such as "uuid" or "binary" is for people as well.
    is_word = field.format not in ("default", "") and field.format.isalpha()
    kind = field.format if is_word else field.type
    return f"{kind}({length})" if length else kind


def _role(table: Table, field: Field) -> str:
    words = []
    if field.name in table.primary_key:
        words.append("key")
    elif not field.required:
        count = field.null_count
        words.append("may be NULL" if count is None else f"{Count(count).human()} NULL")
    words += [f"-> {target}" for target in find_references(table, field.name)]
    return ", ".join(words)


def _spell_nulls(table: Table, field: Field) -> str:
    if field.required or field.name in table.primary_key:
        return "never"
    if field.null_count is None:
        return "possible"
    share = f" ({field.null_count / table.row_count:.1%})" if field.null_count else ""
    return f"{Count(field.null_count).human()} of {Count(table.row_count).of('row')}{share}"


def _without_blanks(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows without the columns that are empty in all of them."""
    kept = [any(column) for column in zip(*rows, strict=True)]
    return [tuple(compress(row, kept)) for row in rows]
