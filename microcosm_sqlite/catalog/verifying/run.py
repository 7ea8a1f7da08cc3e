"""Verify that the dataset on this disk is what its author published.

Installers check the hash of a wheel while they download it and never look at its files again. A
matching sha256 is the answer to damage; the structure is checked as well because a file may be
exactly what a hostile author published.
"""

from __future__ import annotations

import os

from microcosm_sqlite.catalog.verifying.checklist import Report
from microcosm_sqlite.catalog.verifying.checks import CHECKS
from microcosm_sqlite.catalog.verifying.verification_context import VerificationContext

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.verifying.checklist import Outcome

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
        DatasetError: The file is not a wheel, or cannot be read.
        CacheError: There is no room here to extract it.
    """
    from microcosm_sqlite.catalog.opening import open_wheel
    from microcosm_sqlite.common.workspace import open_scratch

    wheel = os.path.abspath(path)
    outcomes: list[Outcome] = []
    with open_scratch() as folder:
        for dataset in open_wheel(wheel, str(folder)):
            outcomes += _run(dataset, full=full, models=False, is_wheel=True)
    for outcome in outcomes:
        if outcome.status == "failed":
            outcome.hint = "Do not install it, and tell its publisher."
    return Report(os.path.basename(wheel), outcomes)


def _run(
    dataset: InstalledDataset, *, full: bool, models: bool, is_wheel: bool = False
) -> list[Outcome]:
    subject = VerificationContext(dataset, full=full, models=models, is_wheel=is_wheel)
    outcomes: list[Outcome] = []
    unsound = ""
    try:
        for check in CHECKS:
            if unsound and check.needs_soundness:
                reason = f"not tried, because {unsound} failed"
                outcomes.append(check.outcome(subject, "skipped", reason))
                continue
            outcome = check.run_on(subject)
            outcomes.append(outcome)
            if outcome.status == "failed" and outcome.code in _SOUNDNESS:
                unsound = unsound or outcome.code
    finally:
        subject.close()
    return outcomes
