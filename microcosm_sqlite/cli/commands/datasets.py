"""What is installed: ``list``, ``info``, ``path``, ``browse``, ``card``, ``verify``, ``doctor``."""

from __future__ import annotations

import os

import click

from microcosm_sqlite.catalog.connection import checked_uri
from microcosm_sqlite.catalog.opening import FILE_SUFFIXES, find_dataset, open_dataset
from microcosm_sqlite.catalog.registry import dataset, datasets, problems
from microcosm_sqlite.catalog.verifying.run import verify, verify_wheel
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import (
    NamingCommand,
    complete_column_path,
    complete_dataset,
    dataset_argument,
    examples,
    find_named,
    output_options,
)
from microcosm_sqlite.cli.output import Count, Output, report_error
from microcosm_sqlite.cli.pages import (
    COLUMNS,
    TABLE_COLUMNS,
    list_columns,
    spell_other_editions,
    summarize,
)
from microcosm_sqlite.interop.descriptions import describe, describe_column, describe_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from microcosm_sqlite.catalog.verifying.checklist import Report
    from microcosm_sqlite.cli.options import Named


@click.command(
    "list",
    epilog=examples(
        "microcosm-sqlite list",
        "microcosm-sqlite list --json",
        "for name in $(microcosm-sqlite list -q); do microcosm-sqlite path $name; done",
    ),
)
@output_options
def list_datasets(out: Output) -> None:
    """List the installed datasets.

    Only metadata is read: no dataset is opened, and none of its code is run. A dataset that is
    installed but broken is reported on standard error; the others are still listed.
    """
    found = datasets()
    out.listing(COLUMNS, (summarize(each) for each in found.values()))
    for each in found.values():
        if each.edition and each.manifest:
            out.note(f"{each.name}: {each.manifest.explain_edition()}")
        if others := spell_other_editions(each):
            out.note(f"{each.name}: {each.edition or 'the full dataset'} is used, beside {others}.")
    for problem in problems():
        out.warn(problem.message, problem.hint)
    if not found:
        out.note("No dataset is installed in this environment: pip install one.")


@click.command(
    "info",
    cls=NamingCommand,
    short_help="Describe a dataset, its tables and columns.",
    epilog=examples(
        "microcosm-sqlite info nycflights13",
        "microcosm-sqlite info nycflights13.flights",
        "microcosm-sqlite info nycflights13.flights.dep_delay",
        "microcosm-sqlite info nycflights13.flights --describe",
        "microcosm-sqlite info nycflights13 --json",
        "microcosm-sqlite info nycflights13 --csv > columns.csv",
        "microcosm-sqlite info nycflights13 --bibtex >> references.bib",
    ),
)
@click.argument("name", metavar="NAME[.TABLE[.COLUMN]]", shell_complete=complete_column_path)
@click.option("--bibtex", is_flag=True, help="Print only the citation, as a BibTeX entry.")
@click.option(
    "--describe", "counts", is_flag=True, help="Read the rows: means, quartiles and more."
)
@output_options
def show_info(name: str, bibtex: bool, counts: bool, out: Output) -> None:
    """Describe a dataset: licence, sources, citation, tables and their columns.

    For each column it shows the type, the range of values and the number of NULLs. They were
    measured when the dataset was built, so no rows are read. JSON is one object that holds
    everything; CSV, TSV and JSON Lines list the columns. With --describe, rows are read, and
    columns are listed with counts, most frequent values, means, deviations and quartiles.
    """
    named = find_named(name)
    if bibtex:
        from microcosm_sqlite.catalog.citation import write_bibtex

        out.text(write_bibtex(named.dataset))
    elif counts:
        _count_values(named, out)
    elif not out.is_chosen or out.format == "table":
        out.page(_draw(named))
    elif out.format == "json":
        out.value(_describe(named))
    else:
        rows = (row for table in named.tables for row in list_columns(table))
        column = named.field.name if named.field else ""
        out.rows(TABLE_COLUMNS, (row for row in rows if column in ("", row[1])))


def _count_values(named: Named, out: Output) -> None:
    from contextlib import closing

    from microcosm_sqlite.interop.summaries import LABELS, describe_rows, pick

    columns = [named.field.name] if named.field else None
    with closing(named.dataset.connect()) as opened:
        found = (
            describe_rows(named.dataset, table.name, columns=columns, opened=opened)
            for table in named.tables
        )
        if not out.is_chosen or out.format == "table":
            from microcosm_sqlite.cli.pages import draw_summary

            out.page("\n\n".join(map(draw_summary, found)))
            return
        rows = (
            (each.table, *(_spell(pick(summary, label)) for label in LABELS))
            for each in found
            for summary in each.values()
        )
        out.rows(("table", *LABELS), rows)


def _spell(value: Any) -> object:
    """A value as `export` writes it."""
    from datetime import timedelta

    from microcosm_sqlite.common.durations import spell_duration
    from microcosm_sqlite.common.kinds import as_stored

    return spell_duration(value) if isinstance(value, timedelta) else as_stored(value)


def _draw(named: Named) -> str:
    from microcosm_sqlite.cli import pages

    if named.table and named.field:
        return pages.draw_column_info(named.table, named.field)
    if named.table:
        return pages.draw_table_info(named.table)
    return pages.draw_info(named.dataset)


def _describe(named: Named) -> dict[str, Any]:
    if named.table and named.field:
        return describe_column(named.field, named.table)
    if named.table:
        return describe_table(named.table)
    return describe(named.dataset)


@click.command(
    "path",
    cls=NamingCommand,
    short_help="Print where a dataset's file is.",
    epilog=examples(
        "microcosm-sqlite path nycflights13",
        'sqlite3 "file:$(microcosm-sqlite path nycflights13)?immutable=1"',
    ),
)
@dataset_argument
def show_path(name: str) -> None:
    """Print where a dataset's SQLite file is.

    A compressed dataset is extracted into the cache first, once.
    """
    location = dataset(name).location
    checked_uri(location)  # a path that cannot be opened would fail later, with less to say
    Output().text(location.path)


@click.command(
    "browse",
    short_help="Serve datasets to a web browser.",
    epilog=examples(
        "microcosm-sqlite browse",
        "microcosm-sqlite browse nycflights13 --port 0",
    ),
)
@click.argument("names", nargs=-1, shell_complete=complete_dataset)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="The port to listen on; 0 chooses a free one.",
)
@click.option("--open/--no-open", "opens", default=True, help="Whether to open the page.")
def browse_datasets(names: tuple[str, ...], host: str, port: int, opens: bool) -> None:
    """Serve datasets to a web browser with Datasette until Ctrl-C; all by default."""
    for name in names:
        dataset(name)
    from microcosm_sqlite.interop.browse import browse

    out = Output()
    browse(
        names,
        host=host,
        port=port,
        open_browser=opens,
        announce=lambda url: out.note(f"Serving {url} until Ctrl-C is pressed."),
    )


@click.command(
    "card",
    cls=NamingCommand,
    short_help="Print a web page about a dataset.",
    epilog=examples(
        "microcosm-sqlite card nycflights13 > card.html",
        "microcosm-sqlite card dist/birds_data-1.1-py3-none-any.whl > index.html",
    ),
)
@click.argument("name", metavar="NAME|WHEEL", shell_complete=complete_dataset)
@isolated("name")
def print_card(name: str) -> None:
    """Print a page about a dataset: one HTML file that needs nothing else.

    It shows what the dataset is, how its tables are related, and what each column holds. A wheel
    file is read without installing it. The page can be published as it is.
    """
    from microcosm_sqlite.interop.card.page import render_card, render_wheel_card

    page = render_wheel_card(name) if name.endswith(".whl") else render_card(dataset(name))
    Output().text(page.removesuffix("\n"))


_OUTCOME_COLUMNS = ("dataset", "status", "check", "message")


@click.command(
    "verify",
    short_help="Compare datasets with what was published.",
    epilog=examples(
        "microcosm-sqlite verify",
        "microcosm-sqlite verify nycflights13 --full --verbose",
        "microcosm-sqlite verify dist/nycflights13_data-2013.1-py3-none-any.whl",
    ),
)
@click.argument(
    "names", nargs=-1, metavar="[NAME|WHEEL|DATABASE]...", shell_complete=complete_dataset
)
@click.option("--full", is_flag=True, help="Run all checks, even if a matching hash implies them.")
@click.option("--models", is_flag=True, help="Import the models, and compare them with the file.")
@click.option("-v", "--verbose", is_flag=True, help="Show every check, not only problems.")
@output_options
@isolated("names")
def verify_datasets(
    names: tuple[str, ...], full: bool, models: bool, verbose: bool, out: Output
) -> int:
    """Compare datasets with what their authors published; all installed ones by default.

    A wheel file is checked without installing it, and a database (.db) by the manifest beside it.
    Exits with 1 if anything is wrong.
    """
    reports = [_verify(name, full, models) for name in names or datasets()]
    if out.format == "json":
        out.value([report.as_dict() for report in reports])
    else:
        rows = (row for report in reports for row in _rows(report, verbose))
        out.listing(_OUTCOME_COLUMNS, rows)
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
    if name.endswith(FILE_SUFFIXES):
        return verify(open_dataset(name, os.curdir), full=full, models=models)
    return verify(find_dataset(name), full=full, models=models)


def _rows(report: Report, verbose: bool) -> Iterator[tuple[str, str, str | None, str]]:
    """A row for each problem, or for each check; without any, one with the number of checks."""
    shown = report.outcomes if verbose else report.findings + report.warnings
    for outcome in shown:
        words = outcome.message or outcome.meaning
        yield outcome.dataset or report.subject, outcome.status, outcome.code, words
    if report.ok and not verbose:
        passed = sum(outcome.status == "ok" for outcome in report.outcomes)
        yield report.subject, "ok", None, f"{Count(passed).of('check')} passed"
