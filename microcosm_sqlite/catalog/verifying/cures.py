"""What mends a dataset that failed a check: it depends on how it came here.

Installing again helps where a file is not what was published; where it is, its author has to
build it again. What somebody registered, or works on in an editable install, no installer brings
back.
"""

from __future__ import annotations

import os
from shlex import quote

from microcosm_sqlite.catalog.cache.joining import find_shards
from microcosm_sqlite.catalog.cache.part_files import refuse_parts
from microcosm_sqlite.catalog.distributions import find_project
from microcosm_sqlite.catalog.location import member_name
from microcosm_sqlite.catalog.preflight import CORRECT_PATH, find_sidecars
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.location import Location

_REBUILD = "Tell its author to build it again."


class Cures:
    """What to do about a dataset, one sentence each.

    Attributes:
        reinstall: About the files of its distribution.
        restore: About its database.
        copy: To have a database that no other environment shares.
    """

    __slots__ = ("copy", "reinstall", "restore")

    def __init__(self, reinstall: str, restore: str, copy: str) -> None:
        self.reinstall = reinstall
        self.restore = restore
        self.copy = copy


def choose_cures(dataset: InstalledDataset, *, is_published: bool, is_recorded: bool) -> Cures:
    """Choose what mends a dataset.

    Args:
        dataset: The dataset.
        is_published: Whether its database is the one that its manifest names.
        is_recorded: Whether all files of its distribution are as RECORD lists them.
    """
    location = _find_location(dataset)
    sidecars = find_sidecars(location.path) if location else []
    if dataset.entry is None:
        settle = _settle(location, sidecars)
        return Cures(CORRECT_PATH, settle or CORRECT_PATH, "Register a copy of it.")
    distribution = dataset.entry.distribution
    if distribution.is_zipped:
        again = f"Put {distribution.site} there again, as it was published."
        return Cures(again, again, again)
    if _is_editable(dataset, distribution):
        project = find_project(distribution)
        build = "Build it again in its project: microcosm-sqlite build --force"
        if project:
            build = f"Run: microcosm-sqlite build {quote(project)} --force"
        return Cures(build, _settle(location, sidecars) or build, build)
    command = distribution.reinstall_command
    again = _REBUILD if is_recorded else f"Run: {command}"
    copy = f"Run: {_write_copy_command(distribution)}"
    shards = _mend_shards(dataset, distribution)
    if shards or (location and location.is_cached):
        cached = _REBUILD if is_published else "Run: microcosm-sqlite cache clear"
        return Cures(again, shards or cached, copy)
    if sidecars:
        remove = f"Remove {' and '.join(sidecars)}"
        return Cures(
            again, f"{remove}." if is_published else f"{remove}, then run: {command}", copy
        )
    return Cures(again, _REBUILD if is_published else again, copy)


def _mend_shards(dataset: InstalledDataset, distribution: Distribution) -> str:
    """The command that installs the shards that are at fault; empty where there are none."""
    try:
        shards = find_shards(distribution, dataset.manifest) if dataset.manifest else []
    except DatasetError:
        return ""
    error = refuse_parts(distribution, ((file, file.find_damage()) for file in shards))
    return error.hint if error else ""


def _find_location(dataset: InstalledDataset) -> Location | None:
    try:
        return dataset.location
    except DatasetError:
        return None


def _settle(location: Location | None, sidecars: list[str]) -> str:
    """What to do about a file that somebody may write to, and that has a log or journal."""
    if not (location and sidecars):
        return ""
    return (
        "Close the program that writes to it; if none does, let SQLite finish what was under way: "
        f'sqlite3 {quote(location.path)} "PRAGMA quick_check"'
    )


def _is_editable(dataset: InstalledDataset, distribution: Distribution) -> bool:
    """Whether the package is elsewhere than in the site that holds its metadata."""
    try:
        manifest = dataset.manifest
    except DatasetError:
        return False
    if manifest is None:
        return False
    folder = os.path.dirname(os.path.join(distribution.site, member_name(manifest)))
    return not os.path.isdir(folder)


def _write_copy_command(distribution: Distribution) -> str:
    """The command that installs it without links to a cache of the installer."""
    if distribution.installer == "uv":
        return f"uv pip install --reinstall --link-mode=copy {distribution.name}"
    return distribution.reinstall_command
