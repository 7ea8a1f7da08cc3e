"""Text in any encoding becomes UTF-8, in whatever parts it is read."""

from __future__ import annotations

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.sources.text_decoding import (
    Utf8Stream,
    find_mark,
    find_stray,
    make_decoder,
)
from microcosm_sqlite.errors import SourceError

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-8+cp1252", "gb18030"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1a\ufeff"))


def read(content: bytes, encoding: str, size: int) -> bytes:
    stream = Utf8Stream(io.BytesIO(content), b"", make_decoder(encoding, "t.csv"), 1 << 40)
    parts = []
    buffer = bytearray(size)
    while count := stream.readinto(buffer):
        parts.append(bytes(buffer[:count]))
    return b"".join(parts)


@given(text=TEXTS, encoding=st.sampled_from(ENCODINGS), size=st.integers(1, 9))
def test_a_text_is_the_same_whatever_its_encoding_and_parts(
    text: str, encoding: str, size: int
) -> None:
    content = text.encode(encoding.partition("+")[0])
    assert read(content, encoding, size).decode() == text


@pytest.mark.parametrize(
    ("content", "encoding", "found"),
    [
        (b"a\nb\xff\n", "utf-8", (2, b"\xff")),
        (b"a\n\nb\0", "utf-8", (3, b"\0")),
        (b"a\x81\n", "cp1252", (1, b"\x81")),
        (b"a\nb\n", "utf-8", (3, b"")),
        (b"a\n\xc3", "utf-8", (2, b"\xc3")),
    ],
)
def test_a_byte_that_is_no_text_is_found_with_its_line(
    content: bytes, encoding: str, found: tuple[int, bytes]
) -> None:
    assert find_stray(io.BytesIO(content), make_decoder(encoding, "t.csv")) == found


def test_marks_name_the_encoding() -> None:
    marks = {
        codecs.BOM_UTF8: "utf-8-sig",
        codecs.BOM_UTF16_LE: "utf-16",
        codecs.BOM_UTF16_BE: "utf-16",
        codecs.BOM_UTF32_LE: "utf-32",
        codecs.BOM_UTF32_BE: "utf-32",
        b"abc": "",
    }
    assert {mark: find_mark(mark + b"a\0") for mark in marks} == marks


def test_bytes_beside_utf_8_are_those_of_the_second_encoding() -> None:
    assert read("é€".encode() + b"\xe9\x80", "utf-8+cp1252", 3).decode() == "é€é€"


def test_an_encoding_that_nobody_knows_is_told() -> None:
    with pytest.raises(SourceError, match=r"t\.csv: no encoding is called 'klingon'"):
        make_decoder("klingon", "t.csv")
