# ruff: noqa: N999  # PyInstaller wants this name
"""Collect the data wheels that are installed, and the modules that are imported by name only."""

from __future__ import annotations

from PyInstaller.utils.hooks import (  # type: ignore[import-not-found,import-untyped,unused-ignore]
    collect_data_files,
    copy_metadata,
)

import microcosm_sqlite
from microcosm_sqlite.catalog.cache.joining import find_shards
from microcosm_sqlite.catalog.cache.twins import list_installed
from microcosm_sqlite.interop import exporting

datas = copy_metadata("microcosm-sqlite")
lazy = {f"microcosm_sqlite.interop.exporting.{name}" for name in exporting._MODULES.values()}
lazy |= set(microcosm_sqlite._LAZY.values())
hiddenimports = [*sorted(lazy), "microcosm_sqlite.orm.engines"]

for dataset in microcosm_sqlite.datasets().values():
    if dataset.entry is not None:
        package = dataset.entry.reference.partition(":")[0].strip()
        datas += copy_metadata(dataset.distribution)
        datas += collect_data_files(package)
        hiddenimports.append(package)
        if dataset.manifest and dataset.manifest.models:
            hiddenimports.append(dataset.manifest.models)
        if dataset.manifest:
            shards = find_shards(dataset.entry.distribution, dataset.manifest)
            for file in [*shards, *list_installed(dataset)]:
                datas += copy_metadata(file.part.distribution)
                datas.append((file.path, file.part.path.rpartition("/")[0]))
