"""``diff`` and ``check``: what a new version changes, and whether it is fit to be published."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import click

from microcosm_sqlite.cli.completion import complete_dataset
from microcosm_sqlite.cli.options import examples, output_options
from microcosm_sqlite.cli.output import Output, report_error
from microcosm_sqlite.cli.values import Count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from microcosm_sqlite.authoring.comparing.comparison import Comparison
    from microcosm_sqlite.catalog.installed import InstalledDataset

DIFFERENT, TROUBLE = 1, 2


@click.command(
    "diff",
    short_help="Show what changed between two versions of a dataset.",
    epilog=examples(
        "microcosm-sqlite diff birds dist/birds_data-1.1-py3-none-any.whl",
        "microcosm-sqlite diff old.db new.db --json --limit 100",
        "microcosm-sqlite diff birds src/birds_data/birds.db --changelog",
        "microcosm-sqlite diff birds dist/*.whl --migration sqlite-migrations/birds",
    ),
)
@click.argument("old", shell_complete=complete_dataset)
@click.argument("new", shell_complete=complete_dataset)
@click.option("--changelog", is_flag=True, help="Write a section for the dataset's CHANGELOG.md.")
@click.option(
    "--migration",
    metavar="FOLDER",
    type=click.Path(file_okay=False),
    help="Write an Alembic revision that changes the schema, behind those in FOLDER.",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    help="With --json: tell of at most N changed rows of each table; of all unless given.",
)
@output_options
def compare_versions(
    old: str, new: str, changelog: bool, migration: str | None, limit: int | None, out: Output
) -> int:
    """Show what changed from OLD to NEW: tables, columns, keys, and rows by primary key.

    Each side is the name of an installed dataset, a database file (.db, .db.zst) or a data wheel
    (.whl), which is neither installed nor run. Suggests the next version number: major when the
    schema breaks readers, minor when it grows, patch when only rows change.

    Exits with 0 where both sides are the same, 1 where they differ and 2 in trouble.
    """
    limit = limit if out.format == "json" and not changelog else 0
    from microcosm_sqlite.cli.differences import spool_changes

    with spool_changes() as changes:
        try:
            with _open_sides(old, new) as sides:
                from microcosm_sqlite.authoring.comparing.comparison import compare_datasets

                comparison = compare_datasets(*sides, limit=limit, tell=changes.add)
                if migration:
                    _write_migration(comparison, sides, migration, out)
        except Exception as error:  # noqa: BLE001  # whatever it is, 1 would say that they differ
            from microcosm_sqlite.cli.app import end

            end(error)
            return TROUBLE
        _write(comparison, changes, out, changelog)
    return 0 if comparison.is_same else DIFFERENT


@contextmanager
def _open_sides(old: str, new: str) -> Iterator[tuple[InstalledDataset, InstalledDataset]]:
    from tempfile import TemporaryDirectory

    from microcosm_sqlite.catalog.opening import open_dataset

    with (
        TemporaryDirectory(prefix="microcosm-sqlite-") as before,
        TemporaryDirectory(prefix="microcosm-sqlite-") as after,
    ):
        yield open_dataset(old, before), open_dataset(new, after)


def _write_migration(
    comparison: Comparison,
    sides: tuple[InstalledDataset, InstalledDataset],
    folder: str,
    out: Output,
) -> None:
    from microcosm_sqlite.authoring.comparing.comparison import name_version
    from microcosm_sqlite.authoring.comparing.revisions import write_revision

    version = name_version(comparison.old_version, comparison.new_version, comparison.next_version)
    written = write_revision(*sides, folder, version)
    if written is None:
        out.note("The schema is the same, so that no migration is needed.")
        return
    file, revision = written
    out.note(f"Wrote {file}.")
    if revision.unfilled:
        columns = ", ".join(revision.unfilled)
        out.note(f"Say in it what old rows get in {columns}, which may not be NULL.")
    if revision.lost:
        columns = ", ".join(revision.lost)
        out.note(f"It drops {columns}: of what only has a new name, copy the values in it.")


def _write(comparison: Comparison, changes: Iterable[str], out: Output, changelog: bool) -> None:
    if changelog:
        from microcosm_sqlite.authoring.comparing.changelog import render_changelog

        out.page(render_changelog(comparison).rstrip("\n"))
        return
    from microcosm_sqlite.cli.differences import COLUMNS, list_tables, spell_json

    if out.format == "json":
        sys.stdout.writelines(spell_json(comparison, changes))
        return
    out.listing(COLUMNS, list_tables(comparison))
    if comparison.next_version:
        out.note(
            f"The next version after {comparison.old_version} should be "
            f"{comparison.next_version} ({comparison.level})."
        )


@click.command(
    "check",
    short_help="Look a project or wheel over before it is published.",
    epilog=examples(
        "microcosm-sqlite check",
        "microcosm-sqlite check dist/birds_data-1.1-py3-none-any.whl --verbose",
        "microcosm-sqlite check --json > report.json",
    ),
)
@click.argument("candidate", metavar="[DIRECTORY|WHEEL]", type=click.Path(exists=True), default=".")
@click.option("-v", "--verbose", is_flag=True, help="Show every check, not only what it found.")
@output_options
def check_publication(candidate: str, verbose: bool, out: Output) -> int:
    """Look a dataset project or a wheel over before it is published; nothing of it is run.

    Of a project, the wheel of its version under dist/ is checked as well. Asks for a title, a
    description, licences, origins, a readme and a changelog, and for whatever the package index
    would refuse a wheel for. Exits with 1 where something is wrong; warnings do not count.
    """
    from microcosm_sqlite.authoring.publishing.publication import check_publication as look_over

    report = look_over(candidate)
    if out.format == "json":
        out.value(report.as_dict())
    else:
        found = report.findings + report.warnings
        shown = report.outcomes if verbose else found
        rows = [(each.code, each.status, each.message or each.meaning, each.hint) for each in shown]
        if not found and not verbose:
            passed = sum(each.status == "ok" for each in report.outcomes)
            rows.append(("", "ok", f"{Count(passed).of('check')} passed", ""))
        out.listing(("check", "status", "message", "hint"), rows)
    if report.ok:
        return 0
    count = Count(len(report.findings)).of("check")
    report_error(f"{report.subject} is not fit to be published: {count} failed.")
    return 1
