"""What is not installed is said together with the command that installs it."""

from __future__ import annotations

import pytest

from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import MissingDependencyError


def test_the_extra_that_has_the_missing_module_is_named() -> None:
    with pytest.raises(MissingDependencyError) as caught, extra("arrow"):
        import module_that_is_not_there  # noqa: F401
    assert "module_that_is_not_there" in caught.value.message
    assert caught.value.hint == "Run: pip install 'microcosm-sqlite[arrow]'"


def test_the_innermost_extra_is_the_one_that_is_named() -> None:
    with pytest.raises(MissingDependencyError, match=r"\[inner\]"), extra("outer"), extra("inner"):
        import module_that_is_not_there  # noqa: F401


def test_other_errors_of_an_import_are_left_alone() -> None:
    with pytest.raises(ImportError) as caught, extra("arrow"):
        from os import name_that_is_not_there  # type: ignore[attr-defined]  # noqa: F401
    assert not isinstance(caught.value, MissingDependencyError)
