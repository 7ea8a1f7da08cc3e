"""``mcp`` and ``site``: datasets for agents, and for people who have only a browser."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from microcosm_sqlite.catalog.registry import dataset, datasets
from microcosm_sqlite.cli.options import PathToWrite, complete_dataset, examples
from microcosm_sqlite.cli.output import Count, Output


@click.command(
    "mcp",
    short_help="Serve datasets to agents.",
    epilog=examples(
        "microcosm-sqlite mcp",
        "microcosm-sqlite mcp nycflights13 --rows 50 --seconds 5",
        "claude mcp add flights -- microcosm-sqlite mcp nycflights13",
    ),
)
@click.argument("names", nargs=-1, shell_complete=complete_dataset)
@click.option(
    "--rows",
    type=click.IntRange(1, 10_000),
    default=200,
    show_default=True,
    help="The most rows of an answer.",
)
@click.option(
    "--bytes",
    "size",
    type=click.IntRange(1_000, 10_000_000),
    default=50_000,
    show_default=True,
    help="The most bytes of an answer.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=10.0,
    show_default=True,
    help="How long SQLite may work on an answer.",
)
def serve_agents(names: tuple[str, ...], rows: int, size: int, seconds: float) -> None:
    """Serve datasets to agents with the Model Context Protocol; all by default.

    A host such as an editor or a chat application starts this command, and talks to it on standard
    input and output. Its tools list and describe datasets, show sample rows and run SELECT
    statements, which are treated as hostile and limited in rows, bytes, time and memory.
    """
    for name in names:
        dataset(name)
    from microcosm_sqlite.interop.agents.reading import Limits
    from microcosm_sqlite.interop.agents.server import serve

    # The thread that reads standard input cannot be told to stop, and there is nothing to finish.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(names, Limits(rows=rows, bytes=size, seconds=seconds))


@click.command(
    "site",
    short_help="Write a static site of datasets.",
    epilog=examples(
        "microcosm-sqlite site -o public",
        'microcosm-sqlite site nycflights13 cities -o public --title "Data of our team"',
    ),
)
@click.argument("names", nargs=-1, shell_complete=complete_dataset)
@click.option(
    "-o",
    "--output",
    required=True,
    type=PathToWrite(file_okay=False, path_type=Path),
    help="The folder to write the pages to.",
)
@click.option("--title", default="Datasets", show_default=True, help="The title of the list.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def write_site(names: tuple[str, ...], output: Path, title: str, quiet: bool) -> None:
    """Write a static site of datasets: a card for each, and a list with a search; all by default.

    The list, index.html, finds tables and columns. Any web server can serve the folder as it is;
    pages of the same names are replaced, and nothing else in it is touched.
    """
    from microcosm_sqlite.interop.card import site

    out = Output(quiet=quiet)
    chosen = [dataset(name) for name in dict.fromkeys(names)] or list(datasets().values())
    with out.progress(len(chosen), "Writing cards") as bar:
        site.write_site(chosen, output, title=title, advance=bar.update)
    out.note(f"{Count(len(chosen)).of('card')} and a list written to {output}.")
