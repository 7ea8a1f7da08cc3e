"""The codecs of a packaged database: one open function for each, all streaming."""

from __future__ import annotations

import sys

from microcosm_sqlite.errors import ManifestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, BinaryIO

SUFFIXES = {"none": "", "zstd": ".zst", "gzip": ".gz", "xz": ".xz"}
"""Compression, as a manifest names it, to the suffix of the packaged file."""


def open_decompressed(compressed: BinaryIO, compression: str) -> BinaryIO:
    """A stream of the uncompressed bytes.

    Reading it raises one of :func:`stream_errors` where the stream is damaged or cut short.

    Raises:
        ManifestError: No such codec is known.
    """
    opener = _OPENERS.get(compression)
    if opener is None:
        raise ManifestError(
            f"Compression {compression!r} is not known; known are {', '.join(SUFFIXES)}.",
            hint="Run: pip install --upgrade microcosm-sqlite",
        )
    return opener(compressed)


def stream_errors() -> tuple[type[Exception], ...]:
    """The errors that reading a damaged stream may raise, whatever its codec."""
    import gzip
    import lzma
    import zipfile
    import zlib

    errors: list[type[Exception]] = [
        EOFError,
        gzip.BadGzipFile,
        lzma.LZMAError,
        zipfile.BadZipFile,
        zlib.error,
    ]
    if _ZSTD in sys.modules:
        errors.append(_zstd().ZstdError)
    return tuple(errors)


def archive_errors() -> tuple[type[Exception], ...]:
    """The errors that reading a damaged zip file may raise; a missing member is a KeyError."""
    import struct

    # RuntimeError and NotImplementedError: an encrypted member, a method that zipfile lacks.
    return (*stream_errors(), OSError, OverflowError, RuntimeError, ValueError, struct.error)


def _open_gzip(compressed: BinaryIO) -> BinaryIO:
    import gzip

    return gzip.GzipFile(fileobj=compressed)  # type: ignore[return-value]  # a BinaryIO in all but name


def _open_xz(compressed: BinaryIO) -> BinaryIO:
    import lzma

    return lzma.LZMAFile(compressed)  # type: ignore[return-value]  # as above


def _open_zstd(compressed: BinaryIO) -> BinaryIO:
    stream: BinaryIO = _zstd().ZstdFile(compressed)
    return stream


_ZSTD_HINT = (
    "Run: pip install backports.zstd. It is compiled, so that no zip file can hold it: for a "
    "zipapp, install it beside the application, or use Python 3.14."
)
_ZSTD = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"


def _zstd() -> Any:
    """The zstd module: the standard library's, or the same code for versions before it.

    Raises:
        MissingDependencyError: It cannot be imported.
    """
    from microcosm_sqlite.common.extras import extra

    with extra("", "A dataset that is compressed with zstd", hint=_ZSTD_HINT):
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    return zstd


_OPENERS: dict[str, Callable[[BinaryIO], BinaryIO]] = {
    "none": lambda compressed: compressed,
    "gzip": _open_gzip,
    "xz": _open_xz,
    "zstd": _open_zstd,
}
