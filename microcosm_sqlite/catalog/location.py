"""Locate the file of a dataset on disk: in place where it can be, extracted where it cannot."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.distributions import find_developed, folder_reader, is_developed
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME, Manifest
from microcosm_sqlite.catalog.preflight import identify_state
from microcosm_sqlite.errors import (
    BrokenDistributionError,
    DatasetFileError,
    DatasetFileMissingError,
    ManifestError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from microcosm_sqlite.catalog.distributions import Distribution, Entry


class Location:
    """A database file on disk.

    Attributes:
        path: Absolute path.
        immutable: Whether nobody changes the file in place: true of packaged and cached files,
            which nobody changes in place, false of a file that somebody works on.
        renew: For an extracted file, which can vanish at any time: makes sure that it is there.
        memory: The URI of a database in memory, which is no file; else empty.
        is_writable: Whether whoever finds the dataset by its name may write to it.
        metadata: The folder of the metadata that describe a packaged file; an installer removes it
            before it puts another version there. Empty where the file has none.
        refuse_change: Called when another file is at the path than the one that was opened first,
            or that its metadata describe: raises an error unless its content is the same.
    """

    __slots__ = (
        "_opened",
        "immutable",
        "is_writable",
        "memory",
        "metadata",
        "path",
        "refuse_change",
        "renew",
    )

    def __init__(
        self, path: str, *, immutable: bool, renew: Callable[[], object] | None = None
    ) -> None:
        self.path = os.path.abspath(path)
        self.immutable = immutable
        self.renew = renew
        self.memory = ""
        self.is_writable = False
        self.metadata = ""
        self.refuse_change: Callable[[], object] | None = None
        self._opened: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"<Location {self.path}{' immutable' if self.immutable else ''}>"

    @property
    def is_cached(self) -> bool:
        """Whether the file was extracted."""
        return self.renew is not None

    @property
    def was_opened(self) -> bool:
        """Whether this process opened the file before."""
        return bool(self._opened)

    def pin(self, status: os.stat_result) -> None:
        """Hold on to the file that is opened first: an upgrade must not mix two versions.

        Raises:
            DatasetReplacedError: Another version is at its path now.
        """
        found = identify_state(status)
        if found != self._opened:
            is_described = not self.metadata or os.path.isdir(self.metadata)
            if self.refuse_change is not None and (self._opened or not is_described):
                self.refuse_change()
            self._opened = found

    def restore(self) -> None:
        """Extract an extracted file again that has vanished.

        Raises:
            DatasetReplacedError: Another version is installed where it came from.
            DatasetError: It cannot be extracted.
        """
        if self.renew is not None:
            try:
                self.renew()
            except DatasetFileError:
                if self.refuse_change is not None:
                    self.refuse_change()
                raise

    def is_pinned(self) -> bool:
        """Whether the file that is held on to, if one is, is at its path."""
        try:
            return not self._opened or identify_state(os.stat(self.path)) == self._opened
        except OSError:
            return False


def find_manifest(name: str, entry: Entry) -> Manifest | None:
    """The manifest of an installed dataset; None where it has none, or has that of another.

    Raises:
        ManifestError: It cannot be used.
        BrokenDistributionError: It cannot be read.
    """
    distribution = entry.distribution
    manifest = distribution.read_manifest()
    if manifest is None or manifest.name != name:
        return None
    check_own(entry, manifest)
    if distribution.is_zipped or manifest.shards:
        return manifest
    if os.path.exists(installed_path(distribution, manifest)):
        return manifest
    # An editable install's metadata is as old as the install; the file beside the database is as
    # new as the database.
    path = find_developed(member_name(manifest))
    return (manifest_beside(Location(path, immutable=False)) if path else None) or manifest


def manifest_beside(location: Location | None) -> Manifest | None:
    """The manifest in the folder of a database file, if there is one and it describes the file."""
    if location is None:
        return None
    folder, name = os.path.split(location.path)
    try:
        content = folder_reader(folder)(FILE_NAME)
    except (OSError, ValueError):
        return None
    if not content or EXTENSION.encode() not in content:
        return None
    manifest = Manifest.loads(content, os.path.join(folder, FILE_NAME))
    return manifest if os.path.basename(manifest.resource).startswith(name) else None


def check_own(entry: Entry, manifest: Manifest) -> None:
    """Refuse a manifest that leads to what belongs to another distribution.

    Its package and its models share the top-level name of the entry point's module, are listed in
    RECORD, or are in the project of an editable install.

    Raises:
        ManifestError: It leads elsewhere.
    """
    distribution = entry.distribution
    own = {entry.reference.partition(":")[0].partition(".")[0].strip()}
    top, file = manifest.package.partition(".")[0], member_name(manifest)
    if top not in own and not (
        distribution.lists(file) or is_developed(distribution, find_developed(file))
    ):
        raise _foreign(distribution, manifest, "file", file)
    if manifest.models and manifest.models.partition(".")[0] not in own | {top}:
        check_models(distribution, manifest, is_named_alike=False)


def check_models(
    distribution: Distribution, manifest: Manifest, *, is_named_alike: bool = True
) -> None:
    """Refuse models that the distribution did not install, before they are imported.

    Args:
        distribution: The distribution.
        manifest: Its manifest.
        is_named_alike: Whether their name is proof enough where there is no RECORD.

    Raises:
        ManifestError: RECORD does not list their module, nor has the project of an editable
            install a file of this name.
    """
    path = manifest.models.replace(".", "/")
    files = (f"{path}.py", f"{path}/__init__.py")
    listed = [distribution.lists(file) for file in files]
    is_own = any(listed) or (is_named_alike and None in listed)
    if not is_own and not any(is_developed(distribution, find_developed(file)) for file in files):
        raise _foreign(distribution, manifest, "models", manifest.models)


def _check_listed(distribution: Distribution, manifest: Manifest) -> None:
    """Refuse a file in a package of which RECORD lists nothing; without RECORD, nothing is known.

    Whether it lists the very file is for a verification to say.
    """
    package = "/".join((*manifest.package.split("."), ""))
    if distribution.lists(package if manifest.package else manifest.resource) is False:
        raise _foreign(distribution, manifest, "file", member_name(manifest))


def _foreign(distribution: Distribution, manifest: Manifest, kind: str, name: str) -> ManifestError:
    owner = f"{distribution.name} {distribution.version}"
    return ManifestError(
        f"{manifest.origin} names the {kind} {name}, which {owner} did not install.",
        hint="Reinstall it; if that does not help, tell its publisher.",
    )


def locate(distribution: Distribution, manifest: Manifest) -> Location:
    """The file that a manifest names, without importing its package.

    Raises:
        DatasetFileMissingError: It is not where the manifest says.
        ManifestError: It is there, and the distribution did not install it.
        CacheError: It had to be extracted and could not be.
    """
    if distribution.is_zipped or manifest.shards:
        from microcosm_sqlite.catalog.cache.joining import extract_archive

        return _extracted(lambda: extract_archive(distribution, manifest))
    path = installed = installed_path(distribution, manifest)
    if os.path.exists(path):
        _check_listed(distribution, manifest)
    else:
        file = member_name(manifest)
        path = find_developed(file) or _missing(distribution, manifest)
        is_elsewhere = os.path.exists(path) and distribution.lists(file) is not None
        if is_elsewhere and not is_developed(distribution, path):
            raise _foreign(distribution, manifest, "file", path)
    if manifest.compression != "none":
        from microcosm_sqlite.catalog.cache.extraction import extract_file

        return _extracted(lambda: extract_file(path, manifest))
    location = Location(path, immutable=path == installed)
    location.metadata = distribution.metadata
    return location


def installed_path(distribution: Distribution, manifest: Manifest) -> str:
    """Where the packaged file of a distribution is, unless its install is an editable one."""
    return os.path.join(distribution.site, *manifest.package.split("."), manifest.resource)


def member_name(manifest: Manifest) -> str:
    """The packaged file's path below the site directory, as archives and RECORD write it."""
    return "/".join((*filter(None, manifest.package.split(".")), manifest.resource))


def locate_entry(entry: Entry, graph: object = None) -> Location:
    """The file that an entry point's function names: for wheels without a manifest.

    A path outside of the distribution is somebody's working copy, as in the 2.0.0 way of building
    a dataset in place; it is not taken to be immutable.

    Raises:
        BrokenDistributionError: The function fails, or returns no path.
        CacheError: The path is inside a zip file and could not be extracted.
    """
    found = entry.load_path(graph)
    try:
        location = locate_object(found)
    except (TypeError, ValueError) as error:
        raise BrokenDistributionError(
            f"{entry.distribution.name} {entry.distribution.version} gives {found!r} as the path "
            f"of dataset {entry.name!r}.",
            hint="Its entry point must return a string, a path or an importlib.resources file.",
        ) from error
    location.immutable = location.immutable or _is_packaged(location.path, entry.distribution)
    return location


def _is_packaged(path: str, distribution: Distribution) -> bool:
    # A development tree has its metadata in itself, as egg-info.
    site = os.path.join(os.path.abspath(distribution.site), "")
    return path.startswith(site) and distribution.metadata.endswith(".dist-info")


def locate_object(found: object) -> Location:
    """The file that a text, an ``os.PathLike`` or a ``Traversable`` stands for.

    Raises:
        TypeError: It stands for none.
    """
    if isinstance(found, str) and not found:
        raise ValueError("A path cannot be empty.")
    if isinstance(found, str | os.PathLike):
        return Location(os.fsdecode(found), immutable=False)
    if callable(getattr(found, "open", None)) and callable(getattr(found, "is_file", None)):
        from microcosm_sqlite.catalog.cache.extraction import extract_stream

        def extract() -> str:
            return extract_stream(found)  # type: ignore[arg-type]  # as far as it is used

        # It would have to be read whole to know what its file should be.
        location = _extracted(extract)
        location.renew = lambda: os.path.exists(location.path) or extract()
        return location
    raise TypeError(f"a path must be a string, a path or a resource, not {found!r}")


def refuse_memory(name: str, action: str) -> DatasetFileMissingError:
    """The error for what needs a file where a test put a database in memory."""
    return DatasetFileMissingError(
        f"Dataset {name!r} cannot {action}: a test overrides it by one in memory.",
        hint="Override it by a file.",
    )


def _extracted(extract: Callable[[], str]) -> Location:
    return Location(extract(), immutable=True, renew=extract)


def _missing(distribution: Distribution, manifest: Manifest) -> NoReturn:
    raise DatasetFileMissingError(
        f"{distribution.name} {distribution.version} is installed, but its file "
        f"{manifest.package}/{manifest.resource} is not.",
        hint=f"Run: {distribution.reinstall_command}",
    )
