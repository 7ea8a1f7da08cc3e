"""Datasets that live as long as one test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import microcosm_sqlite
from tests.support.samples import install_dataset, write_dataset
from tests.support.things import FULL, METADATA, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import sqlalchemy as sa

    from tests.support.samples import Rows

    Make = Callable[..., microcosm_sqlite.InstalledDataset]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Write tables, rows and (unless told otherwise) a manifest, and register the dataset."""
    names = []

    def make_dataset(
        metadata: sa.MetaData,
        rows: Rows | None = None,
        name: str = "sample",
        immutable: bool = True,
        has_manifest: bool = True,
        **facts: Any,
    ) -> microcosm_sqlite.InstalledDataset:
        path = write_dataset(tmp_path / name, metadata, rows, name, **facts)
        if not has_manifest:
            (path.parent / "datapackage.json").unlink()
        names.append(name)
        return microcosm_sqlite.register(name, path, immutable=immutable)

    yield make_dataset
    for name in names:
        microcosm_sqlite.unregister(name)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Install a made dataset in a folder on the import path, and unregister it."""

    def install_made(dataset: microcosm_sqlite.InstalledDataset, folder: str = "site") -> Path:
        site = tmp_path / folder
        install_dataset(dataset.path, site)
        microcosm_sqlite.unregister(dataset.name)
        monkeypatch.syspath_prepend(site)
        return site

    return install_made


@pytest.fixture
def things(make: Make) -> microcosm_sqlite.InstalledDataset:
    """One table with a column of each kind: a row of NULL, and a row of values."""
    return make(METADATA, {"things": [dict.fromkeys(FULL), FULL]})


@pytest.fixture
def halves(make: Make) -> microcosm_sqlite.InstalledDataset:
    """One table of 2,000 numbers, each with its half."""
    return make(NUMBERS, {"numbers": [{"half": n / 2} for n in range(1, 2001)]})
