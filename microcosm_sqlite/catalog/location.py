"""Locate the file of a dataset on disk: in place where it can be, extracted where it cannot."""

from __future__ import annotations

import os
import sys

from microcosm_sqlite.errors import BrokenDistributionError, DatasetFileMissingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.discovery import Distribution, Entry
    from microcosm_sqlite.catalog.manifest import Manifest


class Location:
    """A database file on disk.

    Attributes:
        path: Absolute path.
        immutable: Whether nobody changes the file in place: true of packaged and cached files,
            which are only replaced by rename, false of a file that somebody works on.
        is_cached: Whether it was extracted, so that it can vanish and be made again.
    """

    __slots__ = ("immutable", "is_cached", "path")

    def __init__(self, path: str, *, immutable: bool, is_cached: bool = False) -> None:
        self.path = os.path.abspath(path)
        self.immutable = immutable
        self.is_cached = is_cached

    def __repr__(self) -> str:
        return f"<Location {self.path}{' immutable' if self.immutable else ''}>"


def locate(distribution: Distribution, manifest: Manifest) -> Location:
    """The file that a manifest names, without importing its package.

    Raises:
        DatasetFileMissingError: It is not where the manifest says.
        CacheError: It had to be extracted and could not be.
    """
    parts = (*manifest.package.split("."), manifest.resource)
    path = os.path.join(distribution.site, *parts)
    if distribution.is_zipped:
        from microcosm_sqlite.catalog.cache import extract_member

        return _cached(extract_member(distribution.site, "/".join(parts), manifest))
    is_installed = os.path.exists(path)
    if not is_installed:
        path = os.path.join(_development_folder(distribution, manifest), manifest.resource)
    if manifest.compression != "none":
        from microcosm_sqlite.catalog.cache import extract_file

        return _cached(extract_file(path, manifest))
    return Location(path, immutable=is_installed)


def locate_entry(entry: Entry, graph: object = None) -> Location:
    """The file that an entry point's function names: for wheels without a manifest.

    A path outside of the distribution is somebody's working copy, as in the 2.0.0 way of building
    a dataset in place; it is not taken to be immutable.

    Raises:
        BrokenDistributionError: The function fails, or returns no path.
        CacheError: The path is inside a zip file and could not be extracted.
    """
    found = entry.load_path(graph)
    location = locate_object(found)
    if location is None:
        raise BrokenDistributionError(
            f"{entry.distribution.name} {entry.distribution.version} gives {found!r} as the path "
            f"of dataset {entry.name!r}.",
            hint="Its entry point must return a string, a path or an importlib.resources file.",
        )
    site = os.path.join(os.path.abspath(entry.distribution.site), "")
    location.immutable = location.immutable or location.path.startswith(site)
    return location


def locate_object(found: object) -> Location | None:
    """The file of whatever stands for one: text, ``os.PathLike``, or a ``Traversable``.

    None where it stands for none.
    """
    if isinstance(found, str | os.PathLike):
        return Location(os.fsdecode(found), immutable=False)
    if callable(getattr(found, "open", None)) and callable(getattr(found, "is_file", None)):
        from microcosm_sqlite.catalog.cache import extract_stream

        return _cached(extract_stream(found))  # type: ignore[arg-type]
    return None


def _cached(path: str) -> Location:
    return Location(path, immutable=True, is_cached=True)


def _development_folder(distribution: Distribution, manifest: Manifest) -> str:
    """The package's folder of an editable install, which is elsewhere on the import path."""
    parts = manifest.package.split(".")
    for site in sys.path:
        folder = os.path.join(site or os.curdir, *parts)
        if os.path.isdir(folder):
            return folder
    return _hooked_folder(parts) or _missing(distribution, manifest)


def _hooked_folder(parts: list[str]) -> str:
    """The same where an import hook stands for the path; the package is not imported."""
    from importlib.util import find_spec

    spec = find_spec(parts[0])
    folders = spec.submodule_search_locations if spec else None
    return os.path.join(next(iter(folders)), *parts[1:]) if folders else ""


def _missing(distribution: Distribution, manifest: Manifest) -> str:
    raise DatasetFileMissingError(
        f"{distribution.name} {distribution.version} is installed, but its file "
        f"{manifest.package}/{manifest.resource} is not.",
        hint=f"Run: pip install --force-reinstall {distribution.name}",
    )
