"""Compare the models of a dataset with its file, column by column."""

from __future__ import annotations

from microcosm_sqlite.catalog.verifying.checklist import Unchecked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType
    from typing import Any

    from microcosm_sqlite.catalog.structure import Column, Structure


def compare_models(module: ModuleType, name: str, structure: Structure) -> Iterator[str]:
    """Compare the models of a dataset with its file; yields one complaint per difference.

    Args:
        module: The models.
        name: The dataset's name.
        structure: The file's; see
            :func:`~microcosm_sqlite.catalog.structure.describe_structure`.

    Raises:
        Unchecked: The module declares no tables.
    """
    for table in _find_tables(module, name):
        if table.name in structure:
            yield from _compare_columns(table, structure[table.name])
        else:
            yield f"the models have a table {table.name}, the file has none"


def _find_tables(module: ModuleType, name: str) -> list[Any]:
    # Known by their shape: to import SQLAlchemy here would cost the other checks as well.
    found = (
        getattr(value, "metadata", None)
        for value in vars(module).values()
        if getattr(value, "dataset_name", name) == name  # not one that it refers to
    )
    catalogues: dict[int, Any] = {id(each): each for each in found if hasattr(each, "tables")}
    if not catalogues:
        raise Unchecked(f"{module.__name__} declares no tables")
    return [table for metadata in catalogues.values() for table in metadata.tables.values()]


def _compare_columns(table: Any, columns: Iterable[Column]) -> Iterator[str]:
    declared = {
        column.name: (not column.nullable, bool(column.primary_key)) for column in table.columns
    }
    stored = {name: (bool(not_null), bool(key)) for name, _, not_null, key in columns}
    for name in sorted(declared.keys() | stored.keys()):
        if name not in stored:
            yield f"the models have a column {table.name}.{name}, the file has none"
        elif name not in declared:
            yield f"the file has a column {table.name}.{name}, the models have none"
        elif declared[name] != stored[name]:
            yield f"{table.name}.{name} has other NOT NULL or key constraints in the models"
