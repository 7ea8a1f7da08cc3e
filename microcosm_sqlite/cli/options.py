"""Options and arguments that commands share."""

from __future__ import annotations

from functools import update_wrapper

import click

from microcosm_sqlite.cli.output import FORMATS, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from click.shell_completion import CompletionItem

    Callback = Callable[..., Any]


def examples(*lines: str) -> str:
    """The end of a command's help: command lines to copy."""
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))


def output_options(command: Callback) -> Callback:
    """Give a command the common options, and an :class:`Output` as its argument ``out``."""

    def run(*args: Any, **options: Any) -> Any:
        out = Output(
            options.pop("format_"),
            header=not options.pop("no_header"),
            quiet=options.pop("quiet"),
        )
        return command(*args, out=out, **options)

    wrapped: Callback = update_wrapper(run, command)
    for option in reversed(_OUTPUT_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


_OUTPUT_OPTIONS = (
    click.option(
        "--format",
        "format_",
        type=click.Choice(FORMATS),
        help="How to write the result: a table on a terminal and TSV in a pipe, unless chosen.",
    ),
    click.option("--json", "format_", flag_value="json", help="The same as --format json."),
    click.option("--csv", "format_", flag_value="csv", help="The same as --format csv."),
    click.option("--no-header", is_flag=True, help="Leave column names out."),
    click.option("-q", "--quiet", is_flag=True, help="Only results, and of lists only names."),
)


def dataset_argument(command: Callback) -> Callback:
    """The argument ``name``: a dataset, completed by the shell."""
    return click.argument("name", shell_complete=complete_dataset)(command)


def complete_dataset(
    context: click.Context,  # noqa: ARG001  # click's signature
    parameter: click.Parameter,  # noqa: ARG001  # click's signature
    incomplete: str,
) -> list[CompletionItem]:
    """The datasets whose names begin so."""
    from click.shell_completion import CompletionItem

    from microcosm_sqlite.catalog.registry import datasets

    return [
        CompletionItem(name, help=found.manifest.title if found.manifest else "")
        for name, found in datasets().items()
        if name.startswith(incomplete)
    ]


def complete_table(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001  # click's signature
    incomplete: str,
) -> list[str]:
    """The tables, whose names begin so, of the dataset that was named before."""
    from microcosm_sqlite.catalog.registry import dataset
    from microcosm_sqlite.errors import DatasetError

    try:
        tables = dataset(context.params["name"]).tables
    except (DatasetError, KeyError):
        return []
    return [table for table in tables if table.startswith(incomplete)]


def complete_dataset_or_table(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Datasets, and after a dot the tables of one, as in ``nycflights13.flights``."""
    from click.shell_completion import CompletionItem

    from microcosm_sqlite.catalog.registry import datasets

    name, dot, table = incomplete.partition(".")
    if not dot:
        return complete_dataset(context, parameter, incomplete)
    found = datasets().get(name)
    return [
        CompletionItem(f"{name}.{each}")
        for each in (found.tables if found else ())
        if each.startswith(table)
    ]
