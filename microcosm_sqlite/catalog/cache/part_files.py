"""The files of the parts of a dataset: where they are, and what is wrong with them."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.cache.extraction import open_file, open_member
from microcosm_sqlite.catalog.codecs import archive_errors
from microcosm_sqlite.catalog.discovery import find_distributions, list_sites
from microcosm_sqlite.catalog.distributions import reinstall_command
from microcosm_sqlite.catalog.hashing import hash_stream
from microcosm_sqlite.catalog.parts import FOLDER
from microcosm_sqlite.catalog.preflight import check_regular, explain
from microcosm_sqlite.errors import DatasetCorruptError, DatasetError, DatasetFileMissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.parts import Part

MOST_NAMED = 20
"""How many distributions one command installs at most."""


class PartFile:
    """Where a part is, or should be.

    Attributes:
        part: What the manifest says of it.
        site: The directory or zip file that it is in.
        path: The file.
        versions: The versions of its distribution that are installed there: one, or several after
            an upgrade that was interrupted.
        installer: The program that installed it, if it says so.
    """

    __slots__ = ("_is_there", "installer", "part", "path", "site", "versions")

    def __init__(self, part: Part, sites: list[str]) -> None:
        self.part = part
        there = next((site for site in sites if _holds(site, part.path)), None)
        self._is_there = there is not None
        self.site = sites[0] if there is None else there
        self.path = os.path.join(self.site, *part.path.split("/"))
        found = find_distributions(self.site, part.distribution)
        self.versions = [each.version for each in found]
        self.installer = found[0].installer if found else ""

    def __repr__(self) -> str:
        return f"<PartFile {self.path}>"

    def opened(self) -> AbstractContextManager[BinaryIO]:
        """Open the file, compressed as it is."""
        if os.path.isdir(self.site):
            return open_file(self.path)
        return open_member(self.site, self.part.path)

    @property
    def is_installed(self) -> bool:
        """Whether it is there, and its distribution has the version that is needed."""
        return self._is_there and (not self.versions or self.part.version in self.versions)

    def find_fault(self) -> str:
        """What is wrong as far as can be told without reading it; empty if nothing is."""
        if not self.is_installed:
            is_other = self.versions and self.part.version not in self.versions
            there = f"{', '.join(self.versions)} is installed" if is_other else ""
            needed = f"{self.part.distribution} {self.part.version} is needed"
            return f"{needed}, and {there or f'{self.path} is not there'}"
        if not os.path.isdir(self.site):
            return ""
        try:
            status = os.stat(self.path)
            check_regular(self.path, status)
        except DatasetError as error:
            return error.message.rstrip(".")
        except OSError as error:
            return explain(error, self.path).message.rstrip(".")
        size, expected = status.st_size, self.part.file_bytes
        is_same = size == expected
        return "" if is_same else f"{self.path} has {size:,} bytes; published were {expected:,}"

    def find_damage(self) -> str:
        """What is wrong with it or its content; empty if it is what was published."""
        if fault := self.find_fault():
            return fault
        try:
            with self.opened() as packed:
                digest, _ = hash_stream(packed)
        except DatasetError as error:
            return error.message.rstrip(".")
        except OSError as error:
            return explain(error, self.path).message.rstrip(".")
        is_damaged = digest.hex() != self.part.file_sha256
        return f"{self.path} is not the file that was published" if is_damaged else ""


def _holds(site: str, path: str) -> bool:
    if os.path.isdir(site):
        return os.path.lexists(os.path.join(site, *path.split("/")))
    if not os.path.isfile(site):
        return False
    from zipfile import ZipFile

    try:
        with ZipFile(site) as archive:
            return path in archive.namelist()
    except archive_errors():
        return False


def find_part_files(distribution: Distribution, parts: Iterable[Part]) -> list[PartFile]:
    """Where the parts of an installed dataset are, or of one in a wheel.

    Parts are installed in the site of the distribution that they belong to, or elsewhere on the
    import path. Their wheels are in the folder ``shards`` beside the wheel that they belong to,
    where builds write them, or beside it.
    """
    site = distribution.site
    if site.endswith(".whl") and os.path.isfile(site):
        folder = os.path.dirname(site)
        folders = [os.path.join(folder, FOLDER), folder]
        return [
            PartFile(part, [*(os.path.join(each, part.wheel) for each in folders), site])
            for part in parts
        ]
    sites = list(dict.fromkeys([site, *list_sites()]))
    return [PartFile(part, sites) for part in parts]


def refuse_parts(
    distribution: Distribution, faults: Iterable[tuple[PartFile, str]], action: str = "joined"
) -> DatasetError | None:
    """The error that names the parts that are at fault, and the command that installs them.

    Args:
        distribution: The distribution that they belong to.
        faults: Each part, and what is wrong with it; nothing if nothing is.
        action: What cannot be done with them.
    """
    found = [(file, fault) for file, fault in faults if fault]
    if not found:
        return None
    what = f"{found[0][0].part.kind}s"
    told = "; ".join(fault for _, fault in found[:3])
    more = f"; {len(found) - 3:,} more {what} are at fault" if found[3:] else ""
    pins = dict.fromkeys(f"{file.part.distribution}=={file.part.version}" for file, _ in found)
    named = " ".join(list(pins)[:MOST_NAMED])
    is_whole = all(file.is_installed for file, _ in found)
    kind = DatasetCorruptError if is_whole else DatasetFileMissingError
    return kind(
        f"The {what} of {distribution.name} {distribution.version} cannot be {action}: "
        f"{told}{more}.",
        hint=f"Run: {reinstall_command(named, found[0][0].installer)}",
    )
