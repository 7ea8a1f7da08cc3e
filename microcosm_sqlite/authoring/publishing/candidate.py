"""A dataset project, its wheel, or both, before they are published.

A wheel is examined as an index does, as a zip file: an index takes only archives that read the same
front to back, by the header before each member, and back to front, by the central directory.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from microcosm_sqlite.authoring.project.pyproject import read_pyproject
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sharding.size_limits import BUILD_WHEELS, needs_parts
from microcosm_sqlite.authoring.subsetting.edition_wheel import name_edition_wheel
from microcosm_sqlite.catalog.cache.joining import find_shards
from microcosm_sqlite.catalog.cache.part_files import find_part_files
from microcosm_sqlite.catalog.codecs import archive_errors
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.catalog.opening import read_wheel
from microcosm_sqlite.catalog.preflight import check_regular
from microcosm_sqlite.catalog.verifying.checklist import Complaint, Subject, Unchecked
from microcosm_sqlite.errors import BrokenDistributionError, DatasetError, DatasetFileMissingError

if TYPE_CHECKING:
    from packaging.metadata import RawMetadata

    from microcosm_sqlite.catalog.cache.part_files import PartFile
    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.manifest import Manifest

BUILD = "pip wheel --no-deps --wheel-dir dist ."
"""The command that builds the wheel of a project, in its folder."""


@dataclass(frozen=True)
class Description:
    """The description of the data in a project or a manifest.

    Attributes:
        license: SPDX expression.
        origins: Title and URL of each.
    """

    title: str
    description: str
    license: str
    origins: list[tuple[str, str]]


class Candidate(Subject):
    """A project, a wheel, or both; what is asked of a missing one raises ``Unchecked``.

    Attributes:
        name: The project's folder, or the wheel's file name.
        wheel_path: The wheel, if there is one.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path).resolve()
        self.name = path.name
        self._root: Path | None = None
        self.wheel_path: Path | None = None
        if path.is_dir():
            self._root = path
            self._settings = ProjectSettings.from_pyproject(path)
            self.wheel_path = self._find_wheel()
        elif path.exists():
            check_regular(str(path), path.stat())
            if path.suffix != ".whl":
                raise DatasetError(
                    f"{path} is not a wheel.", hint="Name a wheel, or the folder of a project."
                )
            self.wheel_path = path
        else:
            raise DatasetFileMissingError(f"{path} does not exist.")

    @property
    def root(self) -> Path:
        """The project's directory."""
        if self._root is None:
            raise Unchecked("a wheel does not carry it")
        return self._root

    @property
    def is_project(self) -> bool:
        """Whether it is a project, with or without a wheel."""
        return self._root is not None

    @property
    def settings(self) -> ProjectSettings:
        """The project's settings."""
        if self._root is None:
            raise Unchecked("a wheel does not carry it")
        return self._settings

    @property
    def distribution_name(self) -> str:
        """The name of the distribution, as its project or its wheel spells it."""
        told = self.project if self.is_project else self.metadata
        return str(told.get("name", ""))

    @property
    def stem(self) -> str:
        """Name and version, with which the file names of its distributions begin."""
        from packaging.utils import canonicalize_name

        name = canonicalize_name(str(self.project.get("name", ""))).replace("-", "_")
        return f"{name}-{self.version}"

    @property
    def version(self) -> str:
        """The version in its project, or else in its wheel."""
        return self._settings.version if self.is_project else str(self.metadata.get("version"))

    @cached_property
    def project(self) -> Mapping[str, Any]:
        """The table ``[project]``."""
        table: Mapping[str, Any] = read_pyproject(self.root).get("project", {})
        return table

    @property
    def dynamic(self) -> list[str]:
        """The keys of that table that the build fills in."""
        return list(self.project.get("dynamic", []))

    @property
    def wheel(self) -> Path:
        """The wheel."""
        if self.wheel_path is None:
            raise Unchecked("no wheel is built")
        return self.wheel_path

    @cached_property
    def archive(self) -> ZipFile:
        """The wheel as a zip file; closed with the candidate."""
        try:
            return ZipFile(self.wheel)
        except archive_errors() as error:
            raise BrokenDistributionError(f"{self.wheel} is not a wheel: {error}.") from error

    @cached_property
    def distribution(self) -> Distribution:
        """The wheel's metadata folder."""
        return read_wheel(str(self.wheel))

    def read(self, file: str) -> bytes:
        """A file of the wheel's metadata folder."""
        content = self.distribution.read(file)
        if content is None:
            raise BrokenDistributionError(f"{self.wheel.name} has no {file}.")
        return content

    @cached_property
    def metadata(self) -> RawMetadata:
        """The wheel's METADATA, unchecked."""
        from packaging.metadata import parse_email

        return parse_email(self.read("METADATA"))[0]

    @cached_property
    def manifest(self) -> Manifest:
        """The wheel's manifest."""
        manifest = self.distribution.read_manifest()
        if manifest is None:
            raise BrokenDistributionError(f"{self.wheel.name} has no extra_metadata/{FILE_NAME}.")
        return manifest

    @cached_property
    def shards(self) -> list[PartFile]:
        """The shards that the wheel needs, whose wheels should be beside it."""
        return find_shards(self.distribution, self.manifest)

    @cached_property
    def twins(self) -> list[PartFile]:
        """The columnar twins that the wheel names, whose wheel should be beside it."""
        return find_part_files(self.distribution, self.manifest.twins.values())

    @property
    def uploads(self) -> list[Path]:
        """The wheels in the order in which they are published: nothing needs what is not there."""
        if self.wheel_path is None:
            return []
        try:
            parts = [*self.shards, *self.twins]
        except DatasetError:  # told by the checks of the manifest
            parts = []
        return [*dict.fromkeys(Path(file.site) for file in parts), self.wheel_path]

    @property
    def editions(self) -> dict[str, Path]:
        """The wheels of the project's editions, whether they are there or not."""
        if not self.is_project or self.wheel_path is None:
            return {}
        return {
            edition: self.wheel_path.with_name(name_edition_wheel(self.wheel_path.name, edition))
            for edition in self._settings.editions
        }

    @property
    def description(self) -> Description:
        """The description of the data in the project, or else in the manifest."""
        if self.is_project:
            told = self._settings
            origins = [(origin.title, origin.url) for origin in told.origins]
            title = told.title or told.description  # as in the manifest
            return Description(title, told.description, told.license, origins)
        manifest = self.manifest
        return Description(
            manifest.title,
            manifest.description,
            " AND ".join(str(each.get("name", "")) for each in manifest.licenses),
            [(each.get("title", ""), each.get("path", "")) for each in manifest.sources],
        )

    def explain(self, error: Exception) -> tuple[str, str] | None:
        """Message for an error of the wheel's metadata or of its zip file."""
        if isinstance(error, DatasetError):
            return error.message.rstrip("."), ""
        return (f"it cannot be read: {error}", "") if isinstance(error, archive_errors()) else None

    def complete(self, hint: str) -> str:
        """The hint of a check, with the command that builds what this is."""
        return hint.replace(BUILD, BUILD_WHEELS) if self._has_parts else hint

    @property
    def _has_parts(self) -> bool:
        if self.is_project:
            return needs_parts(self._settings)
        try:
            return bool(self.manifest.shards or self.manifest.twins)
        except DatasetError:
            return False
        except archive_errors():
            return False

    def close(self) -> None:
        """Close what was opened."""
        if "archive" in vars(self):
            self.archive.close()

    def _find_wheel(self) -> Path | None:
        """The newest wheel of this version under ``dist/``."""
        from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
        from packaging.version import InvalidVersion, Version

        found = []
        for path in (self.root / "dist").glob("*.whl"):
            try:
                name, version, *_ = parse_wheel_filename(path.name)
                is_meant = version == Version(self.version)
            except (InvalidWheelFilename, InvalidVersion):
                continue
            if is_meant and name == canonicalize_name(str(self.project.get("name", ""))):
                found.append(path)
        return max(found, key=os.path.getmtime, default=None)


_LOCAL_HEADER = struct.Struct("<4s2xHH8xLLHH")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_END_SIGNATURE = b"PK\x05\x06"
_END_SIZE = 22
_STREAMED, _ENCRYPTED = 0x08, 0x01
_IN_EXTRA_FIELD = 0xFFFFFFFF
_METHODS = (ZIP_STORED, ZIP_DEFLATED)


def find_foreign_methods(archive: ZipFile) -> Iterator[str]:
    """A complaint for each member that is neither stored nor deflated."""
    for member in archive.infolist():
        if member.compress_type not in _METHODS:
            yield f"{member.filename} is compressed with method {member.compress_type}"
        elif member.flag_bits & _ENCRYPTED:
            yield f"{member.filename} is encrypted"


def find_bad_names(archive: ZipFile) -> Iterator[str]:
    """A complaint for each name that is there twice, or leads out of the archive."""
    seen: set[str] = set()
    for member in archive.infolist():
        name = member.orig_filename
        if name in seen:
            yield f"{name} is in it more than once"
        elif name.startswith("/") or ".." in name.split("/") or "\\" in name:
            yield f"{name} leads out of it"
        elif not name.isprintable():
            yield Complaint(f"{name!r} has control characters", "Rename it, and build it again.")
        seen.add(name)


def find_oddities(archive: ZipFile) -> Iterator[str]:
    """A complaint for each thing that the two ways of reading an archive disagree on."""
    assert archive.fp is not None, "the archive is open"  # noqa: S101
    yield from _find_comments(archive)
    end = 0
    for member in sorted(archive.infolist(), key=lambda member: member.header_offset):
        if member.header_offset != end:
            yield f"{abs(member.header_offset - end):,} bytes in front of {member.filename}"
        end = member.header_offset
        archive.fp.seek(end)
        yield from _compare_header(archive.fp, member)
        end = archive.fp.tell() + member.compress_size
    if archive.start_dir != end:
        yield f"{abs(archive.start_dir - end):,} bytes between the members and their directory"
    if not _ends_properly(archive.fp, len(archive.comment)):
        yield "data after its end"


def _find_comments(archive: ZipFile) -> Iterator[str]:
    if archive.comment:
        yield "a comment of its own"
    for member in archive.infolist():
        if member.comment:
            yield f"a comment to {member.filename}"


def _compare_header(stream: IO[bytes], member: ZipInfo) -> Iterator[str]:
    """Compare the header in front of a member with the directory, and stop at its data."""
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
        yield f"no header in front of {member.filename}"
        return
    _, flags, _, packed, unpacked, name_size, extra_size = _LOCAL_HEADER.unpack(header)
    name = stream.read(name_size)
    stream.seek(extra_size, 1)
    if name.decode("utf-8", "replace") != member.orig_filename:
        yield f"another name in front of {member.filename}"
    if flags & _STREAMED:
        yield f"a data descriptor after {member.filename}, as archives have that were streamed"
    elif any(
        told not in (size, _IN_EXTRA_FIELD)
        for told, size in ((packed, member.compress_size), (unpacked, member.file_size))
    ):
        yield f"another size in front of {member.filename}"


def _ends_properly(stream: IO[bytes], comment_size: int) -> bool:
    stream.seek(0, 2)
    stream.seek(max(0, stream.tell() - _END_SIZE - comment_size))
    return stream.read(4) == _END_SIGNATURE
