"""Locate the file of a dataset on disk: in place where it can be, extracted where it cannot."""

from __future__ import annotations

import os
import sys

from microcosm_sqlite.errors import (
    BrokenDistributionError,
    DatasetFileMissingError,
    ManifestError,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

    from microcosm_sqlite.catalog.distributions import Distribution, Entry
    from microcosm_sqlite.catalog.manifest import Manifest


class Location:
    """A database file on disk.

    Attributes:
        path: Absolute path.
        immutable: Whether nobody changes the file in place: true of packaged and cached files,
            which nobody changes in place, false of a file that somebody works on.
        renew: For an extracted file, which can vanish at any time: makes sure that it is there.
        refuse_change: Called when another file is at the path than the one that was opened first:
            raises an error unless its content is the same.
    """

    __slots__ = ("_opened", "immutable", "path", "refuse_change", "renew")

    def __init__(
        self, path: str, *, immutable: bool, renew: Callable[[], object] | None = None
    ) -> None:
        self.path = os.path.abspath(path)
        self.immutable = immutable
        self.renew = renew
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
        found = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if found != self._opened:
            if self._opened and self.refuse_change is not None:
                self.refuse_change()
            self._opened = found


def check_own(entry: Entry, manifest: Manifest) -> None:
    """Refuse a manifest that leads to what belongs to another distribution.

    Its package and its models share the top-level name of the entry point's module, or are listed
    in RECORD.

    Raises:
        ManifestError: It leads elsewhere.
    """
    distribution = entry.distribution
    own = entry.reference.partition(":")[0].partition(".")[0].strip()
    if manifest.package.partition(".")[0] != own and not distribution.lists(member_name(manifest)):
        raise _foreign(distribution, manifest, "file", member_name(manifest))
    models = manifest.models
    if models and models.partition(".")[0] not in (own, manifest.package.partition(".")[0]):
        path = models.replace(".", "/")
        if not any(map(distribution.lists, (f"{path}.py", f"{path}/__init__.py"))):
            raise _foreign(distribution, manifest, "models", models)


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
    if distribution.is_zipped:
        from microcosm_sqlite.catalog.cache.extraction import extract_member

        return _extracted(
            lambda: extract_member(distribution.site, member_name(manifest), manifest)
        )
    path = installed = installed_path(distribution, manifest)
    if os.path.exists(path):
        _check_listed(distribution, manifest)
    else:
        path = development_path(manifest) or _missing(distribution, manifest)
    if manifest.compression != "none":
        from microcosm_sqlite.catalog.cache.extraction import extract_file

        return _extracted(lambda: extract_file(path, manifest))
    return Location(path, immutable=path == installed)


def installed_path(distribution: Distribution, manifest: Manifest) -> str:
    """Where the packaged file of a distribution is, unless its install is an editable one."""
    return os.path.join(distribution.site, *manifest.package.split("."), manifest.resource)


def member_name(manifest: Manifest) -> str:
    """The packaged file's path below the site directory, as archives and RECORD write it."""
    return "/".join((*filter(None, manifest.package.split(".")), manifest.resource))


def development_path(manifest: Manifest) -> str:
    """Where the file of an editable install is; empty if its package is not to be found.

    The package's folder is elsewhere on the import path, or an import hook stands for it.
    """
    parts = manifest.package.split(".")
    folders = (os.path.join(site or os.curdir, *parts) for site in sys.path)
    known = [folder for folder in folders if os.path.isdir(folder)] or _hooked_folders(parts)
    paths = [os.path.join(folder, manifest.resource) for folder in known]
    return next(filter(os.path.exists, paths), paths[0] if paths else "")


def _hooked_folders(parts: list[str]) -> list[str]:
    from importlib.util import find_spec

    try:
        spec = find_spec(parts[0])  # of the top level, which imports nothing
    except (ImportError, ValueError):
        return []
    found = (spec.submodule_search_locations if spec else None) or ()
    return [os.path.join(folder, *parts[1:]) for folder in found]


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


def _extracted(extract: Callable[[], str]) -> Location:
    return Location(extract(), immutable=True, renew=extract)


def _missing(distribution: Distribution, manifest: Manifest) -> NoReturn:
    raise DatasetFileMissingError(
        f"{distribution.name} {distribution.version} is installed, but its file "
        f"{manifest.package}/{manifest.resource} is not.",
        hint=f"Run: pip install --force-reinstall {distribution.name}",
    )
