"""Check before publishing that a dataset is complete, and that an index would take its wheel."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.report import Report
from microcosm_sqlite.common.extras import extra

if TYPE_CHECKING:
    from pathlib import Path


def check_publication(path: str | Path) -> Report:
    """Check a dataset project, with the wheel of its version under ``dist/``, or a wheel alone.

    Nothing is built, and nothing of it is run.

    Args:
        path: The project's directory, or the wheel.

    Raises:
        SettingsError: The project's settings cannot be read.
        DatasetError: There is no such wheel.
        MissingDependencyError: packaging is not installed.
    """
    with extra("build"):
        import packaging.licenses  # noqa: F401

    from microcosm_sqlite.authoring.publishing import (
        description_checks,
        freshness_checks,
        wheel_checks,
    )
    from microcosm_sqlite.authoring.publishing.candidate import Candidate

    rooms = (description_checks, wheel_checks, freshness_checks)
    checks = sorted((check for room in rooms for check in room.CHECKS), key=lambda each: each.code)
    with closing(Candidate(path)) as candidate:
        return Report(candidate.name, [check.run_on(candidate) for check in checks])
