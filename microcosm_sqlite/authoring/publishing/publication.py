"""The gate before publishing: is a dataset complete, and would an index take its wheel?"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from microcosm_sqlite.catalog.codecs import archive_errors
from microcosm_sqlite.catalog.report import Outcome, Report
from microcosm_sqlite.catalog.verifying.verification_context import Unchecked
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

    from microcosm_sqlite.authoring.publishing.candidate import Candidate, Check
    from microcosm_sqlite.catalog.report import Status

MAX_COMPLAINTS = 5


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
        return Report(candidate.name, [_try(check, candidate) for check in checks])


def _try(check: Check, candidate: Candidate) -> Outcome:
    try:
        complaints = list(check.run(candidate))
    except Unchecked as reason:
        return Outcome(check.code, check.meaning, "", "skipped", str(reason))
    except DatasetError as error:
        complaints = [error.message.rstrip(".")]
    except archive_errors() as error:
        complaints = [f"it cannot be read: {error}"]
    if not complaints:
        return Outcome(check.code, check.meaning, "", "ok")
    text = "; ".join(complaints[:MAX_COMPLAINTS])
    more = len(complaints) - MAX_COMPLAINTS
    text += f"; and {more} more" if more > 0 else ""
    status: Status = "warning" if check.is_advice else "failed"
    return Outcome(check.code, check.meaning, "", status, text, check.mend)
