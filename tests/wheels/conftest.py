"""The empty environment of the catalogue's tests, for what goes through installed wheels."""

from __future__ import annotations

from tests.catalog.conftest import database, environment, installed, site, wheel

__all__ = ["database", "environment", "installed", "site", "wheel"]
