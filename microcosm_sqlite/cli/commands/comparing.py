"""``diff``: what changed between two versions of a dataset."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from tempfile import TemporaryFile

import click

from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import PathToWrite, complete_dataset, examples, output_options
from microcosm_sqlite.cli.output import Count, Output
from microcosm_sqlite.cli.streams import finish_streams, write_result
from microcosm_sqlite.interop.exporting.text_formats import dump_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import IO, Any

    from microcosm_sqlite.authoring.comparing.comparison import Comparison
    from microcosm_sqlite.authoring.comparing.row_changes import RowChange
    from microcosm_sqlite.catalog.installed import InstalledDataset

DIFFERENT, TROUBLE = 1, 2

_COLUMNS = ("table", "old", "new", "inserted", "deleted", "updated", "note")


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
    type=PathToWrite(file_okay=False),
    help="Write an Alembic revision that changes the schema, after those in FOLDER.",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    help="With --json: list at most N changed rows of each table; all by default.",
)
@output_options
@isolated("old", "new", failure=TROUBLE)
def compare_versions(
    old: str, new: str, changelog: bool, migration: str | None, limit: int | None, out: Output
) -> int:
    """Show what changed from OLD to NEW: tables, columns, keys, and rows by primary key.

    Each side is the name of an installed dataset, a database file (.db, .db.zst), a data wheel
    (.whl), which is neither installed nor run, or the folder of a project that is built. Suggests
    the next version number: major when the schema breaks readers or a table lost half of its rows,
    minor when the schema grows, patch when only rows change. Also shows what the changelog of NEW
    says about versions that OLD's changelog lacks.

    Exits with 0 if both sides are the same, 1 if they differ and 2 if an error occurs.
    """
    limit = limit if out.format == "json" and not changelog else 0
    with _spool_changes() as changes:
        try:
            with _open_sides(old, new) as sides:
                from microcosm_sqlite.authoring.comparing.comparison import compare_datasets
                from microcosm_sqlite.authoring.comparing.revisions import list_news

                comparison = compare_datasets(*sides, limit=limit, tell=changes.add)
                news = list_news(*sides)
                if migration:
                    _write_migration(comparison, sides, migration, out)
            _write(comparison, changes, news, out, changelog)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, 1 would say that they differ
            from microcosm_sqlite.cli.app import end

            end(error)
            finish_streams()  # or what could not be written would fail once more, with another code
            return TROUBLE
    return 0 if comparison.is_same else DIFFERENT


@contextmanager
def _open_sides(old: str, new: str) -> Iterator[tuple[InstalledDataset, InstalledDataset]]:
    from microcosm_sqlite.common.workspace import open_scratch

    with open_scratch() as before, open_scratch() as after:
        yield _open_side(old, str(before)), _open_side(new, str(after))


def _open_side(name: str, scratch: str) -> InstalledDataset:
    """Open what a name, a file or the folder of a project stands for."""
    from pathlib import Path

    from microcosm_sqlite.catalog.opening import open_dataset
    from microcosm_sqlite.errors import DatasetFileMissingError, DatasetNotFoundError

    try:
        return open_dataset(name, scratch)
    except DatasetNotFoundError:
        if not (Path(name) / "pyproject.toml").is_file():
            raise
    from microcosm_sqlite.authoring.project.settings import ProjectSettings

    built = ProjectSettings.from_pyproject(name).database_path
    if not built.exists():
        raise DatasetFileMissingError(
            f"The project in {name} is not built.", hint=f"Run: microcosm-sqlite build {name}"
        )
    return open_dataset(str(built), scratch)


def _write_migration(
    comparison: Comparison,
    sides: tuple[InstalledDataset, InstalledDataset],
    folder: str,
    out: Output,
) -> None:
    from microcosm_sqlite.authoring.comparing.revisions import write_revision
    from microcosm_sqlite.authoring.comparing.version_numbers import name_version

    version = name_version(comparison.old_version, comparison.new_version, comparison.next_version)
    written = write_revision(*sides, folder, version)
    if written is None:
        out.note("The schema is the same: no migration is needed.")
        return
    file, revision = written
    out.note(f"Wrote {file}.")
    if revision.unfilled:
        columns = ", ".join(revision.unfilled)
        out.note(f"Edit it: say what old rows get in {columns}, which must not be NULL.")
    if revision.lost:
        columns = ", ".join(revision.lost)
        out.note(f"It drops {columns}. If a column was only renamed, copy its values there.")


def _write(
    comparison: Comparison,
    changes: Iterable[str],
    news: Iterable[Mapping[str, str]],
    out: Output,
    changelog: bool,
) -> None:
    for table in comparison.tables:
        if table.is_shrunk:
            left = f"{Count(table.new_rows or 0).human()} of {Count(table.old_rows or 0).human()}"
            out.warn(f"Table {table.table} has {left} rows left.", "Is a source complete?")
    if changelog:
        from microcosm_sqlite.authoring.comparing.revisions import render_changelog

        out.text(render_changelog(comparison).rstrip("\n"))
        return
    if out.format == "json":
        write_result(_spell_json(comparison, changes, news), "json")
        return
    out.listing(_COLUMNS, _list_tables(comparison))
    for each in news:
        out.note(f"The changelog says of {each.get('version', '')}:\n{each.get('text', '')}")
    if comparison.next_version:
        out.note(
            f"The next version after {comparison.old_version} should be "
            f"{comparison.next_version} ({comparison.level})."
        )


def _list_tables(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    """A row for each table, and for each view that changed."""
    notes: dict[str, list[str]] = {}
    for change in comparison.schema:
        notes.setdefault(change.table, []).append(str(change))
    for table in comparison.tables:
        said = notes.pop(table.table, [])
        if table.by_content and table.reason:
            said.append(f"rows are compared by content because {table.reason}")
        elif table.reason and None not in (table.old_rows, table.new_rows):
            found = "content is the same" if table.is_same else "content differs"
            said.append(f"{found}, compared as a whole because {table.reason}")
        elif table.by_content:
            said.append("rows are compared by content, as their key only numbers them")
        if table.is_renumbered:
            said.append("the rows are the same, but have other numbers")
        counts = (
            table.old_rows,
            table.new_rows,
            table.inserted,
            table.deleted,
            table.updated,
        )
        numbers = (None if count is None else Count(count) for count in counts)
        yield table.table, *numbers, "; ".join(said) or None
    for name, said in notes.items():
        yield name, *[None] * 5, "; ".join(said)


class _SpelledChanges:
    """Changed rows as lines of JSON in a temporary file.

    They are found before the summary that is written first, and may be more than memory holds.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def add(self, change: RowChange) -> None:
        """Write one more."""
        self._file.write(f"{_spell_change(change)}\n")

    def __iter__(self) -> Iterator[str]:
        self._file.seek(0)
        return (line.rstrip("\n") for line in self._file)


@contextmanager
def _spool_changes() -> Iterator[_SpelledChanges]:
    """Open a store of changed rows, until the end of the block."""
    with TemporaryFile("w+", encoding="utf-8") as file:
        yield _SpelledChanges(file)


def _spell_json(
    comparison: Comparison, changes: Iterable[str], news: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    """One JSON object, a changed row to the line."""
    facts = {
        "old_version": comparison.old_version,
        "new_version": comparison.new_version,
        "is_same": comparison.is_same,
        "level": comparison.level,
        "next_version": comparison.next_version,
        "schema": [vars(change) for change in comparison.schema],
        "tables": [vars(table) for table in comparison.tables],
        "changelog": list(news),
    }
    yield dump_json(facts, indent=2).removesuffix("\n}") + ',\n  "changes": ['
    separator = "\n"
    for change in changes:
        yield f"{separator}    {change}"
        separator = ",\n"
    yield "]\n}\n" if separator == "\n" else "\n  ]\n}\n"


def _spell_change(change: RowChange) -> str:
    # One by one, because rows may hold infinities, which JSON spells only for flat objects.
    rows = {"key": change.key, "old": change.old, "new": change.new}
    spelt = ", ".join(f"{dump_json(name)}: {dump_json(dict(row))}" for name, row in rows.items())
    return f'{{"table": {dump_json(change.table)}, "change": {dump_json(change.change)}, {spelt}}}'
