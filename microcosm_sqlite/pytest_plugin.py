"""A plugin for pytest: a fixture that overrides datasets, and a marker for tests that need one.

Every pytest run of an environment imports it, so it imports nothing before a test asks for it.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from microcosm_sqlite.catalog.installed import InstalledDataset

_MARKER = "needs_dataset"
_ARGUMENTS = 'name, distribution="", accepts="", edition=""'


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}({_ARGUMENTS}): skip the test where the dataset is not installed, and say how "
        "to install it",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose dataset is missing."""
    for marker in item.iter_markers(_MARKER):
        try:
            reason = _explain_missing(*marker.args, **marker.kwargs)
        except TypeError as error:
            raise pytest.UsageError(f"{_MARKER} is called as {_MARKER}({_ARGUMENTS}).") from error
        if reason:
            pytest.skip(reason)


def _explain_missing(
    name: str, distribution: str = "", accepts: str = "", edition: str = ""
) -> str:
    """Why a dataset cannot be used by a test; empty if it can."""
    from microcosm_sqlite.catalog.manifest import Requirement
    from microcosm_sqlite.catalog.registry import find, find_misfit, suggest_install
    from microcosm_sqlite.errors import DatasetNotFoundError

    requirement = Requirement(name, {"distribution": distribution, "accepts": accepts})
    try:
        dataset = find(name, edition)
    except DatasetNotFoundError as error:
        return str(error)  # another edition is installed
    if dataset is None:
        reason = f"dataset {name!r} is not installed"
    else:
        reason = find_misfit(requirement, dataset)
    return f"{reason}. {suggest_install(requirement)}" if reason and distribution else reason


@pytest.fixture
def override_dataset() -> Iterator[Callable[..., InstalledDataset]]:
    """Return :func:`microcosm_sqlite.testing.override`, undone when the test ends."""
    from microcosm_sqlite.testing import override

    with ExitStack() as stack:

        def override_until_end(name: str, content: Any = None, **options: Any) -> InstalledDataset:
            return stack.enter_context(override(name, content, **options))

        yield override_until_end
