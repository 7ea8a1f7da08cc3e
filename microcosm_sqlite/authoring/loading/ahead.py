"""Let other processes load small tables, while this one is busy with those in front of them.

The caller goes through the tables from the first to the last, the others from the last to the
first. A lock tells whose a table is; it ends with the process that holds it, however that does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from microcosm_sqlite.authoring.loading import parallel
from microcosm_sqlite.authoring.loading.children import ForkedChild
from microcosm_sqlite.authoring.loading.table_load import TableLoad
from microcosm_sqlite.authoring.sources import delimited
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.streams import estimate_size
from microcosm_sqlite.common.platforms import can_fork
from microcosm_sqlite.errors import BuildError

SMALLEST_SHARE = 1 << 20
"""Bytes of text that are worth another process."""

_PAUSE = 0.005
"""Seconds between looks at a lock."""


@contextmanager
def loading_ahead(
    loads: Mapping[str, TableLoad], folder: Path
) -> Iterator[Callable[[str], Path | None]]:
    """Load tables in other processes, where a fork is safe and there is enough to do.

    Args:
        loads: The tables by name, in the order in which the caller loads them.
        folder: Where files may be put.

    Yields:
        Given a name, the file that another process loaded the table into, which is waited for if
        one is at it. Where it is None, the table is the caller's from then on.
    """
    sizes = {name: _estimate_size(load) for name, load in loads.items()}
    tasks = {
        name: _Task(load, folder / f"ahead{number}.db")
        for number, (name, load) in enumerate(loads.items())
        if sizes[name] and not _is_divided(load, sizes[name])
    }
    is_worthwhile = len(loads) > 1 and sum(sizes[name] for name in tasks) >= SMALLEST_SHARE
    others = parallel.count_processors() - 1 if is_worthwhile and can_fork() else 0
    with ExitStack() as stack:
        for number in range(others):
            file = folder / f"ahead{number}.part.db"
            child = ForkedChild(file, partial(_load_all, [*reversed(tasks.values())], file))
            stack.callback(child.end)
        yield lambda name: tasks[name].take(stack) if others and name in tasks else None


@dataclass(frozen=True)
class _Task:
    """A table to load; whoever holds the lock does so.

    Attributes:
        load: The table.
        file: Where another process puts it when it is loaded.
    """

    load: TableLoad
    file: Path

    @property
    def lock(self) -> FileLock:
        return FileLock(self.file.with_suffix(".lock"))

    def take(self, stack: ExitStack) -> Path | None:
        """The file, once nobody is at it; from then on nobody else begins, until the stack ends."""
        with suppress(OSError, NotImplementedError):
            stack.enter_context(self.lock.acquire(poll_interval=_PAUSE))
        return self.file if self.file.exists() else None


def _load_all(tasks: Sequence[_Task], file: Path) -> None:
    """Load the tables that nobody has begun with, each by way of a file of this process."""
    for task in tasks:
        with suppress(Timeout, *parallel.FAILURES), task.lock.acquire(blocking=False):
            if not task.file.exists():
                file.unlink(missing_ok=True)
                parallel.fill_part(file, task.load)
                file.replace(task.file)


def _estimate_size(load: TableLoad) -> int:
    """About how many bytes of text a table has; none where it is not from delimited text alone."""
    openers = [opener for opener in load.openers if isinstance(opener, DelimitedOpener)]
    if len(openers) < len(load.openers):
        return 0
    try:
        return sum(max(estimate_size(o.source.path), o.source.size) for o in openers)
    except (BuildError, OSError):  # which is told of where the table is loaded
        return 0


def _is_divided(load: TableLoad, size: int) -> bool:
    """Whether all processes are going to share the table."""
    return len(load.openers) == 1 and size >= 2 * delimited.SMALLEST_PART
