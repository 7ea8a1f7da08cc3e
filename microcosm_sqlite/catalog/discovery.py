"""Discover which installed distributions carry datasets, from their metadata alone.

This is a scan for ``*.dist-info/entry_points.txt`` files that name our group, not
:func:`importlib.metadata.entry_points`: that reads and parses every distribution, costs ten times
as much, and raises for all when one file of one distribution is malformed.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from microcosm_sqlite.errors import BrokenDistributionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Reader = Callable[[str], bytes | None]

GROUP = "microcosm.sqlite"
"""The entry-point group: dataset name to a reference to a function that returns its path."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
METADATA_SUFFIXES = (".dist-info", ".egg-info")


class Problem:
    """Something in the environment that discovery could not use.

    Attributes:
        distribution: Name of the distribution, as far as it could be told.
        dataset: Name of the dataset, or an empty string where none could be read.
        message: What is wrong.
        hint: The line that mends it.
    """

    __slots__ = ("dataset", "distribution", "hint", "message")

    def __init__(self, distribution: str, dataset: str, message: str, hint: str) -> None:
        self.distribution = distribution
        self.dataset = dataset
        self.message = message
        self.hint = hint

    def __repr__(self) -> str:
        return f"<Problem {self.distribution}: {self.message}>"

    def as_dict(self) -> dict[str, str]:
        """The attributes, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Distribution:
    """An installed distribution that names our entry-point group.

    Attributes:
        name: As its metadata spells it.
        version: Its version.
        site: The entry of ``sys.path`` that it is installed in: a directory or a zip file.
        metadata: Where its metadata stands, for messages.
    """

    __slots__ = ("_read", "metadata", "name", "site", "version")

    def __init__(self, site: str, folder: str, read: Reader) -> None:
        self.site = site
        self.metadata = os.path.join(site, folder)
        self._read = read
        stem = os.path.splitext(folder)[0]
        self.name, _, self.version = stem.partition("-")
        for file in ("METADATA", "PKG-INFO"):
            with suppress(OSError):  # the folder's name says as much
                self._read_headers(read(file) or b"")

    def __repr__(self) -> str:
        return f"<Distribution {self.name} {self.version}>"

    @property
    def is_zipped(self) -> bool:
        """Whether it is imported from inside a zip file."""
        return not os.path.isdir(self.site)

    def read(self, file: str) -> bytes | None:
        """The content of a metadata file, or None where there is no such file.

        Raises:
            BrokenDistributionError: It is there and cannot be read.
        """
        try:
            return self._read(file)
        except OSError as error:
            raise BrokenDistributionError(
                f"{self.metadata}/{file} cannot be read: {error.strerror or error}.",
                hint=_reinstall(self.name),
            ) from error

    def _read_headers(self, content: bytes) -> None:
        for line in content.splitlines():
            if not line:
                break
            key, _, value = line.decode("utf-8", "replace").partition(":")
            if key == "Name":
                self.name = value.strip()
            elif key == "Version":
                self.version = value.strip()


class Entry:
    """One line of the group: a dataset name and the function that a distribution gives for it."""

    __slots__ = ("distribution", "name", "reference")

    def __init__(self, name: str, reference: str, distribution: Distribution) -> None:
        self.name = name
        self.reference = reference
        self.distribution = distribution

    def __repr__(self) -> str:
        return f"<Entry {self.name} = {self.reference}>"

    def load_path(self, graph: object = None) -> object:
        """Import the function and call it with the object graph: the 2.0.0 way to a path.

        Raises:
            BrokenDistributionError: Whatever goes wrong in there, ``SystemExit`` included.
        """
        module, _, attribute = self.reference.partition("[")[0].strip().partition(":")
        try:
            from importlib import import_module

            found: object = import_module(module)
            for part in attribute.split(".") if attribute else ():
                found = getattr(found, part)
            return found(graph)  # type: ignore[operator]  # any fault of it is reported below
        except (Exception, SystemExit) as error:
            raise BrokenDistributionError(
                f"{self.distribution.name} {self.distribution.version} cannot say where dataset "
                f"{self.name!r} is: {self.reference} raised {type(error).__name__}: {error}.",
                hint=_reinstall(self.distribution.name),
            ) from error


class Scan:
    """What one look at the import path found."""

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
            entry for entry in found.entries if _canonical(entry.distribution.name) not in seen
        )
        seen |= found.names
    return Scan(entries, problems)


def _is_text(site: object) -> bool:
    return isinstance(site, str)  # imports ignore whatever else is put there


class _Site:
    """What one directory or zip file of the import path holds."""

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
        self.problems.append(Problem(name, "", message, _reinstall(name)))


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
        name = _canonical(folder.partition("-")[0])
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
    """One of several metadata folders of a distribution: an interrupted upgrade leaves two."""
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
        from microcosm_sqlite.catalog.zipped_metadata import zipped_folders

        yield from zipped_folders(site, METADATA_SUFFIXES)
    except OSError:
        return
    else:
        for name in names:
            # A leading tilde is what pip leaves of a distribution that it could not remove.
            if name.endswith(METADATA_SUFFIXES) and not name.startswith("~"):
                yield name, _folder_reader(os.path.join(site, name))


_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _folder_reader(folder: str) -> Reader:
    def read(file: str) -> bytes | None:
        # Bare system calls: this runs once for each installed distribution on every cold start.
        try:
            descriptor = os.open(f"{folder}/{file}", _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            size = os.fstat(descriptor).st_size
            return os.read(descriptor, size)
        finally:
            os.close(descriptor)

    return read


def _parse_group(text: str) -> Iterator[tuple[str, str]]:
    """Our group's pairs from an ``entry_points.txt``; ValueError tells the bad line."""
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


def _canonical(name: str) -> str:
    return "_".join(filter(None, name.lower().replace("-", "_").replace(".", "_").split("_")))


def _reinstall(name: str) -> str:
    return f"Run: pip install --force-reinstall {name}"
