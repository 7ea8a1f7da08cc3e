"""Which version of this package is building."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version


@cache
def find_builder_version() -> str:
    """The installed version of microcosm-sqlite."""
    return version("microcosm-sqlite")
