"""Identifiers for rows that have no natural key."""

from __future__ import annotations

from uuid import UUID, uuid4


def new_object_id() -> UUID:
    """A random UUID."""
    return uuid4()
