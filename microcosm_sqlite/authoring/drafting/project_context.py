"""The variables about drafted tables that the template of projects gets."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.drafting.code_layout import (
    LINE_LENGTH,
    Call,
    check_name,
    lay_out,
    spell_table,
    write_import,
)
from microcosm_sqlite.authoring.drafting.downloads import Download
from microcosm_sqlite.authoring.drafting.from_databases.draft import DatabaseDraft, draft_databases
from microcosm_sqlite.authoring.drafting.from_files.inferred import (
    Inference,
    InferredTable,
    declare_models,
)
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.project.source_options import (
    NESTED_OPTIONS,
    CsvOptions,
    TableOptions,
)
from microcosm_sqlite.authoring.sources.companions import list_companions
from microcosm_sqlite.authoring.sources.formats import FORMATS, name_table, split_name
from microcosm_sqlite.common.wording import escape_markdown, is_utf8, measure, spell_code

_ABOUT = "The tables: which columns each has, what they hold, and how they refer to each other."
_ABOUT_FILES = (
    "Types and keys were inferred from every row of the sources; correct what you know better."
)
_ABOUT_DATABASES = (
    "They were drafted from an existing database: types, keys and checks are what it declares,\n"
    "where all of its rows obey."
)

HOOK_TABLE = "tool.hatch.build.targets.wheel.hooks.microcosm-sqlite"
_INFINITY = "infinity = true"
_NO_OPTIONS = TableOptions()


def list_settings(
    tables: Mapping[str, InferredTable],
    infinite: Collection[str] = (),
    base: TableOptions = _NO_OPTIONS,
    null_values: Collection[str] = (),
    downloads: Mapping[Path, Download] | None = None,
) -> dict[str, list[str]]:
    """Return the lines of each table of settings that is needed, by its name below the hook's.

    Args:
        tables: The tables of files.
        infinite: The tables of databases that have infinite numbers.
        base: How files are read of which nothing is said.
        null_values: Texts of the files that mean that there is no value, where `base` has others.
        downloads: The files that were fetched.
    """
    fetched = {
        name: found
        for name, table in tables.items()
        if (found := (downloads or {}).get(table.file.path.resolve()))
    }
    settings = {name: [*_write_table(table, base)] for name, table in tables.items()}
    if {*null_values} - {*base.null_values}:
        line = f"null-values = {write_toml([*base.null_values, *null_values])}"
        settings = {name: [*lines, line] for name, lines in settings.items()}
    settings |= {name: [_INFINITY] for name in sorted(infinite)}
    upstream = [
        f"{write_toml_key(name)} = {write_toml(table.file.path.name)}"
        for name, table in tables.items()
        if name not in fetched
        if table.file.path.name != name_source(table) and is_utf8(table.file.path.name)
    ]
    upstream += [f"{write_toml_key(n)} = {write_toml(each.url)}" for n, each in fetched.items()]
    facts = [f"{write_toml_key(n)} = {write_toml(each.facts)}" for n, each in fetched.items()]
    listed = {f"tables.{write_toml_key(name)}": lines for name, lines in settings.items() if lines}
    listed |= {"upstream": upstream} if upstream else {}
    return listed | ({"fetched": facts} if facts else {})


def list_extras(tables: Mapping[str, InferredTable]) -> list[str]:
    """The extras of this distribution that builds from the files of tables need."""
    return sorted({FORMATS[table.file.source.format].extra for table in tables.values()} - {""})


def describe_options(options: Mapping[str, bool | int | str | tuple[str, ...]]) -> str:
    """Options of a dialect as a reader of settings sees them."""
    return ", ".join(f"{name} = {write_toml(value)}" for name, value in options.items())


def list_csv_options(
    table: InferredTable, base: CsvOptions = _NO_OPTIONS.csv
) -> dict[str, bool | int | str | tuple[str, ...]]:
    """The options of `csv` in which a table's file differs from the defaults."""
    raw = table.file
    if not isinstance(raw, RawFile):
        return {}
    given = {field.name: getattr(raw.options, field.name) for field in fields(CsvOptions)}
    defaults = {field.name: getattr(base, field.name) for field in fields(CsvOptions)}
    defaults["delimiter"] = base.delimiter or ("\t" if raw.source.format == "tsv" else ",")
    if given.pop("fills_rows") != base.fills_rows:
        given["ragged_rows"] = "error" if base.fills_rows else "fill"
    return {
        name.replace("_", "-"): value
        for name, value in given.items()
        if value != defaults.get(name)
    }


def name_source(table: InferredTable) -> str:
    """The name of a table's file among the sources of the project, or of the folder of parts."""
    path = table.file.path
    if table.file.parts:
        return table.name
    stem = name_table(path) if table.file.is_shared else table.name
    return f"{stem}{path.name[len(split_name(path)[0]) :].lower()}"


def list_source_files(table: InferredTable) -> Iterator[tuple[str, Path]]:
    """A table's file and what belongs to it, each with its name among the sources."""
    source, file = name_source(table), table.file
    names = [f"{source}/{part.name}" for part in file.parts] or [source]
    for name, path in zip(names, file.files, strict=True):
        yield name, path
        for end, part in list_companions(path):
            yield Path(name).with_name(f"{Path(name).stem}{end}").as_posix(), part


def _write_table(table: InferredTable, base: TableOptions) -> Iterator[str]:
    for name, value in list_csv_options(table, base.csv).items():
        yield f"csv.{name} = {write_toml(value)}"
    for column in table.columns.values():
        if column.format:
            yield f"formats.{write_toml_key(column.name)} = {write_toml(column.format)}"
    for field in table.moved:
        yield f"columns.{write_toml_key(field)} = {write_toml('')}"
    if nested := table.file.nested:
        told = {name: getattr(nested, name) for name in NESTED_OPTIONS}
        yield f"nested = {write_toml({name: each for name, each in told.items() if each})}"
    if any(column.has_infinity for column in table.columns.values()) and not base.infinity:
        yield _INFINITY


def describe_draft(
    inference: Inference,
    databases: Sequence[DatabaseDraft],
    answers: dict[str, str],
    null_values: Collection[str],
    downloads: Mapping[Path, Download] | None = None,
) -> dict[str, Any]:
    """Return what the template takes the place of its example from, by name.

    Args:
        inference: The tables of files.
        databases: The databases; their models are filled in.
        answers: All answers to the template's questions.
        null_values: Texts of the files that mean that there is no value.
        downloads: The files that were fetched.
    """
    tables = [*_list_declared(databases), *_list_inferred(inference)]
    first = _spell_first(table["name"] for table in tables)
    infinite = {name for each in databases for name in each.found.infinite}
    settings = list_settings(inference.tables, infinite, downloads=downloads)
    written = ["\n".join([f"[{HOOK_TABLE}.{n}]", *lines]) for n, lines in settings.items()]
    count = [f'"SELECT count(*) FROM {first}"']
    return {
        "tables": [_escape(table) for table in tables],
        "first": first,
        "count": "\n".join(lay_out(Call("dataset.connect().execute(", count, ").fetchone()"))),
        "null_values": json.dumps([*null_values], ensure_ascii=False) if null_values else "",
        "settings": "\n\n".join([*written, *_write_origins(downloads or {})]),
        "extras": "".join(f",{name}" for name in list_extras(inference.tables)),
        "has_repairs": any(table.file.repairs for table in inference.tables.values()),
        **_write_code(inference, databases, answers),
    }


def _write_origins(downloads: Mapping[Path, Download]) -> Iterator[str]:
    for url, download in {each.url: each for each in downloads.values()}.items():
        title = write_toml(download.path.name)
        yield f"[[{HOOK_TABLE}.origins]]\ntitle = {title}\nurl = {write_toml(url)}"


def _write_code(
    inference: Inference, databases: Sequence[DatabaseDraft], answers: dict[str, str]
) -> dict[str, str]:
    base = answers["__base"]
    classes = name_classes(inference.tables, base)
    inferred = declare_models(inference.tables, classes)
    draft_databases(databases, base, classes)
    writer = ModelWriter(base, classes.values())
    writer.write(inferred)
    for database in databases:
        writer.write(database.models, database.found.views.values())
    models = writer.write_module(
        f"{_ABOUT}\n\n{_ABOUT_FILES if inferred else _ABOUT_DATABASES}\n",
        dataset=answers["dataset"],
        description=answers["description"],
    )
    return {"models": models, "stores": write_stores(classes, package=answers["package"])}


def _list_declared(databases: Iterable[DatabaseDraft]) -> Iterator[dict[str, Any]]:
    for database in databases:
        for name, table in sorted(database.found.metadata.tables.items()):
            key = database.found.list_key(table)
            yield {"name": name, "key": key, "file": database.path.name}


def _list_inferred(inference: Inference) -> Iterator[dict[str, Any]]:
    for table in inference.tables.values():
        yield {
            "name": table.name,
            "key": table.primary_key,
            "file": table.file.origin or table.file.path.name,
        }


CARD_HEAD = ("| table | key |", "|---|---|")


def add_to_card(
    text: str, inference: Inference, databases: Iterable[DatabaseDraft] = ()
) -> tuple[str, list[str]]:
    """Return the card of a project with more tables and their files, where it is as it was drafted.

    Returns:
        The text, and what is not in it, as sentences.
    """
    listed = [*_list_declared(databases), *_list_inferred(inference)]
    tables = [_escape(table) for table in listed]
    rows = [f"| {table['name']} | {table['key'] or 'row number'} |" for table in tables]
    files = [f"- {name}" for name in dict.fromkeys(table["file"] for table in tables)]
    lines, missing = text.split("\n"), []
    for find_end, added in ((_find_end_of_table, rows), (_find_end_of_files, files)):
        plain = [line.removesuffix("\r") for line in lines]
        end = find_end(plain)
        if end:
            lines[end:end] = [f"{line}{lines[end - 1][len(plain[end - 1]) :]}" for line in added]
        else:
            missing.append(f"README.md: its text is your own, so add to it: {', '.join(added)}")
    return "\n".join(lines), missing


def _find_end_of_table(lines: Sequence[str]) -> int:
    """The line behind the table of tables; zero where there is none."""
    starts = (n for n in range(len(lines)) if tuple(lines[n : n + 2]) == CARD_HEAD)
    end = next(starts, -2) + 2
    while end and lines[end:] and lines[end].startswith("| "):
        end += 1
    return end


def _find_end_of_files(lines: Sequence[str]) -> int:
    """The line behind the last item of a list that is a file of data; zero where there is none."""
    items = [(n, _FILE_ITEM.match(line)) for n, line in enumerate(lines, start=1)]
    return max((n for n, item in items if item and _is_source(item[1])), default=0)


_FILE_ITEM = re.compile(r"- `+ ?([^`]+?) ?`+")


def _is_source(name: str) -> bool:
    return name.endswith("/") or split_name(Path(name))[1] != ""


def _spell_first(names: Iterable[str]) -> str:
    """Return the first table that shells, Python and SQL all take as it is, in brackets if need be.

    Where there is none, it is the table that lists the others.
    """
    for name in names:
        if name.isidentifier():
            return name
        if re.fullmatch(r"[\w .-]+", name):
            return f"[{name}]"
    return "sqlite_schema"


def _escape(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table as the card tells of it in Markdown."""
    return {
        "name": escape_markdown(table["name"]),
        "key": ", ".join(map(escape_markdown, table["key"])),
        "file": spell_code(table["file"]),
    }


def write_stores(classes: Mapping[str, str], *, package: str) -> str:
    """Return the module that has a store for each model, given the class of each table."""
    bodies = ["\n".join(write_store(table, name)) for table, name in classes.items()]
    lines = [
        '"""Stores (repository pattern): one per model, with the searches that readers need."""',
        "",
        "from __future__ import annotations",
        "",
        "from microcosm_sqlite import Store",
        "",
        *write_import(f"{package}.models", classes.values()),
        "",
        "",
        "\n\n\n".join(bodies),
    ]
    return "\n".join(lines) + "\n"


def write_store(table: str, model: str) -> list[str]:
    """The lines of the store of one table, given its class."""
    head = f"class {check_name(model)}Store(Store[{model}]):"
    heads = [f"class {model}Store(", f"    Store[{model}]", "):"]
    body = f'    """Rows of {spell_table(table)}, by any column."""'
    return [*([head] if measure(head) <= LINE_LENGTH else heads), body]
