"""All cases: importing the modules that hold them registers them."""

from __future__ import annotations

from tests.faults import caching, processes, reading, supply
from tests.faults.harness import CASES

__all__ = ["CASES", "caching", "processes", "reading", "supply"]
