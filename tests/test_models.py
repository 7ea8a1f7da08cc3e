"""Mixins for models."""

from __future__ import annotations

import pytest

from microcosm_sqlite.models import IdentityMixin


class Point(IdentityMixin):
    def __init__(self, x: int, label: str | None) -> None:
        self.x = x
        self.label = label
        self._cache = object()

    @property
    def identity(self) -> object:
        return self.label


def test_instances_with_equal_public_members_are_equal() -> None:
    assert Point(1, "a") == Point(1, "a")
    assert Point(1, "a") != Point(2, "a")
    assert hash(Point(1, "a")) == hash(Point(2, "a"))


def test_other_types_are_never_equal() -> None:
    class Other(Point):
        pass

    assert Point(1, "a") != Other(1, "a")
    assert Point(1, "a") != 1


def test_an_instance_without_identity_hashes_as_itself() -> None:
    one, other = Point(1, None), Point(1, None)
    assert one == other
    assert len({one, other}) == 2


def test_identity_must_be_defined() -> None:
    with pytest.raises(NotImplementedError, match="identity"):
        hash(IdentityMixin())
