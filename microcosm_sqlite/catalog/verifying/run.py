"""Verify a dataset at rest: what is on this disk is what its author published.

Installers check the hash of a wheel while they download it and never look at its files again. A
matching sha256 is the answer to damage; the structure is checked as well because a file may be
exactly what a hostile author published.
"""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.connection import SQLITE_ERRORS, translate
from microcosm_sqlite.catalog.report import Outcome, Report
from microcosm_sqlite.catalog.verifying.checks import CHECKS, Check
from microcosm_sqlite.catalog.verifying.verification_context import Unchecked, VerificationContext
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.report import Status

MAX_COMPLAINTS = 5
_SOUNDNESS = {"V04", "V05", "V06"}


def verify(dataset: InstalledDataset, *, full: bool = False, models: bool = False) -> Report:
    """Run all checks on a dataset; none of them raises, and none runs its code.

    >>> report = verify(microcosm_sqlite.dataset("nycflights13"))    # doctest: +SKIP
    >>> report.ok, report.findings                                   # doctest: +SKIP
    (True, [])

    Args:
        dataset: The dataset.
        full: Check what a matching hash already implies as well: every index against its table,
            and the hash of every table's rows.
        models: Compare the models with the file, for which they are imported.
    """
    return Report(dataset.name, _run(dataset, full=full, models=models))


def verify_wheel(path: str | os.PathLike[str], *, full: bool = False) -> Report:
    """The same for a wheel that is not installed; it is read and never executed.

    Raises:
        DatasetError: The file is no wheel, or cannot be read.
    """
    import tempfile

    from microcosm_sqlite.catalog.opening import open_wheel

    wheel = os.path.abspath(path)
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="microcosm-sqlite-") as folder:
        for dataset in open_wheel(wheel, folder):
            outcomes += _run(dataset, full=full, models=False, is_wheel=True)
    for outcome in outcomes:
        if outcome.status == "failed":
            outcome.mend = "Do not install it, and tell its publisher."
    return Report(os.path.basename(wheel), outcomes)


def _run(
    dataset: InstalledDataset, *, full: bool, models: bool, is_wheel: bool = False
) -> list[Outcome]:
    subject = VerificationContext(dataset, full=full, models=models, is_wheel=is_wheel)
    outcomes: list[Outcome] = []
    try:
        for check in CHECKS:
            unsound = next((o.code for o in outcomes if _is_unsound(o)), "")
            outcomes.append(
                _outcome(check, subject, "skipped", f"not tried, because {unsound} failed")
                if unsound and check.needs_soundness
                else _try(check, subject)
            )
    finally:
        subject.close()
    return outcomes


def _is_unsound(outcome: Outcome) -> bool:
    return outcome.status == "failed" and outcome.code in _SOUNDNESS


def _try(check: Check, subject: VerificationContext) -> Outcome:
    try:
        complaints = list(check.run(subject))
    except Unchecked as reason:
        return _outcome(check, subject, "skipped", str(reason))
    except DatasetError as error:
        return _outcome(check, subject, "failed", error.message, error.hint)
    except SQLITE_ERRORS as error:
        fault = translate(error, subject.path)
        return _outcome(check, subject, "failed", fault.message)
    except OSError as error:
        return _outcome(check, subject, "failed", str(error))
    if not complaints:
        return _outcome(check, subject, "ok")
    text = "; ".join(complaints[:MAX_COMPLAINTS])
    more = len(complaints) - MAX_COMPLAINTS
    text += f"; and {more} more" if more > 0 else ""
    return _outcome(check, subject, "warning" if check.is_advice else "failed", text)


def _outcome(
    check: Check, subject: VerificationContext, status: Status, message: str = "", mend: str = ""
) -> Outcome:
    dataset = subject.dataset
    if status in ("failed", "warning"):
        owner = dataset.distribution or dataset.name
        mend = mend or check.mend.format(distribution=owner, restore=subject.restore(owner))
    return Outcome(check.code, check.meaning, dataset.name, status, message, mend)
