"""How a dataset's tables are written: as SQL, and as models."""

from __future__ import annotations

from pathlib import Path

from microcosm_sqlite.cli.statements import answering
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from microcosm_sqlite.catalog.installed import InstalledDataset

_STATEMENTS = """
SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL
ORDER BY tbl_name, type DESC, name
"""


def read_sql(found: InstalledDataset, tables: Collection[str]) -> str:
    """The CREATE statements of tables and their indexes, as the file holds them."""
    with answering(found, _STATEMENTS) as answer:
        return "\n\n".join(f"{sql};" for table, sql in answer.rows if table in tables)


def read_models(found: InstalledDataset) -> str:
    """The source of the module that declares the models; it is read, not imported.

    Raises:
        DatasetError: The dataset names none, or it is not there as a file.
    """
    module = found.manifest.models if found.manifest else ""
    if not module:
        raise DatasetError(
            f"Dataset {found.name!r} does not say where its models are.",
            hint=f"Its tables as SQL: microcosm-sqlite schema {found.name} --sql",
        )
    for file in _candidates(module):
        try:
            return file.read_text(encoding="utf-8").rstrip("\n")
        except OSError:
            continue
    raise DatasetError(
        f"The models of dataset {found.name!r} are not on disk: {module}.",
        hint=f"Reinstall {found.distribution}.",
    )


def _candidates(module: str) -> list[Path]:
    from importlib.util import find_spec

    top, *parts = module.split(".")
    # Only of a top-level name is the place found without importing anything.
    spec = find_spec(top)
    if spec is None or spec.submodule_search_locations is None:
        return [Path(spec.origin)] if spec and spec.origin and not parts else []
    stems = [Path(folder, *parts) for folder in spec.submodule_search_locations]
    return [file for stem in stems for file in (stem.with_suffix(".py"), stem / "__init__.py")]
