"""How the tables of a dataset are declared: as SQL, models, a diagram, or a Data Package v2."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from pathlib import Path

from microcosm_sqlite.catalog.citation import find_web_url, without_script
from microcosm_sqlite.catalog.hashing import hash_file
from microcosm_sqlite.catalog.manifest import EXTENSION, PROFILE
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import spell_on_one_line
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.interop.exporting.answers import answering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field, Table


_STATEMENTS = """
SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL
ORDER BY tbl_name, type DESC, name
"""


def read_sql(dataset: InstalledDataset, tables: Collection[str] | None = None) -> str:
    """The CREATE statements of tables and their indexes, as the file holds them.

    >>> print(read_sql(nyc, ["airlines"]))                         # doctest: +SKIP
    CREATE TABLE airlines (
        carrier VARCHAR(2) NOT NULL,

    Args:
        dataset: The dataset.
        tables: Names of the tables; all by default.

    Raises:
        DatasetError: The dataset cannot be opened or read.
    """
    tables = dataset.tables if tables is None else tables
    with answering(dataset, _STATEMENTS) as answer:
        return "\n\n".join(f"{sql};" for table, sql in answer.rows if table in tables)


def read_models(dataset: InstalledDataset) -> str:
    """The source of the module that declares a dataset's models; it is read, not imported.

    >>> print(read_models(nyc))                                    # doctest: +SKIP
    '''Models of the dataset nycflights13.'''

    Returns:
        The source without its last line end; empty where the dataset declares no models.

    Raises:
        DatasetError: The dataset declares models, but their module is not on disk.
    """
    module = dataset.manifest.models if dataset.manifest else ""
    if not module:
        return ""
    for read in _readers(dataset, module):
        try:
            return read().decode().rstrip("\n")
        except (OSError, KeyError):
            continue
    raise DatasetError(
        f"The models of dataset {dataset.name!r} are not on disk: {module}.",
        hint=f"Reinstall {dataset.distribution}.",
    )


def _readers(dataset: InstalledDataset, module: str) -> Iterator[Callable[[], bytes]]:
    distribution = dataset.entry.distribution if dataset.entry else None
    if distribution and distribution.is_zipped:
        from zipfile import ZipFile

        with ZipFile(distribution.site) as archive:
            for ending in (".py", "/__init__.py"):
                yield partial(archive.read, module.replace(".", "/") + ending)
        return
    for file in _candidates(module):
        yield file.read_bytes


def _candidates(module: str) -> list[Path]:
    from importlib.util import find_spec

    top, *parts = module.split(".")
    # Only of a top-level name is the place found without importing anything.
    spec = find_spec(top)
    if spec is None or spec.submodule_search_locations is None:
        return [Path(spec.origin)] if spec and spec.origin and not parts else []
    stems = [Path(folder, *parts) for folder in spec.submodule_search_locations]
    return [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]


def draw_mermaid(tables: Iterable[Table]) -> str:
    """An entity-relationship diagram in Mermaid's language: columns, keys and foreign keys.

    >>> print(draw_mermaid(nyc.tables.values()))                   # doctest: +SKIP
    erDiagram
        airlines {
            string carrier PK

    Args:
        tables: The tables to draw. One that they refer to, but that is not among them, is drawn
            as an empty box.
    """
    tables = list(tables)
    lines = ["erDiagram"]
    for table in tables:
        lines += [f"    {_entity(table.name)} {{", *_columns(table), "    }"]
    for table in tables:
        lines += (_relation(table, key) for key in (*table.foreign_keys, *table.external_keys))
    return "\n".join(lines)


def _columns(table: Table) -> Iterator[str]:
    keys = (*table.foreign_keys, *table.external_keys)
    foreign = {column for key in keys for column in key["fields"]}
    unique = {key[0] for key in table.unique_keys if len(key) == 1}
    for field in table.fields:
        marks = [
            mark
            for mark, columns in (("PK", table.primary_key), ("FK", foreign), ("UK", unique))
            if field.name in columns
        ]
        comment = _label(field.description) if field.description else ""
        parts = (_word(field.type), _word(field.name), ", ".join(marks), comment)
        yield f"        {' '.join(filter(None, parts))}"


def _relation(table: Table, key: dict[str, Any]) -> str:
    required = {field.name for field in table.fields if _is_required(field, table)}
    target = table.target_of(key)
    one = "||" if required.issuperset(key["fields"]) else "|o"
    label = _label(", ".join(key["fields"]))
    return f"    {_entity(target)} {one}--o{{ {_entity(table.name)} : {label}"


def _is_required(field: Field, table: Table) -> bool:
    return field.required or field.name in table.primary_key


def _entity(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else _label(name)


def _label(text: str) -> str:
    """A quoted text, which knows no escapes, and in which two percent signs would be a command."""
    plain = spell_on_one_line(text.replace("\n", " ")).replace('"', "'")
    return f'"{re.sub("%{2,}", "%", plain)}"'


def _word(name: str) -> str:
    """A column's name as far as the language can write it."""
    word = re.sub(r"[^\w-]", "_", name)
    return word if word[:1].isalpha() or word[:1] == "_" else f"_{word}"


def describe_package(dataset: InstalledDataset, exported: Mapping[str, Path]) -> dict[str, Any]:
    """The descriptor of exported tables.

    Args:
        dataset: The dataset.
        exported: For each table that was exported its CSV file; the descriptor is meant to stand
            in the same folder.
    """
    raw: dict[str, Any] = {"$schema": PROFILE, "name": dataset.name}
    if dataset.manifest:
        raw = dataset.manifest.raw
    about = {key: value for key, value in raw.items() if key not in ("resources", EXTENSION)}
    if "licenses" in about:
        about["licenses"] = [each for each in map(_describe_license, raw["licenses"]) if each]
    if "sources" in about:
        about["sources"] = [without_script(source) for source in raw["sources"]]
    if not find_web_url({"path": about.get("homepage")}):
        about.pop("homepage", None)
    names = {table: _spell(path.stem).lower() for table, path in exported.items()}
    resources = [
        _describe_resource(dataset, dataset.tables[table], names, path)
        for table, path in exported.items()
    ]
    return about | {"resources": resources}


def _describe_license(found: dict[str, Any]) -> dict[str, Any]:
    """A licence as the standard defines it: its name has no blanks."""
    title = str(found.get("title") or found.get("name") or "")
    name = _spell(str(found.get("name") or title))
    described = {"name": name, "title": title if title != name else ""}
    described["path"] = without_script(found).get("path", "")
    return {key: value for key, value in described.items() if value}


def _spell(name: str) -> str:
    """A name of the letters that the standard allows in one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^-A-Za-z0-9._]+", "-", plain).strip("-") or _number(name)


def _number(name: str) -> str:
    return f"x{name.encode().hex()[:16]}" if name else ""


def _describe_resource(
    dataset: InstalledDataset, table: Table, names: Mapping[str, str], path: Path
) -> dict[str, Any]:
    digest, size = hash_file(str(path))
    name = names[table.name]
    described = {
        "name": name,
        "title": table.name if name != table.name else "",
        "type": "table",
        "description": table.description,
        "deprecated": table.deprecated,
        "path": path.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size,
        "hash": f"sha256:{digest.hex()}",
        "rowCount": table.row_count,
        "schema": _describe_schema(dataset, table, names),
    }
    return {key: value for key, value in described.items() if value != ""}


def _describe_schema(
    dataset: InstalledDataset, table: Table, names: Mapping[str, str]
) -> dict[str, Any]:
    schema = {
        "fields": [
            _describe_field(field, _choose_type(dataset, table, field)) for field in table.fields
        ],
        "primaryKey": table.primary_key,
        "uniqueKeys": table.unique_keys,
        "foreignKeys": [*_describe_foreign_keys(table, names)],
    }
    return {key: value for key, value in schema.items() if value}


def _describe_foreign_keys(table: Table, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Describe the foreign keys to tables that were exported as well."""
    for key in table.foreign_keys:
        target = key["reference"].get("resource", "")
        if not target or target in names:
            resource = names[target] if target else ""
            yield {**key, "reference": {**key["reference"], "resource": resource}}


def _choose_type(dataset: InstalledDataset, table: Table, field: Field) -> str:
    if field.type != "object":
        return field.type
    # A column of JSON may hold lists and numbers as well, which are no objects to the standard.
    column, quoted = quote_identifier(field.name), quote_identifier(table.name)
    sql = f"SELECT DISTINCT json_type({column}) FROM {quoted} WHERE {column} IS NOT NULL LIMIT 2"
    with answering(dataset, sql) as answer:
        kinds = {kind for (kind,) in answer.rows}
    return "object" if kinds <= {"object"} else "array" if kinds == {"array"} else "any"


def _describe_field(field: Field, kind: str) -> dict[str, Any]:
    described = {
        "name": field.name,
        "type": kind,
        "format": field.format,
        "description": field.description,
        "unit": field.unit,
        "deprecated": field.deprecated,
        "categories": field.categories,
        "constraints": field.constraints,
    }
    found = {key: value for key, value in described.items() if value not in ("", "default", {}, [])}
    if field.required and field.type == "string":
        found["missingValues"] = []  # an empty field is an empty text here, for it cannot be NULL
    return found
