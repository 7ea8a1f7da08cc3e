"""Discover which installed distributions carry datasets, from their metadata alone.

This is a scan for ``*.dist-info/entry_points.txt`` files that name our group, not
:func:`importlib.metadata.entry_points`: that reads and parses every distribution, costs ten times
as much, and raises for all when one file of one distribution is malformed.
"""

from __future__ import annotations

import os
import sys

from microcosm_sqlite.catalog.distributions import (
    Distribution,
    Entry,
    Problem,
    canonical_name,
    reinstall_hint,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from microcosm_sqlite.catalog.distributions import Reader

GROUP = "microcosm.sqlite"
"""The entry-point group: dataset name to a reference to a function that returns its path."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
METADATA_SUFFIXES = (".dist-info", ".egg-info")
MAX_METADATA = 64 << 20
"""Bytes that a metadata file may have, or claim to uncompress to."""


class Scan:
    """The entries and problems that a scan of the import path found."""

    __slots__ = ("entries", "problems")

    def __init__(self, entries: list[Entry], problems: list[Problem]) -> None:
        self.entries = entries
        self.problems = problems


def discover(path: Iterable[str] | None = None) -> Scan:
    """Scan ``sys.path``, or another list; unchanged directories are answered from memory.

    As with imports, the first distribution of a name on the path hides later ones.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for site in dict.fromkeys(filter(_is_text, sys.path if path is None else path)):
        found = _scan_site(site or os.curdir)
        problems += found.problems
        entries += (
            entry for entry in found.entries if canonical_name(entry.distribution.name) not in seen
        )
        seen |= found.names
    return Scan(entries, problems)


def _is_text(site: object) -> bool:
    return isinstance(site, str)  # imports ignore whatever else is put there


class _Site:
    """The distributions in one directory or zip file of the import path."""

    __slots__ = ("entries", "names", "problems", "stamp")

    def __init__(self, stamp: tuple[str, int]) -> None:
        self.stamp = stamp
        self.names: set[str] = set()
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []

    def add(self, distribution: Distribution, content: bytes) -> None:
        try:
            pairs = dict(_parse_group(content.removeprefix(_BYTE_ORDER_MARK).decode()))
        except ValueError as error:
            self.report(distribution.name, distribution.metadata, error)
            return
        self.entries += (Entry(name, value, distribution) for name, value in pairs.items())

    def report(self, name: str, metadata: str, error: Exception) -> None:
        message = f"{metadata} has an entry_points.txt that cannot be read: {error}."
        self.problems.append(Problem(name, "", message, reinstall_hint(name)))


_sites: dict[str, _Site] = {}


def _scan_site(site: str) -> _Site:
    try:
        # The directory is part of the stamp because a relative entry follows the process.
        stamp = (os.path.abspath(site), os.stat(site).st_mtime_ns)
    except (OSError, ValueError):
        return _Site((site, 0))
    known = _sites.get(site)
    if known is None or known.stamp != stamp:
        known = _sites[site] = _read_site(*stamp)
    return known


def _read_site(site: str, modified: int) -> _Site:
    found = _Site((site, modified))
    folders: dict[str, list[tuple[Distribution, bytes]]] = {}
    for folder, read in _metadata_folders(site):
        name = canonical_name(folder.partition("-")[0])
        found.names.add(name)
        try:
            content = read("entry_points.txt")
        except OSError as error:
            found.report(folder.partition("-")[0], os.path.join(site, folder), error)
            continue
        if content and GROUP.encode() in content:
            distribution = Distribution(site, folder, read)
            folders.setdefault(name, []).append((distribution, content))
    for versions in folders.values():
        distribution, content = _choose(versions, found)
        found.add(distribution, content)
    return found


def _choose(versions: list[tuple[Distribution, bytes]], found: _Site) -> tuple[Distribution, bytes]:
    """Choose one of several metadata folders; an interrupted upgrade leaves two."""
    if len(versions) == 1:
        return versions[0]
    newest = max(versions, key=lambda pair: _modified(pair[0].metadata))
    name = newest[0].name
    listed = ", ".join(sorted(distribution.version for distribution, _ in versions))
    found.problems.append(
        Problem(
            name,
            "",
            f"{name} is installed in several versions at once ({listed}); "
            f"the newest, {newest[0].version}, is used.",
            f"Run: pip uninstall {name}, until none is left, then install it again.",
        )
    )
    return newest


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _metadata_folders(site: str) -> Iterator[tuple[str, Reader]]:
    try:
        names = os.listdir(site)
    except NotADirectoryError:
        yield from zipped_folders(site, METADATA_SUFFIXES)
    except OSError:
        return
    else:
        for name in names:
            # A leading tilde is what pip leaves of a distribution that it could not remove.
            if name.endswith(METADATA_SUFFIXES) and not name.startswith("~"):
                yield name, _folder_reader(os.path.join(site, name))


def zipped_folders(site: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Reader]]:
    """The metadata folders at the top of a zip file; none if it is no zip file."""
    from zipfile import ZipFile  # only those who have such a file pay for importing it

    from microcosm_sqlite.catalog.codecs import archive_errors

    try:
        with ZipFile(site) as archive:
            names = archive.namelist()
    except archive_errors():
        return
    for folder in dict.fromkeys(name.partition("/")[0] for name in names):
        if folder.endswith(suffixes):
            yield folder, _zip_reader(site, folder)


def _zip_reader(site: str, folder: str) -> Reader:
    from zipfile import ZipFile

    from microcosm_sqlite.catalog.codecs import archive_errors

    def read(file: str) -> bytes | None:
        try:
            with ZipFile(site) as archive:
                member = archive.getinfo(f"{folder}/{file}")
                _check_size(member.file_size)
                return archive.read(member)
        except KeyError:
            return None
        except archive_errors() as error:
            raise OSError(str(error)) from error

    return read


_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _folder_reader(folder: str) -> Reader:
    def read(file: str) -> bytes | None:
        # Bare system calls: this runs once for each installed distribution on every cold start.
        try:
            descriptor = os.open(f"{folder}/{file}", _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return os.read(descriptor, _check_size(os.fstat(descriptor).st_size))
        finally:
            os.close(descriptor)

    return read


def _check_size(size: int) -> int:
    if size > MAX_METADATA:
        raise OSError(f"{size:,} bytes are too many for metadata")
    return size


def _parse_group(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of our group in an ``entry_points.txt``; ValueError names the bad line."""
    is_ours = False
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            is_ours = line == f"[{GROUP}]"
        elif is_ours:
            name, equals, reference = (part.strip() for part in line.partition("="))
            if not (name and equals and reference):
                raise ValueError(f"line {number} is not `name = module:function`: {line!r}")
            yield name, reference
