"""An archive that two readers could read in two ways is told from one that all read alike."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.publishing.candidate import (
    find_bad_names,
    find_foreign_methods,
    find_oddities,
)

names = st.text("abc/._-ä", min_size=1, max_size=8).filter(
    lambda name: not name.startswith("/") and ".." not in name.split("/")
)


def pack(
    files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = comment
    return stream.getvalue()


def complain(content: bytes, find: Callable[[zipfile.ZipFile], object]) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return list(find(archive))  # type: ignore[call-overload,no-any-return]


FILES = {"a.py": b"A = 1\n", "b/c.db": bytes(1000)}


@given(
    files=st.dictionaries(names, st.binary(max_size=50), max_size=4),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
)
def test_what_zipfile_writes_is_without_fault(files: dict[str, bytes], method: int) -> None:
    content = pack(files, method)
    for find in (find_foreign_methods, find_bad_names, find_oddities):
        assert complain(content, find) == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"#!/bin/sh\n" + pack(FILES), "10 bytes in front of a.py"),
        (pack(FILES, comment=b"mine"), "a comment of its own"),
        (pack(FILES).replace(b"a.py", b"z.py", 1), "another name in front of a.py"),
        (pack(FILES).replace(b"PK\x03\x04", b"PK\x03\x05", 1), "no header in front of a.py"),
    ],
)
def test_whatever_the_two_ways_of_reading_see_differently_is_told(
    content: bytes, told: str
) -> None:
    assert told in complain(content, find_oddities)


def test_sizes_in_front_of_a_member_must_be_those_of_the_directory() -> None:
    content = bytearray(pack(FILES))
    content[22:26] = struct.pack("<L", 7)
    assert complain(bytes(content), find_oddities) == ["another size in front of a.py"]


def test_a_streamed_archive_is_told() -> None:
    class Stream(io.RawIOBase):
        """One that cannot go back to fill in sizes."""

        def __init__(self) -> None:
            self.content = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.content += data
            return len(data)

    stream = Stream()
    with zipfile.ZipFile(stream, "w") as archive:  # type: ignore[arg-type]
        archive.writestr("a.py", b"A = 1\n")
    told = complain(bytes(stream.content), find_oddities)
    assert any(each.startswith("a data descriptor after a.py") for each in told)


@pytest.mark.parametrize("name", ["/a", "../a", "a/../b", "a\\b", "a\nb"])
def test_names_that_lead_out_or_cannot_be_printed_are_told(name: str) -> None:
    assert len(complain(pack({name: b""}), find_bad_names)) == 1


def test_a_name_that_comes_twice_is_told() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    assert complain(stream.getvalue(), find_bad_names) == ["a is in it more than once"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_installers_may_lack_are_told(method: int) -> None:
    told = complain(pack(FILES, method), find_foreign_methods)
    assert told == [f"{name} is compressed with method {method}" for name in FILES]
