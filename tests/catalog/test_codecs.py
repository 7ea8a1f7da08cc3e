"""Every codec gives back the bytes that were compressed, or one of the errors that it names."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.catalog.codecs import SUFFIXES, open_decompressed, stream_errors
from microcosm_sqlite.errors import ManifestError
from tests.support.wheels import compress

codecs = pytest.mark.parametrize("compression", SUFFIXES)


@codecs
@given(content=st.binary(max_size=500), size=st.integers(1, 100))
def test_content_is_read_back_in_pieces_of_any_size(
    compression: str, content: bytes, size: int
) -> None:
    packed = compress(content, compression)
    with open_decompressed(io.BytesIO(packed), compression) as stream:
        assert b"".join(iter(lambda: stream.read(size), b"")) == content


@pytest.mark.parametrize("compression", [each for each in SUFFIXES if each != "none"])
@given(seed=st.integers(0, 2**32), data=st.data())
def test_a_damaged_stream_raises_what_is_promised_or_gives_other_bytes(
    compression: str, seed: int, data: st.DataObject
) -> None:
    content = random.Random(seed).randbytes(300) * 3
    packed = bytearray(compress(content, compression))
    place = data.draw(st.integers(0, len(packed) - 1))
    packed[place] ^= data.draw(st.integers(1, 255))
    try:
        open_decompressed(io.BytesIO(bytes(packed)), compression).read()
    except stream_errors():
        pass
    except OSError:
        assert compression == "gzip"  # of which BadGzipFile is a kind


@pytest.mark.parametrize("compression", [each for each in SUFFIXES if each != "none"])
def test_a_stream_that_is_cut_short_is_never_taken_for_a_whole_one(compression: str) -> None:
    packed = compress(random.Random(0).randbytes(1000), compression)
    for length in range(1, len(packed), 37):
        stream = open_decompressed(io.BytesIO(packed[:length]), compression)
        with pytest.raises(stream_errors()):
            stream.read()


def test_an_unknown_codec_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ManifestError, match="'rar' is not known; known are none, zstd, gzip, xz"):
        open_decompressed(io.BytesIO(), "rar")
