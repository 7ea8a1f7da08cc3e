"""Options and arguments that commands share."""

from __future__ import annotations

from functools import update_wrapper

import click

from microcosm_sqlite.cli.completion import complete_dataset
from microcosm_sqlite.cli.output import FORMATS, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

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
