"""The pages that ``info`` and ``doctor`` show, and the rows that ``list`` and ``info`` write."""

from __future__ import annotations

from itertools import compress

import click

from microcosm_sqlite.catalog.citation import cite
from microcosm_sqlite.catalog.registry import find_editions
from microcosm_sqlite.catalog.verifying.ranges import spell_range
from microcosm_sqlite.cli.drawing import draw_plain, draw_table, measure_terminal, wrap
from microcosm_sqlite.cli.output import Count, Size
from microcosm_sqlite.cli.streams import printable
from microcosm_sqlite.common.wording import spell_share
from microcosm_sqlite.interop.descriptions import (
    describe,
    describe_column,
    find_references,
    name_licenses,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.doctor import Diagnosis
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table
    from microcosm_sqlite.interop.summaries import TableSummary


COLUMNS = ("name", "version", "tables", "rows", "size", "license", "package")
TABLE_COLUMNS = (
    *("table", "column", "type", "format", "required", "references"),
    *("null_count", "minimum", "maximum", "min_length", "max_length", "unit"),
    *("deprecated", "description"),
)


def summarize(dataset: InstalledDataset) -> tuple[Any, ...]:
    """A row of the list, from metadata alone; None for what a wheel of 2.0.0 does not state."""
    manifest = dataset.manifest
    if manifest is None:
        return (dataset.name, dataset.version, None, None, None, None, dataset.distribution)
    rows = sum(table.row_count for table in manifest.tables.values())
    return (
        dataset.name,
        dataset.version,
        Count(len(manifest.tables)),
        Count(rows),
        Size(manifest.bytes),
        name_licenses(manifest) or None,
        dataset.distribution,
    )


def spell_other_editions(dataset: InstalledDataset) -> str:
    """The editions that are installed beside a dataset, with their distributions."""
    others = find_editions(dataset.name) if dataset.entry else {}
    return ", ".join(
        f"{name} ({each.distribution} {each.distribution_version})"
        for name, each in sorted(others.items())
        if each.distribution != dataset.distribution
    )


def list_columns(table: Table) -> Iterator[tuple[Any, ...]]:
    """A row for each column of a table."""
    for field in table.fields:
        column = describe_column(field, table)
        column |= {"table": table.name, "column": field.name}
        column["references"] = " ".join(column["references"])
        column["required"] = int(column["required"])
        yield tuple(column[key] for key in TABLE_COLUMNS)


def draw_info(dataset: InstalledDataset) -> str:
    """Describe a dataset: title, package, licence, sources, and its tables."""
    described = describe(dataset)
    lines = (described.get("title"), described.get("description"))
    width = measure_terminal()
    parts = [
        "\n".join(
            [
                _bold(f"{dataset.name} {dataset.version}".strip()),
                *(wrap(printable(line), width) for line in lines if line),
            ]
        ),
        draw_plain(list(_facts(dataset, described))),
        *map(draw_table_info, dataset.tables.values()),
    ]
    return "\n\n".join(parts)


def draw_table_info(table: Table) -> str:
    """Describe a table, a line for each column."""
    title = f"{table.name}: {Count(table.row_count).of('row')}"
    if table.about:
        title += f". {table.about}"
    title = wrap(printable(title), measure_terminal())
    if title.startswith(name := printable(table.name)):  # unless it was broken between its words
        title = _bold(name) + title.removeprefix(name)
    columns = [
        (
            f"  {field.name}",
            _type(field),
            _role(table, field),
            spell_range(field),
            field.about,
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
        "Unit": field.unit,
        "Codes": ", ".join(f"{code} = {label}" for code, label in field.labels.items()),
        "Deprecated": field.deprecated,
    }
    title = _bold(f"{table.name}.{field.name}")
    return f"{title}\n\n{draw_plain([pair for pair in facts.items() if pair[1]])}"


def draw_summary(summary: TableSummary) -> str:
    """The columns of a table in numbers."""
    title = f"{_bold(summary.table)}: {Count(summary.rows).of('row')}"
    lines = summary.draw(measure_terminal()).splitlines()
    return "\n".join([title, *map(printable, lines)])


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
    words = (found["kind"], found["edition"], "columnar" if found["columnar"] else "")
    kind = ", ".join(filter(None, words))
    return found["name"], found["version"], size, kind, found["distribution"]


def _facts(dataset: InstalledDataset, described: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if dataset.distribution:
        yield "Package", f"{dataset.distribution} {dataset.distribution_version}"
    if dataset.manifest is None:
        yield "Manifest", "none: written for microcosm-sqlite 2.0.0"
        return
    if dataset.edition:
        yield "Edition", dataset.manifest.explain_edition()
    if others := spell_other_editions(dataset):
        yield "Others", others
    yield "Licence", described["license"] or "not stated"
    codec = dataset.manifest.compression
    packed = "" if codec == "none" else f", packed with {codec}"
    yield "Size", f"{Size(described['size']).human()}{packed}"
    if shards := dataset.manifest.shards:
        total = Size(sum(shard.file_bytes for shard in shards)).human()
        yield "Shards", f"{len(shards)}, which have {total} compressed"
    if twins := described["columnar"]:
        yield "Columnar", ", ".join(map(_spell_twin, twins))
    if dataset.manifest.models:
        yield "Models", dataset.manifest.models
    for number, source in enumerate(dataset.manifest.sources):
        address = source.get("path", "")
        words = (source.get("title", ""), f"<{address}>" if address else "")
        yield "" if number else "Sources", " ".join(filter(None, words))
    yield "Cite as", cite(dataset)


def _spell_twin(twin: dict[str, Any]) -> str:
    return f"{twin['table']} ({Size(twin['bytes']).human()}, {twin['distribution'] or 'cached'})"


def _bold(text: str) -> str:
    return click.style(printable(text), bold=True)


def _type(field: Field) -> str:
    length = field.constraints.get("maxLength")
    return f"{field.type_name}({length})" if length else field.type_name


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
    share = f" ({spell_share(field.null_count / table.row_count)})" if field.null_count else ""
    return f"{Count(field.null_count).human()} of {Count(table.row_count).of('row')}{share}"


def _without_blanks(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The rows without the columns that are empty in all of them."""
    kept = [any(column) for column in zip(*rows, strict=True)]
    return [tuple(compress(row, kept)) for row in rows]
