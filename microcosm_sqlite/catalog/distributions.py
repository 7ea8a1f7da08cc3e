"""Installed distributions that carry datasets, their files, and the entries that they make."""

from __future__ import annotations

import os
import sys

from microcosm_sqlite.catalog.manifest import FILE_NAME, Manifest
from microcosm_sqlite.catalog.strict_json import PLAIN
from microcosm_sqlite.errors import BrokenDistributionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[str], bytes | None]

MAX_METADATA = 64 << 20
"""Bytes that a metadata file may have, or claim to uncompress to."""

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def folder_reader(folder: str) -> Reader:
    """Return a function that reads a file of a folder, and never waits for a FIFO or a device."""

    def read(file: str) -> bytes | None:
        # Bare system calls: this runs once for each installed distribution on every cold start.
        try:
            descriptor = os.open(f"{folder}/{file}", _READ)
        except (FileNotFoundError, NotADirectoryError):
            return None
        try:
            return os.read(descriptor, check_size(os.fstat(descriptor).st_size))
        finally:
            os.close(descriptor)

    return read


def check_size(size: int) -> int:
    """Return a metadata file's size, or raise OSError if it is too large."""
    if size > MAX_METADATA:
        raise OSError(f"{size:,} bytes are too many for metadata")
    return size


class Problem:
    """Something in the environment that discovery could not use.

    Attributes:
        distribution: Name of the distribution, as far as it could be told.
        dataset: Name of the dataset, or an empty string where none could be read.
        message: What is wrong.
        hint: What to do about it.
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
        duplicates: All its versions, if the same site has several metadata folders of this name.
    """

    __slots__ = ("_read", "duplicates", "metadata", "name", "site", "version")

    def __init__(self, site: str, folder: str, read: Reader) -> None:
        self.site = site
        self.metadata = os.path.join(site, folder)
        self._read = read
        self.duplicates: list[str] = []
        # Both stand in commands that users are told to run.
        stem = "".join(filter(PLAIN.__contains__, os.path.splitext(folder)[0]))
        self.name, _, self.version = stem.partition("-")
        for file in ("METADATA", "PKG-INFO"):
            # Not contextlib.suppress, whose import every cold start would pay for.
            try:  # noqa: SIM105
                self._read_headers(read(file) or b"")
            except OSError:
                pass  # the folder's name says as much

    def __repr__(self) -> str:
        return f"<Distribution {self.name} {self.version}>"

    @property
    def is_zipped(self) -> bool:
        """Whether it is imported from inside a zip file."""
        return not os.path.isdir(self.site)

    @property
    def is_removed(self) -> bool:
        """Whether its metadata were removed since they were found."""
        return not self.is_zipped and not os.path.exists(self.metadata)

    @property
    def reinstall_command(self) -> str:
        """The command that repairs it, for whatever installed it."""
        return reinstall_command(self.name, self.installer)

    @property
    def installer(self) -> str:
        """What installed it, such as pip; empty where nothing says it."""
        try:
            return (self.read("INSTALLER") or b"").decode("utf-8", "replace").strip()
        except BrokenDistributionError:
            return ""

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
                hint=f"Run: {reinstall_command(self.name)}",
            ) from error

    def lists(self, file: str) -> bool | None:
        """Whether RECORD lists a file, named from the site; None where there is no RECORD.

        A name that ends with a slash stands for anything in that folder.

        Raises:
            BrokenDistributionError: It cannot be read.
        """
        content = self.read("RECORD")
        if not content:
            return None
        # A search, because importing csv would cost each cold start more than the whole reading.
        end = "" if file.endswith("/") else ","
        quoted = '"' + file.replace('"', '""') + (end and '",')
        lines = b"\n" + content
        return any(f"\n{name}".encode() in lines for name in (file + end, quoted))

    def read_manifest(self) -> Manifest | None:
        """The manifest of the dataset that it carries; None where it has none.

        Raises:
            ManifestError: There is one and it cannot be used.
            BrokenDistributionError: There is one and it cannot be read.
        """
        file = f"extra_metadata/{FILE_NAME}"
        content = self.read(file)
        return None if content is None else Manifest.loads(content, f"{self.metadata}/{file}")

    def _read_headers(self, content: bytes) -> None:
        for line in content.splitlines():
            if not line:
                break
            key, _, value = line.decode("utf-8", "replace").partition(":")
            value = value.strip()
            if key in ("Name", "Version") and PLAIN.issuperset(value.replace("!", "")):
                setattr(self, key.lower(), value)


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
                hint=f"Run: {self.distribution.reinstall_command}",
            ) from error


def canonical_name(name: str) -> str:
    """A distribution's name as installers compare names, in the spelling of metadata folders."""
    return "_".join(filter(None, name.lower().replace("-", "_").replace(".", "_").split("_")))


def reinstall_command(names: str, installer: str = "") -> str:
    """The command that repairs damaged distributions, given what installed them.

    uv installs by links to its cache, so that a damaged file would be linked again.

    >>> reinstall_command("birds-data==1.0", "uv")
    'uv cache clean birds-data && uv pip install --reinstall birds-data==1.0'

    Args:
        names: Their names, apart by spaces, each with ``==`` and a version where one is needed.
        installer: The program that installed them, if it says so.
    """
    if installer and installer == "uv":
        bare = " ".join(name.partition("==")[0] for name in names.split(" "))
        return f"uv cache clean {bare} && uv pip install --reinstall {names}"
    return f"pip install --force-reinstall --no-deps {names}"


def uninstall_command(names: str, installer: str = "") -> str:
    """The command that removes distributions without asking, given what installed them.

    >>> uninstall_command("birds-data-shard-0004", "uv")
    'uv pip uninstall birds-data-shard-0004'

    Args:
        names: Their names, apart by spaces.
        installer: The program that installed them, if it says so.
    """
    return f"uv pip uninstall {names}" if installer == "uv" else f"pip uninstall -y {names}"


def find_developed(file: str) -> str:
    """Where a file named from the site directory is; empty if its package is not to be found.

    The package's folder is elsewhere on the import path, or an import hook stands for it. A file
    that is missing from a package that was found is named there all the same.
    """
    *parts, name = file.split("/")
    folders = (os.path.join(site or os.curdir, *parts) for site in sys.path)
    known = [folder for folder in folders if os.path.isdir(folder)] or _hooked_folders(parts)
    paths = [os.path.join(folder, name) for folder in known]
    return next(filter(os.path.exists, paths), paths[0] if paths else "")


def _hooked_folders(parts: list[str]) -> list[str]:
    from importlib.util import find_spec

    try:
        spec = find_spec(parts[0])  # of the top level, which imports nothing
    except (ImportError, IndexError, ValueError):
        return []
    found = (spec.submodule_search_locations if spec else None) or ()
    return [os.path.join(folder, *parts[1:]) for folder in found]


def is_developed(distribution: Distribution, path: str) -> bool:
    """Whether a file is the distribution's own, in the project of its editable install.

    Installers write down where that project is, and its ``pyproject.toml`` says its name. One that
    wrote nothing down has at least listed a ``.pth`` file.
    """
    if not os.path.exists(path):
        return False
    project = find_project(distribution)
    if project is None:
        return b".pth," in (distribution.read("RECORD") or b"")
    try:
        top = os.path.join(os.path.realpath(project), "")
        is_inside = os.path.realpath(path).startswith(top)
    except OSError:  # a link that an installer has removed since
        return False
    return is_inside and _read_name(project) == canonical_name(distribution.name)


def find_project(distribution: Distribution) -> str | None:
    """The folder that an installer says it installed in editable mode; None without its word."""
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        origin = json.loads(distribution.read("direct_url.json") or b"{}")
        url = urlsplit(origin["url"])
        is_editable = origin["dir_info"]["editable"]
    except (KeyError, TypeError, ValueError):
        return None
    return url2pathname(url.path) if is_editable is True and url.scheme == "file" else None


def _read_name(project: str) -> str:
    import tomllib

    try:
        with open(os.path.join(project, "pyproject.toml"), "rb") as file:
            name = tomllib.load(file)["project"]["name"]
    except (OSError, KeyError, TypeError, ValueError):
        return ""
    return canonical_name(str(name))
