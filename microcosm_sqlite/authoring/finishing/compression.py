"""Compress a finished database for a wheel that would be too large without."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 19
"""As small as zstd gets before it asks more memory of readers."""


def compress(source: Path, target: Path) -> None:
    """Compress a file with zstd: the same bytes for the same file, however many processors."""
    parameter: Any = zstd.CompressionParameter
    options = {
        parameter.compression_level: LEVEL,
        parameter.checksum_flag: 1,
        # One worker cuts the file into the same blocks as many do; none at all does not.
        parameter.nb_workers: max(1, os.cpu_count() or 1),
    }
    with source.open("rb") as plain, zstd.ZstdFile(target, "wb", options=options) as packed:
        shutil.copyfileobj(plain, packed, 1 << 20)
