"""The digests of files and streams."""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.preflight import check_regular, explain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from io import RawIOBase
    from typing import IO

CHUNK = 1 << 20
ALGORITHMS = ("sha256", "sha384", "sha512")


def hash_file(path: str, algorithm: str = "sha256") -> tuple[bytes, int]:
    """Digest and size of a regular file.

    Raises:
        DatasetFileError: It is none, or cannot be read.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        check_regular(path, os.stat(path))  # to open a device can be to use it
        descriptor = os.open(path, flags)
        with open(descriptor, "rb", buffering=0) as stream:
            check_regular(path, os.fstat(descriptor))
            return hash_stream(stream, algorithm)
    except (OSError, ValueError) as error:
        raise explain(error, path) from error


def hash_stream(stream: IO[bytes] | RawIOBase, algorithm: str = "sha256") -> tuple[bytes, int]:
    """Digest and size of what a stream has left; an algorithm that proves nothing is not taken."""
    import hashlib

    digest = hashlib.new(algorithm if algorithm in ALGORITHMS else "sha256")
    size = 0
    while chunk := stream.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.digest(), size
