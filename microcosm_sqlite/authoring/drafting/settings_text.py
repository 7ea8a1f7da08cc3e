"""The settings and repairs that the build of drafted tables needs, as TOML."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, fields

from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.authoring.drafting.from_files.sniffing import RawFile
from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.finding import split_name

HOOK_TABLE = "tool.hatch.build.targets.wheel.hooks.microcosm-sqlite"
_INFINITY = "infinity = true"


def write_tables(tables: Mapping[str, InferredTable], infinite: Collection[str] = ()) -> str:
    """Return a TOML table for each table that the defaults do not fit.

    Args:
        tables: The tables of files.
        infinite: The tables of databases that have infinite numbers.
    """
    settings = {name: list(_write_table(table)) for name, table in tables.items()}
    settings |= {name: [_INFINITY] for name in sorted(infinite)}
    return "\n\n".join(
        "\n".join([f"[{HOOK_TABLE}.tables.{_write_key(name)}]", *lines])
        for name, lines in settings.items()
        if lines
    )


def describe_options(options: Mapping[str, bool | int | str | tuple[str, ...]]) -> str:
    """Options of a dialect as a reader of settings sees them."""
    return ", ".join(f"{name} = {_write_value(value)}" for name, value in options.items())


def list_csv_options(table: InferredTable) -> dict[str, bool | int | str | tuple[str, ...]]:
    """The options of `csv` in which a table's file differs from the defaults."""
    raw = table.file
    if not isinstance(raw, RawFile):
        return {}
    given = {field.name: getattr(raw.options, field.name) for field in fields(CsvOptions)}
    defaults = {field.name: getattr(CsvOptions(), field.name) for field in fields(CsvOptions)}
    defaults["delimiter"] = "\t" if split_name(raw.path)[1] == "tsv" else ","
    if given.pop("fills_rows"):
        given["ragged_rows"] = "fill"
    return {
        name.replace("_", "-"): value
        for name, value in given.items()
        if value != defaults.get(name)
    }


def name_source(table: InferredTable) -> str:
    """The name of a table's file among the sources of the project."""
    path = table.file.path
    return f"{table.name}{path.name[len(split_name(path)[0]) :].lower()}"


_ABOUT_REPAIRS = """\
# Lines that are read as another row than stands in the source, or left out where `becomes` is
# missing. The build refuses a repair whose lines have changed. Delete those that are wrong.
"""


def write_repairs(tables: Iterable[InferredTable]) -> str:
    """Return the repairs of all tables as `repairs.toml` has them; nothing if there are none."""
    entries = [
        "\n".join(
            ["[[repairs]]", f"source = {_write_value(f'sources/{name_source(table)}')}", *lines]
        )
        for table in tables
        for lines in map(_write_repair, table.file.repairs)
    ]
    return "\n\n".join([_ABOUT_REPAIRS.rstrip(), *entries, ""])[:-1] if entries else ""


def _write_repair(repair: Repair) -> list[str]:
    values = {**asdict(repair), "becomes": [*repair.becomes]}
    if repair.lines == 1:
        del values["lines"]
    return [f"{name} = {_write_value(value)}" for name, value in values.items() if value]


def _write_table(table: InferredTable) -> Iterator[str]:
    for name, value in list_csv_options(table).items():
        yield f"csv.{name} = {_write_value(value)}"
    for column in table.columns.values():
        if column.format:
            yield f"formats.{_write_key(column.name)} = {_write_value(column.format)}"
    if any(column.has_infinity for column in table.columns.values()):
        yield _INFINITY


def _write_key(name: str) -> str:
    return name if name.replace("-", "_").isidentifier() and name.isascii() else _write_value(name)


def _write_value(value: object) -> str:
    # TOML takes the strings, booleans, numbers and lists of JSON, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
