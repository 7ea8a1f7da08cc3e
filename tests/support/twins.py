"""Datasets whose tables have columnar twins, and what is read of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.sharding.columnar_wheel import add_twins
from microcosm_sqlite.catalog.cache.twins import VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import Any

    from microcosm_sqlite import InstalledDataset
    from tests.support.wheels import Wheel


@contextmanager
def only_sqlite() -> Iterator[None]:
    """Read no twin."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, "off")
        yield


@contextmanager
def no_sqlite() -> Iterator[None]:
    """Let nothing be read from SQLite but what a table looks like."""

    def refuse(*_: object) -> None:
        raise AssertionError("rows were read from SQLite")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("microcosm_sqlite.interop.reader._stored_batches", refuse)
        yield


def read_both(dataset: InstalledDataset, read: Callable[[InstalledDataset], Any]) -> list[Any]:
    """What SQLite gives, and what the twin gives."""
    with only_sqlite():
        of_rows = read(dataset)
    with no_sqlite():
        return [of_rows, read(dataset)]


def ship_twins(wheel: Wheel, folder: Path, tables: Sequence[str] | bool = True) -> list[Path]:
    """The wheel of the columnar twins of a wheel, and that wheel, which names it."""
    written = folder / "written"
    written.mkdir(parents=True)
    return add_twins(wheel.pack(folder), tables, written)


def install_wheel(wheel: Path, site: Path) -> Path:
    """Unpack a wheel into a directory, as pip does; gives the directory."""
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    return site
