"""``cache`` and ``completion``: extracted datasets, and the script for the shell."""

from __future__ import annotations

import click

from microcosm_sqlite.catalog.cache import upkeep as cache_upkeep
from microcosm_sqlite.catalog.cache.folders import cache_directory
from microcosm_sqlite.cli.options import complete_dataset, complete_table, examples, output_options
from microcosm_sqlite.cli.output import Count, Output, Size

TYPE_CHECKING = False

if TYPE_CHECKING:
    from microcosm_sqlite.catalog.cache.upkeep import CacheEntry

COLUMNS = ("name", "size", "installed", "last_used", "path")


@click.group(
    "cache",
    short_help="Manage extracted datasets and columnar twins.",
    epilog=examples(
        "microcosm-sqlite cache list",
        "microcosm-sqlite cache prune",
        "du -sh $(microcosm-sqlite cache path)",
    ),
)
def manage_cache() -> None:
    """Manage the copies of compressed datasets that were extracted, and the twins of tables.

    A columnar twin is a table as Parquet, which data frames read instead of the database.
    Everything in the cache is created again when it is needed.
    """


@manage_cache.command(
    "list", epilog=examples("microcosm-sqlite cache list", "microcosm-sqlite cache list --json")
)
@output_options
def list_cache(out: Output) -> None:
    """List what is in the cache."""
    out.listing(COLUMNS, map(_row, cache_upkeep.entries()))


@manage_cache.command(
    "columnar",
    short_help="Write columnar twins of tables.",
    epilog=examples(
        "microcosm-sqlite cache columnar nycflights13",
        "microcosm-sqlite cache columnar nycflights13 flights",
    ),
)
@click.argument("name", shell_complete=complete_dataset)
@click.argument("tables", metavar="[TABLE]...", nargs=-1, shell_complete=complete_table)
def write_twins(name: str, tables: tuple[str, ...]) -> None:
    """Write columnar twins of tables, by default of all, and print their paths.

    Twins that exist already are kept. Needs the extra arrow.
    """
    from microcosm_sqlite.catalog.registry import dataset

    for path in dataset(name).columnar(tables or None).values():
        Output().text(str(path))


@manage_cache.command(
    "path", short_help="Print where the cache is.", epilog=examples("microcosm-sqlite cache path")
)
def show_cache_path() -> None:
    """Print where the cache is. Set MICROCOSM_SQLITE_CACHE_DIR to move it."""
    Output().text(str(cache_directory()))


@manage_cache.command("clear", epilog=examples("microcosm-sqlite cache clear"))
def clear_cache() -> None:
    """Remove everything from the cache."""
    _tell(cache_upkeep.clear())


@manage_cache.command(
    "prune",
    short_help="Remove files that are no longer used.",
    epilog=examples("microcosm-sqlite cache prune", "microcosm-sqlite cache prune --days 0"),
)
@click.option(
    "--days",
    type=click.FloatRange(min=0),
    default=cache_upkeep.UNUSED_DAYS,
    show_default=True,
    help="Keep files that were read within this many days.",
)
def prune_cache(days: float) -> None:
    """Remove files that no installed dataset refers to and that were not read recently."""
    _tell(cache_upkeep.prune(days))


def _row(entry: CacheEntry) -> tuple[object, ...]:
    from datetime import UTC, datetime

    used = datetime.fromtimestamp(entry.last_used, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    installed = "yes" if entry.is_installed else "no"
    name = f"{entry.name}.{entry.table}" if entry.table else entry.name
    return (name, Size(entry.bytes), installed, used, entry.path)


def _tell(removed: list[CacheEntry]) -> None:
    size = Size(sum(entry.bytes for entry in removed))
    Output().note(f"{Count(len(removed)).of('file')} removed, {size.human()} freed.")


_SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    short_help="Print a script for shell completion.",
    epilog=examples(
        "microcosm-sqlite completion bash >> ~/.bashrc",
        "microcosm-sqlite completion zsh >> ~/.zshrc",
        "microcosm-sqlite completion fish > ~/.config/fish/completions/microcosm-sqlite.fish",
    ),
)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def print_completion(context: click.Context, shell: str) -> None:
    """Print the script that makes a shell complete commands, options, datasets and tables."""
    from click.shell_completion import get_completion_class

    root = context.find_root()
    kind = get_completion_class(shell)
    assert kind is not None, "click knows the shells offered above"  # noqa: S101
    complete = kind(root.command, {}, "microcosm-sqlite", "_MICROCOSM_SQLITE_COMPLETE")
    Output().text(complete.source())
