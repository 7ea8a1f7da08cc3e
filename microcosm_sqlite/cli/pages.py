"""The pages that ``info`` and ``doctor`` show to people."""

from __future__ import annotations

import click

from microcosm_sqlite.catalog.citation import cite
from microcosm_sqlite.cli.inventory import describe
from microcosm_sqlite.cli.output import printable
from microcosm_sqlite.cli.tables import draw_plain, draw_table
from microcosm_sqlite.cli.values import Size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.catalog.doctor import Diagnosis
    from microcosm_sqlite.catalog.installed import InstalledDataset


def draw_info(found: InstalledDataset) -> str:
    """What a dataset is, whose, under which licence, and what its tables hold."""
    described = describe(found)
    lines = (described.get("title"), described.get("description"))
    parts = [
        "\n".join(
            [_bold(f"{found.name} {found.version}".strip()), *map(printable, filter(None, lines))]
        ),
        draw_plain(list(_facts(found, described))),
        *(_draw_table(table) for table in described["tables"]),
    ]
    return "\n\n".join(parts)


def draw_diagnosis(diagnosis: Diagnosis) -> str:
    """What an environment is made of, and which datasets it holds."""
    parts = [draw_plain(list(diagnosis.environment.items()))]
    if diagnosis.datasets:
        rows = [_diagnosed(found) for found in diagnosis.datasets]
        parts.append(draw_table(_DIAGNOSED, rows, True).rstrip("\n"))
    return "\n\n".join(parts)


_DIAGNOSED = ("DATASET", "VERSION", "SIZE", "KIND", "PACKAGE")


def _diagnosed(found: dict[str, Any]) -> tuple[Any, ...]:
    size = "-" if found["bytes"] is None else Size(found["bytes"])
    return found["name"], found["version"], size, found["kind"], found["distribution"]


def _facts(found: InstalledDataset, described: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if found.distribution:
        yield "Package", f"{found.distribution} {found.distribution_version}"
    if found.manifest is None:
        yield "Manifest", "none: written for microcosm-sqlite 2.0.0"
        return
    yield "Licence", described["license"] or "not stated"
    codec = found.manifest.compression
    packed = "" if codec == "none" else f", packed with {codec}"
    yield "Size", f"{described['size'].human()}{packed}"
    if found.manifest.models:
        yield "Models", found.manifest.models
    for number, source in enumerate(found.manifest.sources):
        address = source.get("path", "")
        words = (source.get("title", ""), f"<{address}>" if address else "")
        yield "" if number else "Sources", " ".join(filter(None, words))
    yield "Cite as", cite(found)


def _draw_table(table: dict[str, Any]) -> str:
    title = f"{_bold(table['name'])}: {table['rows'].of('row')}"
    if table["description"]:
        title += f". {printable(table['description'])}"
    columns = [
        ("  " + column["name"], _type(column), _role(table, column), column["description"])
        for column in table["columns"]
    ]
    return f"{title}\n{draw_plain(columns)}"


def _bold(text: str) -> str:
    return click.style(printable(text), bold=True)


def _type(column: dict[str, Any]) -> str:
    length = column["constraints"].get("maxLength")
    kind = column["type"] if column["format"] in ("default", "") else _formatted(column)
    return f"{kind}({length})" if length else str(kind)


def _formatted(column: dict[str, Any]) -> str:
    # Patterns of dates are for parsers; a word such as "uuid" or "binary" is for people as well.
    kind, form = str(column["type"]), str(column["format"])
    return form if form.isalpha() else kind


def _role(table: dict[str, Any], column: dict[str, Any]) -> str:
    words = []
    if column["name"] in table["primary_key"]:
        words.append("key")
    elif not column["required"]:
        words.append("may be NULL")
    words += [f"-> {target}" for target in column["references"]]
    return ", ".join(words)
