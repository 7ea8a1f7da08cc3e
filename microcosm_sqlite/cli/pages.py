"""Datasets, tables and columns as plain data, and the pages that ``info`` and ``doctor`` show."""

from __future__ import annotations

from itertools import compress

import click

from microcosm_sqlite.catalog.citation import cite
from microcosm_sqlite.catalog.verifying.ranges import spell_range
from microcosm_sqlite.cli.output import Count, Size, draw_plain, draw_table
from microcosm_sqlite.cli.streams import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.doctor import Diagnosis
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Manifest, Table


COLUMNS = ("name", "version", "tables", "rows", "size", "license", "package")
TABLE_COLUMNS = (
    *("table", "column", "type", "format", "required", "references"),
    *("null_count", "minimum", "maximum", "min_length", "max_length", "description"),
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


def describe(dataset: InstalledDataset) -> dict[str, Any]:
    """Describe a dataset: the stable form of ``info --json``.

    A dataset without a manifest is opened to read its tables.
    """
    described: dict[str, Any] = {
        "name": dataset.name,
        "version": dataset.version,
        "package": dataset.distribution,
        "package_version": dataset.distribution_version,
    }
    if dataset.manifest:
        described |= _describe_manifest(dataset.manifest)
    described["tables"] = [describe_table(table) for table in dataset.tables.values()]
    return described


def list_columns(table: Table) -> Iterator[tuple[Any, ...]]:
    """A row for each column of a table."""
    for field in table.fields:
        column = describe_column(field, table)
        column |= {"table": table.name, "column": field.name}
        column["references"] = " ".join(column["references"])
        column["required"] = int(column["required"])
        yield tuple(column[key] for key in TABLE_COLUMNS)


def name_licenses(manifest: Manifest) -> str:
    """The data's licences in one line."""
    names = (
        licence.get("name") or licence.get("title") or licence.get("path")
        for licence in manifest.licenses
    )
    return " AND ".join(filter(None, names))


def _describe_manifest(manifest: Manifest) -> dict[str, Any]:
    return {
        "title": manifest.title,
        "description": manifest.description,
        "license": name_licenses(manifest),
        "licenses": manifest.licenses,
        "sources": manifest.sources,
        "contributors": manifest.contributors,
        "models": manifest.models,
        "size": Size(manifest.bytes),
        "sha256": manifest.sha256,
        "compression": manifest.compression,
    }


def describe_table(table: Table) -> dict[str, Any]:
    """Describe a table."""
    return {
        "name": table.name,
        "description": table.description,
        "rows": Count(table.row_count),
        "columns": [describe_column(field, table) for field in table.fields],
        "primary_key": table.primary_key,
        "unique_keys": table.unique_keys,
        "foreign_keys": table.foreign_keys,
        "external_keys": table.external_keys,
        "indexes": table.indexes,
    }


def describe_column(field: Field, table: Table) -> dict[str, Any]:
    """Describe a column; None for what its manifest does not state."""
    minimum, maximum = field.value_range or (None, None)
    shortest, longest = field.length_range or (None, None)
    return {
        "name": field.name,
        "type": field.type,
        "format": field.format,
        "required": field.required or field.name in table.primary_key,
        "description": field.description,
        "constraints": field.constraints,
        "references": find_references(table, field.name),
        "null_count": field.null_count,
        "minimum": minimum,
        "maximum": maximum,
        "min_length": shortest,
        "max_length": longest,
    }


def find_references(table: Table, column: str) -> list[str]:
    """The columns that a column refers to, such as ``airlines.carrier``.

    One in another dataset begins with the name of that dataset.
    """
    found = []
    for key in (*table.foreign_keys, *table.external_keys):
        pairs = zip(key["fields"], key["reference"]["fields"], strict=False)
        target = table.target_of(key)
        found += [f"{target}.{referred}" for own, referred in pairs if own == column]
    return found


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
