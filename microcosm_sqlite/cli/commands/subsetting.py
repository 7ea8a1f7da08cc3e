"""``subset``: write a smaller dataset that is whole."""

from __future__ import annotations

from pathlib import Path

import click

from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import NamingCommand, PathToWrite, complete_dataset, examples
from microcosm_sqlite.cli.output import Count, Output, Size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from microcosm_sqlite.authoring.subsetting.subset import Size as TableSize


@click.command(
    "subset",
    cls=NamingCommand,
    short_help="Write a smaller dataset that is whole.",
    epilog=examples(
        "microcosm-sqlite subset nycflights13 --rows 1000 -o lite",
        "microcosm-sqlite subset nycflights13 --rows 500 --tables flights \\",
        "    --where \"flights: origin = 'JFK'\" -o jfk",
        "microcosm-sqlite subset birds.db --rows 10 --tables families --children 5",
    ),
)
@click.argument("name", shell_complete=complete_dataset)
@click.option(
    "--rows", metavar="N", type=click.IntRange(0), required=True, help="Rows to choose per table."
)
@click.option(
    "--seed", metavar="N", type=click.IntRange(0), default=0, help="Another N chooses other rows."
)
@click.option(
    "--where",
    "conditions",
    metavar="TABLE:SQL",
    multiple=True,
    help="Choose only rows of a table that meet a condition; may be repeated.",
)
@click.option("--tables", metavar="NAMES", default="", help="Choose rows only from these tables.")
@click.option(
    "--children",
    metavar="N",
    type=click.IntRange(0),
    default=0,
    help="Add up to N of the rows that refer to a chosen row, and so on down; none by default.",
)
@click.option("--edition", metavar="NAME", default="lite", help="Its name beside the full dataset.")
@click.option(
    "-o",
    "--output",
    metavar="FOLDER",
    default=".",
    type=PathToWrite(file_okay=False, path_type=Path),
    help="Where the database and its manifest go; here by default.",
)
@click.option("-q", "--quiet", is_flag=True, help="Do not print the sizes.")
@isolated("name")
def write_subset(
    name: str, edition: str, output: Path, quiet: bool, tables: str, **options: Any
) -> None:
    """Write a part of a dataset that includes every row that its rows refer to.

    NAME is an installed dataset, a data wheel or a database with its manifest. Up to N rows of each
    table are chosen by a hash of their keys, and all rows that these refer to are added. The same
    options give the same bytes. The sizes are printed before anything is written. The manifest says
    where the rows came from, and `microcosm-sqlite verify` checks them.
    """
    from microcosm_sqlite.authoring.project.recipe import Recipe, read_conditions
    from microcosm_sqlite.authoring.subsetting import subset
    from microcosm_sqlite.catalog.opening import open_dataset
    from microcosm_sqlite.common.workspace import open_scratch

    recipe = Recipe(
        where=read_conditions(options.pop("conditions")),
        tables=tuple(filter(None, map(str.strip, tables.split(",")))),
        **options,
    )
    out = Output(quiet=quiet)
    with open_scratch() as scratch:
        written = subset.write_subset(
            open_dataset(name, str(scratch)),
            output,
            recipe,
            edition=edition,
            tell=lambda sizes: _tell(out, sizes),
        )
    for outside in written.list_outside_rows():
        if outside.fault:
            out.warn(f"{outside}.", outside.hint)
        else:
            out.note(str(outside))
    out.text(str(written.path))


def _tell(out: Output, sizes: Iterable[TableSize]) -> None:
    total = 0
    for size in sizes:
        total += size.bytes
        share = f"{Count(size.rows).human()} of {Count(size.all_rows).of('row')}"
        out.note(f"{size.table}: {share}, about {Size(size.bytes).human()}")
    out.note(f"About {Size(total).human()} in all")
