"""How a dataset's tables are written: as SQL, and as models."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from microcosm_sqlite.cli.statements import answering
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from microcosm_sqlite.catalog.installed import InstalledDataset

_STATEMENTS = """
SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL
ORDER BY tbl_name, type DESC, name
"""


def read_sql(found: InstalledDataset, tables: Collection[str]) -> str:
    """The CREATE statements of tables and their indexes, as the file holds them."""
    with answering(found, _STATEMENTS) as answer:
        return "\n\n".join(f"{sql};" for table, sql in answer.rows if table in tables)


def read_models(found: InstalledDataset, name: str = "") -> str:
    """The source of the module that declares the models; it is read, not imported.

    For a dataset that names none it is drafted from what its tables declare.

    Args:
        found: The dataset.
        name: What drafted models call it; the dataset's own name unless given.

    Raises:
        DatasetError: The module that it names is not there as a file.
        MissingDependencyError: They would be drafted, and the extra ``new`` is not installed.
    """
    module = found.manifest.models if found.manifest else ""
    if not module:
        return _draft(found, name)
    for read in _readers(found, module):
        try:
            return read().decode().rstrip("\n")
        except (OSError, KeyError):
            continue
    raise DatasetError(
        f"The models of dataset {found.name!r} are not on disk: {module}.",
        hint=f"Reinstall {found.distribution}.",
    )


def _draft(found: InstalledDataset, name: str) -> str:
    from microcosm_sqlite.common.extras import extra

    with extra("new"):
        from microcosm_sqlite.authoring.drafting.from_databases.dataset_models import draft_models

    return draft_models(found, name)


def _readers(found: InstalledDataset, module: str) -> Iterator[Callable[[], bytes]]:
    distribution = found.entry.distribution if found.entry else None
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
