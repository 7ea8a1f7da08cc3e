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
    check_size,
    folder_reader,
    reinstall_command,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from microcosm_sqlite.catalog.distributions import Reader

GROUP = "microcosm.sqlite"
"""The entry-point group: dataset name to a reference to a function that returns its path."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
METADATA_SUFFIXES = (".dist-info", ".egg-info")


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
    for site in list_sites(path):
        found = _scan_site(site)
        problems += found.problems
        entries += (
            entry for entry in found.entries if canonical_name(entry.distribution.name) not in seen
        )
        seen |= found.names
    return Scan(entries, problems)


def list_sites(path: Iterable[str] | None = None) -> list[str]:
    """The directories and zip files of ``sys.path``, or of another list, each once."""
    texts = filter(_is_text, sys.path if path is None else path)
    return list(dict.fromkeys(site or os.curdir for site in texts))


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
        self.problems.append(Problem(name, "", message, f"Run: {reinstall_command(name)}"))


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
    others: dict[str, list[str]] = {}
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
        else:
            others.setdefault(name, []).append(os.path.splitext(folder)[0].partition("-")[2])
    for name, versions in folders.items():
        for distribution, content in _choose(versions, others.get(name, []), found):
            found.add(distribution, content)
    return found


def _choose(
    versions: list[tuple[Distribution, bytes]], others: list[str], found: _Site
) -> list[tuple[Distribution, bytes]]:
    """Choose one of several metadata folders, if all of them claim the same.

    An interrupted upgrade leaves two, of which the newest counts. A wheel can also bring a metadata
    folder in the name of another distribution: where claims differ, none is preferred.

    Args:
        versions: Those that claim a dataset.
        others: Versions of those that claim none, which are told and not chosen.
        found: Where to report them.
    """
    if len(versions) == 1 and not others:
        return versions
    newest = max(versions, key=lambda pair: _modified(pair[0].metadata))
    numbers = sorted([*others, *(distribution.version for distribution, _ in versions)])
    for distribution, _ in versions:
        distribution.duplicates = numbers
    name = newest[0].name
    is_upgrade = len({content for _, content in versions}) == 1
    used = f"{newest[0].version} is used"
    message = f"{name} is installed in several versions at once ({', '.join(numbers)}); "
    message += used if is_upgrade else "they have different entry points"
    found.problems.append(Problem(name, "", f"{message}.", advise_on_duplicates(name)))
    return [newest] if is_upgrade else versions


def advise_on_duplicates(name: str) -> str:
    """What to do about a distribution that is installed in several versions at once."""
    return f"Run: pip uninstall {name}, until none is left, then install it again."


def _modified(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def find_distributions(site: str, name: str) -> list[Distribution]:
    """The distributions of a name in one directory or zip file, whether they carry datasets or not.

    There are several where an upgrade was interrupted.
    """
    return match_distributions(site, canonical_name(name).__eq__)


def match_distributions(site: str, is_wanted: Callable[[str], bool]) -> list[Distribution]:
    """The distributions in one directory or zip file whose canonical names are wanted."""
    return [
        Distribution(site, folder, read)
        for folder, read in _metadata_folders(site)
        if is_wanted(canonical_name(folder.partition("-")[0]))
    ]


def _metadata_folders(site: str) -> Iterator[tuple[str, Reader]]:
    """The names of the metadata folders in a directory or zip file, and what reads their files."""
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
                yield name, folder_reader(os.path.join(site, name))


def zipped_folders(site: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Reader]]:
    """The metadata folders at the top of a zip file; none if it is no zip file."""
    if not os.path.isfile(site):
        return  # a FIFO would be waited for
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
                check_size(member.file_size)
                return archive.read(member)
        except KeyError:
            return None
        except archive_errors() as error:
            raise OSError(str(error)) from error

    return read


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
