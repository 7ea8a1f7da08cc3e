"""Examine a wheel as an index does: as a zip file, byte by byte where necessary.

An index takes only archives that read the same front to back, by the headers in front of each
member, as back to front, by the central directory.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

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
            yield f"{name!r} has control characters"
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
