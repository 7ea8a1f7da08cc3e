"""Mixins for models."""

from __future__ import annotations

from typing import Any


class IdentityMixin:
    """Equality by value: two instances are equal if their types and loaded columns are.

    Define :attr:`identity` to say which value the hash is made from.
    """

    @property
    def identity(self) -> object:
        """What tells this instance from others of its type, or None for the object itself."""
        raise NotImplementedError("identity")

    def _members(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if not key.startswith("_")}

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, IdentityMixin)
            and type(other) is type(self)
            and self._members() == other._members()
        )

    def __hash__(self) -> int:
        identity = self.identity
        return id(self) if identity is None else hash(identity)
