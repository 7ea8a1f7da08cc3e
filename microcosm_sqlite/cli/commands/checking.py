"""``verify`` and ``doctor``: check datasets, and the environment that they are in."""

from __future__ import annotations

import click

from microcosm_sqlite.catalog.registry import dataset, datasets, problems
from microcosm_sqlite.catalog.verifying.run import verify, verify_wheel
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import complete_dataset, examples, output_options
from microcosm_sqlite.cli.output import Count, Output, report_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.verifying.checklist import Report

COLUMNS = ("dataset", "status", "check", "message")


@click.command(
    "verify",
    short_help="Compare datasets with what was published.",
    epilog=examples(
        "microcosm-sqlite verify",
        "microcosm-sqlite verify nycflights13 --full --verbose",
        "microcosm-sqlite verify dist/nycflights13_data-2013.1-py3-none-any.whl",
    ),
)
@click.argument("names", nargs=-1, metavar="[NAME|WHEEL]...", shell_complete=complete_dataset)
@click.option("--full", is_flag=True, help="Run all checks, even if a matching hash implies them.")
@click.option("--models", is_flag=True, help="Import the models, and compare them with the file.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check, not only problems.")
@output_options
@isolated("names")
def verify_datasets(
    names: tuple[str, ...], full: bool, models: bool, verbose: bool, out: Output
) -> int:
    """Compare datasets with what their authors published; all installed ones by default.

    A wheel file is checked without installing it. Exits with 1 if anything is wrong.
    """
    reports = [_verify(name, full, models) for name in names or datasets()]
    if out.format == "json":
        out.value([report.as_dict() for report in reports])
    else:
        rows = (row for report in reports for row in _rows(report, verbose))
        out.listing(COLUMNS, rows)
    failed = [report for report in reports if not report.ok]
    broken = [] if names else problems()
    for problem in broken:
        out.warn(problem.message, problem.hint)
    if failed:
        hints = dict.fromkeys(found.hint for report in failed for found in report.findings)
        total = Count(len(reports)).of("dataset")
        report_error(f"{len(failed)} of {total} failed verification.", "; ".join(hints))
    return 1 if failed or broken else 0


@click.command(
    "doctor",
    short_help="Check this environment.",
    epilog=examples("microcosm-sqlite doctor", "microcosm-sqlite doctor --json > report.json"),
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
def examine_environment(as_json: bool) -> int:
    """Check this environment: versions, the cache, every installed dataset and its file.

    No file is read as a whole; verify does that. Exits with 1 if anything is wrong.
    """
    from microcosm_sqlite.catalog.doctor import diagnose

    out = Output()
    diagnosis = diagnose()
    if as_json:
        out.value(diagnosis.as_dict())
    else:
        from microcosm_sqlite.cli.pages import draw_diagnosis

        out.page(draw_diagnosis(diagnosis))
    for problem in diagnosis.problems:
        out.warn(problem.message, problem.hint)
    return 0 if diagnosis.ok else 1


def _verify(name: str, full: bool, models: bool) -> Report:
    if name.endswith(".whl"):
        return verify_wheel(name, full=full)
    return verify(dataset(name), full=full, models=models)


def _rows(report: Report, verbose: bool) -> Iterator[tuple[str, str, str | None, str]]:
    """A row for each problem, or for each check; without any, one with the number of checks."""
    shown = report.outcomes if verbose else report.findings + report.warnings
    for outcome in shown:
        words = outcome.message or outcome.meaning
        yield outcome.dataset or report.subject, outcome.status, outcome.code, words
    if report.ok and not verbose:
        passed = sum(outcome.status == "ok" for outcome in report.outcomes)
        yield report.subject, "ok", None, f"{Count(passed).of('check')} passed"
