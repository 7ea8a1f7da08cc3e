"""Archives of several files, unpacked as a folder of sources."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from microcosm_sqlite.authoring.sources.streams import explained, is_encrypted
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")

_MOST_MEMBERS = 10_000
_MOST_BYTES = 1 << 30
"""Bytes of all members of any archive, however small it is."""
_MOST_RATIO = 200
"""How many times its own size a larger archive may become: CSV seldom packs to a 50th."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Member:
    """One member: its path inside, whether it is a file, and what opens it."""

    name: str
    is_file: bool
    key: Any


def is_archive(path: Path) -> bool:
    """Whether a file is called as an archive."""
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def unpack(
    path: Path, folder: Path, is_wanted: Callable[[str], bool] = lambda _: True
) -> dict[str, str]:
    """Unpack an archive into a folder, but for a folder that all of its members are in.

    Args:
        path: The archive.
        folder: Where to, which is made.
        is_wanted: Tells by its place in the folder whether a member is to be unpacked.

    Returns:
        The members that are not unpacked, with the reasons.

    Raises:
        SourceError: It is damaged, encrypted, far larger than it seems, or has members that would
            lie outside of it; nothing of such a member is written.
    """
    folder.mkdir(parents=True)
    left_out: dict[str, str] = {}
    with _open_members(path, left_out) as (members, open_member):
        room = max(_MOST_BYTES, path.stat().st_size * _MOST_RATIO)
        for inside, member in members.items():
            if not is_wanted(inside):
                continue
            target = folder / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            with open_member(member.key) as source, target.open("wb") as stream:
                room = _copy(source, stream, room, path)
    return left_out


def list_members(path: Path) -> list[str]:
    """Where the members of an archive lie once it is unpacked, sorted.

    Raises:
        SourceError: As for `unpack`, but for what is too large.
    """
    with _open_members(path, {}) as (members, _):
        return sorted(members)


@contextmanager
def _open_members(path: Path, left_out: dict[str, str]) -> Iterator[tuple[dict[str, _Member], Any]]:
    """The members that can be unpacked, by their places in the folder, and what opens one."""
    with explained(path, path.name), _open(path) as (members, open_member):
        files = [*_choose(members, path, left_out)]
        shared = _find_shared_folder(files)
        found: dict[str, _Member] = {}
        taken: dict[str, bool] = {}
        for member in files:
            inside = PurePosixPath(*PurePosixPath(member.name).parts[shared:])
            folders = [each.as_posix().lower() for each in inside.parents[:-1]]
            if inside.as_posix().lower() in taken or not all(taken.get(f, True) for f in folders):
                left_out[member.name] = "the second of that name"
                continue
            taken |= {inside.as_posix().lower(): False, **dict.fromkeys(folders, True)}
            found[inside.as_posix()] = member
        yield found, open_member


@contextmanager
def _open(path: Path) -> Iterator[tuple[list[_Member], Any]]:
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as packed:
            if any(map(is_encrypted, packed.infolist())):
                raise _refuse(path, "is encrypted", "Unpack it, where its password is known.")
            yield [_Member(each.filename, _is_plain(each), each) for each in packed.infolist()
                   if not each.is_dir()], packed.open  # fmt: skip
        return
    with tarfile.open(path) as archive:
        members = [_Member(each.name, each.isreg(), each) for each in archive if not each.isdir()]
        archive.fileobj.seek(archive.offset)
        if len(archive.fileobj.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("it is cut off, as its end mark is missing")
        yield members, archive.extractfile


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """Whether a member of a zip archive is no link, as those of Unix can be."""
    kind = (member.external_attr >> 16) & 0o170000
    return kind in (0, 0o100000)


def _choose(members: Iterable[_Member], path: Path, left_out: dict[str, str]) -> Iterator[_Member]:
    """The members that are files of data; none of them leads out of the archive."""
    count = 0
    for member in members:
        inside = PurePosixPath(member.name.replace("\\", "/"))
        count += 1
        if count > _MOST_MEMBERS:
            raise _refuse(path, f"has more than {spell_count(_MOST_MEMBERS, 'member')}", _SPLIT)
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
            raise _refuse(path, f"has a member outside of itself, {member.name!r}", _UNPACK)
        if any(part.startswith((".", "__MACOSX")) for part in inside.parts):
            continue
        if not member.is_file:
            left_out[member.name] = "a link or a device in an archive"
        elif is_archive(Path(inside.name)) and not Path(Path(inside.name).stem).suffix:
            left_out[member.name] = "an archive in an archive; unpack it"
        else:
            yield _Member(inside.as_posix(), member.is_file, member.key)


def _find_shared_folder(files: Iterable[_Member]) -> int:
    """How many folders all files are in."""
    parents = [PurePosixPath(file.name).parts[:-1] for file in files]
    shared = 0
    while parents and all(len(each) > shared for each in parents):
        if len({each[shared] for each in parents}) > 1:
            break
        shared += 1
    return shared


def _copy(source: IO[bytes], target: IO[bytes], room: int, path: Path) -> int:
    """Copy a member; returns how many bytes are left for others."""
    while chunk := source.read(_CHUNK):
        room -= len(chunk)
        if room < 0:
            raise _refuse(path, "becomes far larger than archives of data do", _UNPACK)
        target.write(chunk)
    return room


_UNPACK = "Unpack it yourself, if you trust who made it, and name the folder."
_SPLIT = "Unpack it, and name a folder with the files that are tables."


def _refuse(path: Path, reason: str, hint: str) -> SourceError:
    return SourceError(f"{path.name} {reason}.", file=path.name, hint=hint)
