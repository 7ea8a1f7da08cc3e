"""Whether columnar twins are what was written, and hold the rows of their tables."""

from __future__ import annotations

from microcosm_sqlite.catalog.cache.part_files import refuse_parts
from microcosm_sqlite.catalog.cache.twins import list_cached, list_installed
from microcosm_sqlite.catalog.verifying.checklist import Complaint, Unchecked
from microcosm_sqlite.errors import MissingDependencyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest

_AGAIN = "Run: microcosm-sqlite cache clear"


def find_twin_faults(
    dataset: InstalledDataset, manifest: Manifest, *, full: bool
) -> Iterator[Complaint]:
    """A complaint for each twin that is not as it was written.

    Args:
        dataset: The dataset.
        manifest: Its manifest.
        full: Compare the rows as well, for which both are read.

    Raises:
        Unchecked: There are no twins; or to compare rows, pyarrow would be needed.
    """
    installed, cached = list_installed(dataset), list_cached(manifest)
    if not (installed or cached):
        raise Unchecked("no table has a columnar twin here")
    complaints = []
    if installed and dataset.entry:
        faults = ((file, file.find_damage()) for file in installed)
        if error := refuse_parts(dataset.entry.distribution, faults, "read"):
            complaints.append(Complaint(error.message, error.hint))
    complaints += [
        Complaint(f"{twin.path} is not what was written", _AGAIN)
        for twin in cached
        if twin.is_damaged
    ]
    yield from complaints
    if full and not complaints:
        yield from _compare_rows(dataset)


def _compare_rows(dataset: InstalledDataset) -> Iterator[Complaint]:
    try:
        from microcosm_sqlite.interop.reader import compare_twin
    except MissingDependencyError as error:
        raise Unchecked("to compare its rows takes the extra arrow") from error
    for table in dataset.tables:
        if path := compare_twin(dataset, table):
            is_cached = path in [twin.path for twin in list_cached(dataset.manifest)]
            yield Complaint(
                f"{path} has other rows than table {table}",
                _AGAIN if is_cached else "Tell its author to build it again.",
            )
