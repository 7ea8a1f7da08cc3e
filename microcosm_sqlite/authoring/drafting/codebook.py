"""A codebook: what the columns of tables mean, in which unit, and what their codes stand for.

It is read from a Data Package, `datapackage.json`, or from a table with a row for each column.
Files that are labelled themselves give the same descriptions.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.sources.meanings import ColumnDescription, tidy
from microcosm_sqlite.authoring.values.layout import make_identifier
from microcosm_sqlite.errors import SourceError

PACKAGE_FILE = "datapackage.json"
"""Name of a codebook that is used wherever it stands beside the files that it describes."""

_LARGEST = 20_000_000
"""Bytes of a codebook."""


@dataclass
class TableDescription:
    """The description of a table, and of its columns by name.

    Attributes:
        description: What one row is, or what they are together; may be empty.
        columns: Column to its description.
    """

    description: str = ""
    columns: dict[str, ColumnDescription] = field(default_factory=dict)


class Codebook:
    """Descriptions of tables and columns, found by names however they are spelled.

    Attributes:
        tables: Table to its description; an empty name stands for any table.
    """

    def __init__(self, tables: Mapping[str, TableDescription]) -> None:
        self.tables = dict(tables)
        self._columns = {
            (_even_out(table), _even_out(column)): found
            for table, described in tables.items()
            for column, found in described.columns.items()
        }
        self._texts = {_even_out(name): each.description for name, each in tables.items()}

    def __bool__(self) -> bool:
        return bool(self.tables)

    def find_column(self, tables: Iterable[str], columns: Iterable[str]) -> ColumnDescription:
        """The description of a column; an empty one if there is none.

        Args:
            tables: The names of its table: in the database, of its file.
            columns: Its names: in the database, in the source.
        """
        names = [_even_out(name) for name in columns]
        for table in (*map(_even_out, tables), ""):
            for name in names:
                if found := self._columns.get((table, name)):
                    return found
        return ColumnDescription()

    def find_table(self, tables: Iterable[str]) -> str:
        """The description of a table; empty if there is none."""
        return next(filter(None, (self._texts.get(_even_out(name)) for name in tables)), "")

    def list_unknown(self, known: Mapping[str, Iterable[str]]) -> Iterator[str]:
        """List what it describes though it is not there, as sentences.

        Args:
            known: Each name of a table to the names of its columns.
        """
        columns = {_even_out(table): {*map(_even_out, names)} for table, names in known.items()}
        everywhere = {name for names in columns.values() for name in names}
        names_of: dict[int, list[str]] = {}
        for name, described in self.tables.items():
            names_of.setdefault(id(described), []).append(name)
        for names in names_of.values():
            present = [columns[each] for each in map(_even_out, names) if each in columns]
            if not (present or "" in names):
                yield f"the codebook describes table {names[-1]}, which is not there"
                continue
            there = everywhere if "" in names else set().union(*present)
            listed = self.tables[names[0]].columns
            missing = [name for name in listed if _even_out(name) not in there]
            if missing:
                place = f" of {names[-1]}" if names[-1] else ""
                yield f"the codebook describes {', '.join(missing)}{place}, which is not there"


def _even_out(name: str) -> str:
    return make_identifier(name).casefold()


def read_codebook(path: Path) -> Codebook:
    """Read a codebook.

    Args:
        path: A Data Package in JSON; or delimited text with a header: `column` and `description`,
            and maybe `table`, `unit` and `labels`, such as `1=male; 2=female`. A row without a
            column describes the table.

    Raises:
        SourceError: It cannot be read, or is neither.
    """
    name = path.name
    try:
        if path.stat().st_size > _LARGEST:
            raise SourceError(f"{name} is too large for a codebook.", file=name)
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise SourceError(f"{name} cannot be read: {error.strerror}.", file=name) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name} is not UTF-8 at byte {error.start}.",
            file=name,
            hint="Save the codebook in UTF-8.",
        ) from error
    if path.suffix.lower() == ".json":
        return Codebook(_read_package(text, path))
    return Codebook(_read_rows(text, name))


def load_codebook(
    folder: Path, given: str | os.PathLike[str] | None
) -> tuple[Codebook, tuple[Path, ...]]:
    """Return the codebook that is given, or else that of a folder, and what is no source therefore.

    Args:
        folder: The folder, or a file beside which there may be one.
        given: The codebook, if it is said which.

    Raises:
        SourceError: It cannot be read.
    """
    beside = (folder if folder.is_dir() else folder.parent) / PACKAGE_FILE
    files = [Path(given)] if given is not None else []
    files += [beside] if beside.is_file() else []
    return (read_codebook(files[0]) if files else Codebook({})), tuple(files)


def _read_package(text: str, path: Path) -> dict[str, TableDescription]:
    try:
        package = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name} is not JSON: {error}.", file=path.name) from error
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list):
        raise SourceError(
            f"{path.name} is not a Data Package, as it has no list of `resources`.",
            file=path.name,
            hint="A codebook may also be CSV: table, column, description, unit, labels.",
        )
    found: dict[str, TableDescription] = {}
    for resource in (each for each in resources if isinstance(each, dict)):
        described = TableDescription(_read_text(resource, "description", "title"))
        for each in _list_fields(resource, path):
            if name := _read_text(each, "name"):
                described.columns[name] = _describe_field(each)
        names = [_read_text(resource, "name")]
        file = resource.get("path")
        names += [Path(file).name.partition(".")[0]] if isinstance(file, str) else []
        found |= dict.fromkeys(filter(None, names[::-1]), described)
    return found


def _list_fields(resource: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    schema = resource.get("schema")
    if isinstance(schema, str):
        schema = _read_schema(schema, path)
    fields = schema.get("fields") if isinstance(schema, dict) else None
    return [each for each in fields or () if isinstance(each, dict)]


def _read_schema(name: str, path: Path) -> object:
    """The Table Schema that a package names in place of having it; one of its own folder."""
    file = (path.parent / name).resolve()
    if "://" in name or not file.is_relative_to(path.parent.resolve()):
        return None
    try:
        schema: object = json.loads(file.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{path.name} names the schema {name}, which cannot be read: {error}.", file=name
        ) from error
    return schema


def _describe_field(raw: Mapping[str, Any]) -> ColumnDescription:
    labels = {
        str(each["value"]): str(each["label"])
        for each in raw.get("categories") or ()
        if isinstance(each, dict) and {"value", "label"} <= each.keys()
    }
    unit = _read_text(raw, "unit", "units")
    return ColumnDescription(_read_text(raw, "description", "title"), unit, labels)


def _read_text(raw: Mapping[str, Any], *keys: str) -> str:
    """The first text under some keys, on one line."""
    texts = (raw.get(key) for key in keys)
    return next((tidy(text) for text in texts if isinstance(text, str) and text.strip()), "")


_HEADERS = {
    "table": ("table", "resource", "file"),
    "column": ("column", "variable", "field"),
    "description": ("description", "definition", "label", "title"),
    "unit": ("unit", "units"),
    "labels": ("labels", "categories", "values"),
}
"""The headers of a codebook's columns, by their content."""


def _read_rows(text: str, name: str) -> dict[str, TableDescription]:
    head = text.partition("\n")[0]
    rows = csv.reader(text.splitlines(keepends=True), delimiter=max(",;\t|", key=head.count))
    try:
        header, *rest = [row for row in rows if any(field.strip() for field in row)]
    except (csv.Error, ValueError) as error:
        raise SourceError(f"{name} has no header that can be read.", file=name) from error
    places = _find_places([_even_out(field) for field in header])
    if "column" not in places or not places.keys() & {"description", "unit", "labels"}:
        raise SourceError(
            f"{name} is not a codebook: its header is {', '.join(header)}.",
            file=name,
            hint="It needs `column` and `description`, and may have `table`, `unit` and `labels`.",
        )
    found: dict[str, TableDescription] = {}
    for row in rest:
        told = {key: row[at] if at < len(row) else "" for key, at in places.items()}
        table = found.setdefault(told.get("table", "").strip(), TableDescription())
        about = _read_text(told, "description")
        if column := told["column"].strip():
            unit, labels = _read_text(told, "unit"), read_labels(told.get("labels", ""))
            described = ColumnDescription(about, unit, labels)
            table.columns[column] = described.over(table.columns.get(column, ColumnDescription()))
        else:
            table.description = about or table.description
    return found


def _find_places(header: list[str]) -> dict[str, int]:
    found = {}
    for key, names in _HEADERS.items():
        place = next((header.index(name) for name in names if name in header), None)
        if place is not None:
            found[key] = place
    return found


def read_labels(text: str) -> dict[str, str]:
    """Read the meanings of codes from a cell of a codebook.

    >>> read_labels("1 = male; 2=female")
    {'1': 'male', '2': 'female'}
    """
    pairs = (part.partition("=") for part in text.replace("\n", ";").replace("|", ";").split(";"))
    return {code.strip(): tidy(label) for code, equals, label in pairs if equals and code.strip()}
