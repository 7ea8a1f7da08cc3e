"""How the tables of a dataset are declared: as SQL, as SQLAlchemy models, as a diagram."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from microcosm_sqlite.common.wording import spell_on_one_line
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.interop.exporting.answers import answering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Field, Table

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
