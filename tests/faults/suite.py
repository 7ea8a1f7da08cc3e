"""All cases: importing the modules that hold them registers them."""

from __future__ import annotations

from tests.faults import caching, columnar, drafting, processes, reading, supply, writing
from tests.faults.harness import CASES

__all__ = ["CASES", "caching", "columnar", "drafting", "processes", "reading", "supply", "writing"]
