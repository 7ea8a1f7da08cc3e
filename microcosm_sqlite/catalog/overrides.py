"""Replacements of datasets during tests; see :mod:`microcosm_sqlite.testing`.

An override is seen by the thread or task that began it and by those that it gives its context to.
A thread that began none, such as a worker of the code under test, sees those of all others.
"""

from __future__ import annotations

from microcosm_sqlite.errors import AmbiguousDatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar

    from microcosm_sqlite.catalog.installed import InstalledDataset

_begun: list[Override] = []
_own: list[ContextVar[tuple[Override, ...]]] = []


class Override:
    """One dataset that stands in the place of another.

    Attributes:
        dataset: What stands there.
        owner: The thread that began it.
    """

    __slots__ = ("_cleanups", "dataset", "owner")

    def __init__(self, dataset: InstalledDataset) -> None:
        from threading import get_ident

        self.dataset = dataset
        self.owner = get_ident()
        self._cleanups: list[Callable[[], object]] = []

    def begin(self) -> None:
        """Let the dataset be found by its name."""
        if not _own:
            from contextvars import ContextVar

            _own.append(ContextVar("microcosm_sqlite.overrides", default=()))
        _begun.append(self)
        _own[0].set((*_find_own(), self))

    def end(self) -> None:
        """Let what was there before be found again, whichever thread or task ends it."""
        _begun.remove(self)
        _own[0].set(_find_own())
        while self._cleanups:
            self._cleanups.pop()()

    def at_end(self, cleanup: Callable[[], object]) -> None:
        """Call a function when the override ends; the last one first."""
        self._cleanups.append(cleanup)


def active() -> tuple[Override, ...]:
    """The overrides that this thread or task sees, the latest last."""
    if not _begun:
        return ()
    return _find_own() or tuple(_begun)


def overridden(name: str) -> InstalledDataset | None:
    """The dataset that stands in the place of another, or None.

    Raises:
        AmbiguousDatasetError: Two threads override it, and this is neither of them.
    """
    found = [each for each in active() if each.dataset.name == name]
    if len({each.owner for each in found}) > 1 and not _find_own():
        raise AmbiguousDatasetError(
            f"Dataset {name!r} is overridden by several threads at once, and by this one not.",
            hint="Run it in the context of its test: contextvars.copy_context().run(function).",
        )
    return found[-1].dataset if found else None


def _find_own() -> tuple[Override, ...]:
    return tuple(each for each in _own[0].get() if each in _begun) if _own else ()
