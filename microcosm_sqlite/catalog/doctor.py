"""Examine an environment: what is installed, what is wrong, and how to fix it.

No file is hashed but one that was written later than its wheel was installed, and no code of a data
wheel is run but the entry point of one that was made for 2.0.0, which alone says where its file is;
`catalog.verifying` is for the content of one dataset.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import suppress

from microcosm_sqlite.catalog.cache.folders import cache_directory
from microcosm_sqlite.catalog.cache.joining import find_shards
from microcosm_sqlite.catalog.cache.part_files import refuse_parts
from microcosm_sqlite.catalog.cache.twins import describe_twins, list_installed
from microcosm_sqlite.catalog.cache.upkeep import entries
from microcosm_sqlite.catalog.distributions import Problem, find_developed
from microcosm_sqlite.catalog.hashing import hash_file
from microcosm_sqlite.catalog.location import installed_path, member_name
from microcosm_sqlite.catalog.preflight import REINSTALL, SIDECARS, preflight, preflight_live
from microcosm_sqlite.catalog.registry import datasets, find_editions, problems
from microcosm_sqlite.catalog.stray_shards import find_stray_shards
from microcosm_sqlite.common.wording import spell_count, spell_size
from microcosm_sqlite.errors import CacheError, DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.catalog.distributions import Entry
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Manifest

OLDEST_SQLITE = (3, 37, 0)
"""The first SQLite with ``PRAGMA table_list``, which describing a file without a manifest needs."""


class Diagnosis:
    """The findings of :func:`diagnose`.

    Attributes:
        environment: What is there to run on: label to value, in the order to show.
        datasets: One line for each usable dataset, as a dict of plain values.
        problems: What is wrong, each with what to do about it.
    """

    def __init__(
        self,
        environment: dict[str, str],
        datasets: list[dict[str, Any]],
        problems: list[Problem],
    ) -> None:
        self.environment = environment
        self.datasets = datasets
        self.problems = problems

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "ok": self.ok,
            "environment": self.environment,
            "datasets": self.datasets,
            "problems": [problem.as_dict() for problem in self.problems],
        }


def diagnose() -> Diagnosis:
    """Examine the environment: interpreter, SQLite, cache, every distribution and its file."""
    found = list(datasets().values())
    complaints = [*_examine_itself(), *_examine_sqlite(), *_examine_cache()]
    complaints += [*problems(), *_find_leftovers(), *find_stray_shards()]
    for dataset in found:
        complaints += [*_examine_file(dataset), *_examine_twins(dataset)]
        complaints += _examine_editions(dataset)
    return Diagnosis(_describe_environment(), [_describe(dataset) for dataset in found], complaints)


def _describe_environment() -> dict[str, str]:
    described = {
        "microcosm-sqlite": ", ".join(_own_versions()) or "not installed",
        "Python": f"{sys.version.split()[0]} ({sys.executable})",
        "SQLite": sqlite3.sqlite_version,
        "cache": "none",
    }
    with suppress(CacheError):
        cached = entries()
        size = sum(entry.bytes for entry in cached)
        files = spell_count(len(cached), "file")
        described["cache"] = f"{cache_directory()}: {files}, {spell_size(size)}"
    return described


def _own_versions() -> list[str]:
    folders = (name for _, name in _list_path() if name.startswith("microcosm_sqlite-"))
    found = (name.removesuffix(".dist-info").partition("-")[2] for name in folders)
    return list(dict.fromkeys(found))


def _list_path() -> Iterator[tuple[str, str]]:
    """Everything in the directories of the import path, as directory and name."""
    sites = (entry or os.curdir for entry in sys.path)  # an empty entry is the current directory
    for site in dict.fromkeys(filter(os.path.isdir, sites)):
        with suppress(OSError):
            for name in sorted(os.listdir(site)):
                yield site, name


def _describe(dataset: InstalledDataset) -> dict[str, Any]:
    manifest = dataset.manifest
    return {
        "name": dataset.name,
        "version": dataset.version,
        "distribution": dataset.distribution,
        "tables": len(manifest.tables) if manifest else None,
        "bytes": manifest.bytes if manifest else None,
        "kind": _kind(dataset),
        "edition": dataset.edition,
        "columnar": sorted({str(twin["table"]) for twin in describe_twins(dataset)}),
    }


def _kind(dataset: InstalledDataset) -> str:
    if dataset.entry is None:
        return "registered"
    if dataset.manifest is None:
        return "made for 2.0.0"
    if dataset.entry.distribution.is_zipped:
        return "zipped"
    if dataset.manifest.shards:
        return "sharded"
    if not os.path.exists(installed_path(dataset.entry.distribution, dataset.manifest)):
        return "editable"
    return "packaged" if dataset.manifest.compression == "none" else "compressed"


def _examine_sqlite() -> Iterator[Problem]:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield Problem(
            "SQLite",
            "",
            f"SQLite {sqlite3.sqlite_version} is older than this package needs.",
            f"Use a Python with SQLite {'.'.join(map(str, OLDEST_SQLITE))} or later.",
        )


def _examine_cache() -> Iterator[Problem]:
    try:
        entries()
    except CacheError as error:
        yield Problem("cache", "", error.message, error.hint)


def _examine_file(dataset: InstalledDataset) -> Iterator[Problem]:
    """Find what would prevent opening the dataset, as far as is visible without extracting."""
    entry, manifest = dataset.entry, dataset.manifest
    try:
        if entry is None or manifest is None:
            preflight_live(dataset.location.path)
        elif manifest.shards:
            files = find_shards(entry.distribution, manifest)
            error = refuse_parts(entry.distribution, ((each, each.find_fault()) for each in files))
            if error:
                raise error
        elif not entry.distribution.is_zipped:
            path = installed_path(entry.distribution, manifest)
            is_installed = os.path.exists(path)
            path = path if is_installed else find_developed(member_name(manifest))
            if is_installed and manifest.compression == "none":
                status = preflight(path)
                yield from _examine_changes(entry, manifest, path, status)
            else:
                preflight_live(path or dataset.location.path, REINSTALL)
    except DatasetError as error:
        yield Problem(dataset.distribution or dataset.name, dataset.name, error.message, error.hint)


def _examine_twins(dataset: InstalledDataset) -> Iterator[Problem]:
    """Find columnar twins that are installed, and belong to another release or are cut short."""
    files = list_installed(dataset)
    if dataset.entry and files:
        faults = ((each, each.find_fault()) for each in files)
        if error := refuse_parts(dataset.entry.distribution, faults, "read"):
            distribution = files[0].part.distribution
            yield Problem(distribution, dataset.name, error.message, error.hint)


def _examine_editions(dataset: InstalledDataset) -> Iterator[Problem]:
    """Find editions of several versions, which have the same package of models."""
    editions = find_editions(dataset.name) if dataset.entry else {}
    versions = {each.distribution_version for each in editions.values()}
    if len(versions) > 1:
        there = " and ".join(
            sorted(f"{each.distribution} {each.distribution_version}" for each in editions.values())
        )
        yield Problem(
            dataset.distribution,
            dataset.name,
            f"Editions of several versions are installed: {there}.",
            "Install them in one version, so that the models fit both.",
        )


def _examine_changes(
    entry: Entry, manifest: Manifest, path: str, status: os.stat_result
) -> Iterator[Problem]:
    """Find out whether another program writes into an installed file, or did so."""
    distribution = entry.distribution
    beside = [path + suffix for suffix in (*SIDECARS, "-shm") if os.path.exists(path + suffix)]
    record = os.path.join(distribution.metadata, "RECORD")
    # Installers write the RECORD last; but copies of an environment have times of their own.
    is_suspect = os.path.exists(record) and status.st_mtime_ns > os.stat(record).st_mtime_ns
    if beside:
        message = f"{path} was opened for writing: {beside[0]} is beside it."
    elif is_suspect and hash_file(path)[0].hex() != manifest.sha256:
        message = f"{path} was changed after it was installed."
    else:
        return
    hint = f"Run: {distribution.reinstall_command}; open it by `dataset({entry.name!r}).uri`."
    yield Problem(distribution.name, entry.name, message, hint)


def _find_leftovers() -> Iterator[Problem]:
    """Find folders that pip renamed in order to remove them, and could not remove."""
    for site, name in _list_path():
        if name.startswith("~"):
            path = os.path.join(site, name)
            yield Problem(name, "", f"{path} is left from a failed uninstall.", "Remove it.")


def _examine_itself() -> Iterator[Problem]:
    if len(versions := _own_versions()) > 1:
        yield Problem(
            "microcosm-sqlite",
            "",
            f"microcosm-sqlite is installed in several versions at once ({', '.join(versions)}).",
            "Run: pip uninstall microcosm-sqlite, until none is left, then install it again.",
        )
