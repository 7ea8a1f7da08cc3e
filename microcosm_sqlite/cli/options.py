"""Options and arguments that commands share, their completion by the shell, and table names."""

from __future__ import annotations

import re
import sys
from functools import update_wrapper

import click

from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.catalog.registry import dataset, datasets, find
from microcosm_sqlite.cli.output import FORMATS, Output
from microcosm_sqlite.cli.streams import printable, write_note
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from click.shell_completion import CompletionItem

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Table

    Callback = Callable[..., Any]
    from collections.abc import Iterator, Sequence

    from microcosm_sqlite.authoring.drafting.from_files.repairing import Accept
    from microcosm_sqlite.authoring.project.repairs import Repair
    from microcosm_sqlite.catalog.manifest_tables import Field


class PathToWrite(click.Path):
    """A path that need not exist; an empty one, as of a variable that is not set, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse an empty path, which would stand for the current folder."""
        if value == "":
            self.fail("The path is empty. For the current folder, write a dot.", param, ctx)
        return super().convert(value, param, ctx)


def examples(*lines: str) -> str:
    """The examples at the end of a command's help."""
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
        help="Format of the result; by default a table on a terminal and TSV in a pipe.",
    ),
    click.option("--json", "format_", flag_value="json", help="The same as --format json."),
    click.option("--csv", "format_", flag_value="csv", help="The same as --format csv."),
    click.option("--no-header", is_flag=True, help="Leave out the column names."),
    click.option(
        "-q", "--quiet", is_flag=True, help="Print only results, and only names in lists."
    ),
)


def complete_dataset(
    context: click.Context,  # noqa: ARG001  # click's signature
    parameter: click.Parameter,  # noqa: ARG001  # click's signature
    incomplete: str,
) -> list[CompletionItem]:
    """The datasets whose names begin with what was typed."""
    from click.shell_completion import CompletionItem

    found = datasets()
    return [
        CompletionItem(name, help=_spell_title(found[name])) for name in _begin(found, incomplete)
    ]


def complete_table(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001  # click's signature
    incomplete: str,
) -> list[str]:
    """The tables, of the dataset named before, whose names begin with what was typed."""
    return _begin(_tables(_named_before(context)), incomplete)


def complete_table_path(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Datasets, and after a dot the tables of one, as in ``nycflights13.flights``."""
    return _complete_path(context, parameter, incomplete, depth=2)


def complete_column_path(
    context: click.Context,
    parameter: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """The same, and after another dot the columns, as in ``nycflights13.flights.carrier``."""
    return _complete_path(context, parameter, incomplete, depth=3)


def complete_columns(
    context: click.Context,
    parameter: click.Parameter,  # noqa: ARG001  # click's signature
    incomplete: str,
) -> list[str]:
    """The columns of the table that was named before; after a comma, those not listed yet."""
    name, table = split_dataset(_named_before(context))
    listed, comma, begun = incomplete.rpartition(",")
    taken = listed.split(",")
    columns = (column for column in _columns(name, table) if column not in taken)
    return [f"{listed}{comma}{column}" for column in _begin(columns, begun)]


def _complete_path(
    context: click.Context, parameter: click.Parameter, incomplete: str, depth: int
) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    name, rest = split_dataset(incomplete)
    if not incomplete.startswith(f"{name}."):
        return complete_dataset(context, parameter, incomplete)
    table = next((table for table in _tables(name) if rest.startswith(f"{table}.")), "")
    if table and depth == 3:
        found = _begin((f"{table}.{column}" for column in _columns(name, table)), rest)
    else:
        found = _begin(_tables(name), rest)
    return [CompletionItem(f"{name}.{each}") for each in found]


def _named_before(context: click.Context) -> str:
    # Behind an option that has no value yet, click leaves the arguments unread.
    name: str = context.params.get("name") or next(iter(context.args), "")
    return name


def _begin(names: Iterable[str], begun: str) -> list[str]:
    """The names that begin so; without those that a shell would take for more than a name."""
    return [name for name in names if name.startswith(begun) and _PLAIN.fullmatch(name)]


_PLAIN = re.compile(r"[\w%+,./:=@-]*")


def _spell_title(dataset: InstalledDataset) -> str:
    title = dataset.manifest.title if dataset.manifest else ""
    return " ".join(printable(title).split())  # the shells' protocols are made of lines


def _tables(name: str) -> Mapping[str, Table]:
    try:
        return dataset(name).tables
    except DatasetError:
        return {}


def _columns(name: str, table: str) -> list[str]:
    found = _tables(name).get(table)
    return [field.name for field in found.fields] if found else []


def dataset_argument(command: Callback) -> Callback:
    """The argument ``name``: a dataset, completed by the shell."""
    return click.argument("name", shell_complete=complete_dataset)(command)


class Named:
    """A dataset, with the table and the column of it that were named, if any."""

    __slots__ = ("dataset", "field", "table")

    def __init__(
        self, dataset: InstalledDataset, table: Table | None = None, field: Field | None = None
    ) -> None:
        self.dataset = dataset
        self.table = table
        self.field = field

    @property
    def tables(self) -> list[Table]:
        """The named table, or else all tables of the dataset."""
        return [self.table] if self.table else list(self.dataset.tables.values())


def find_named(words: str) -> Named:
    """Find what ``NAME``, ``NAME.TABLE`` or ``NAME.TABLE.COLUMN`` names.

    Each of the three may itself contain dots; the longest name that exists is taken.

    Raises:
        DatasetNotFoundError: There is no such dataset.
        TableNotFoundError: It has no such table, or that has no such column.
    """
    name, rest = split_dataset(words)
    found = dataset(name)
    if not rest:
        return Named(found)
    splits = list(_split(rest))
    table, column = next((each for each in splits if each[0] in found.tables), splits[-1])
    chosen = found.tables[table]
    return Named(found, chosen, *find_fields(found, chosen, [column] if column else []))


def split_dataset(words: str) -> tuple[str, str]:
    """Split a name into that of the dataset and the rest.

    >>> split_dataset("nycflights13.flights.carrier")
    ('nycflights13', 'flights.carrier')
    """
    splits = list(_split(words))
    is_path = "/" in words  # unless it is the name of a column, such as km/h; it is told whole
    return next((each for each in splits if find(each[0])), (words, "") if is_path else splits[-1])


class NamingCommand(click.Command):
    """A command on what is named; words that are too many get a hint where they name a table."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments as click does, and refuse what is left in click's words."""
        ctx.allow_extra_args = True
        extra = super().parse_args(ctx, args)
        if extra and not ctx.resilient_parsing:
            told = f"Got unexpected extra argument{'s' * (len(extra) > 1)} ({' '.join(extra)})."
            raise click.UsageError(f"{told} {self._explain(ctx, extra)}".rstrip(), ctx)
        return extra

    def _explain(self, ctx: click.Context, extra: list[str]) -> str:
        if "sql" in ctx.params:
            return "A statement is one argument: put it in quotes."
        words = ".".join([ctx.params["name"], *extra])
        try:
            named = find_named(words)
        except DatasetError:
            return ""
        if named.table is None:
            return ""
        accepted = "".join(each.metavar or "" for each in self.params)
        owner, table = named.dataset.name, named.table.name
        if "[.TABLE" not in accepted:
            return f"{table!r} is a table of dataset {owner!r}, which is to be named alone."
        return f"Did you mean {words if '.COLUMN' in accepted else f'{owner}.{table}'!r}?"


def choose_tables(dataset: InstalledDataset, names: Sequence[str]) -> list[Table]:
    """The named tables in the order of the dataset, or all if none is named.

    Raises:
        TableNotFoundError: There is no such table.
    """
    chosen = [dataset.tables[name] for name in names]
    return [table for table in dataset.tables.values() if table in chosen or not chosen]


def _split(words: str) -> Iterator[tuple[str, str]]:
    """The parts before and after each dot, the longest first part first."""
    yield words, ""
    parts = words.split(".")
    for number in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:number]), ".".join(parts[number:])


def ask_for_repairs(options: Mapping[str, Any], start: Callable[..., int]) -> int:
    """Run `new` in its own process; on a terminal, ask first which repairs it may make."""
    if options["repair"] or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return start()
    from microcosm_sqlite.authoring.project.repairs import (
        REPAIRS_FILE,
        read_repairs,
        write_repairs,
    )
    from microcosm_sqlite.common.workspace import open_scratch

    with open_scratch() as folder:
        file = folder / REPAIRS_FILE
        code = start("--propose", str(file))
        proposed = {} if code else read_repairs(file)
        if code or not proposed:
            return code or start()
        accepted = {name: tuple(_choose(name, repairs)) for name, repairs in proposed.items()}
        file.write_text(write_repairs(accepted), "utf-8", newline="\n")
        return start("--accept", str(file))


def _choose(name: str, repairs: Sequence[Repair]) -> Iterator[Repair]:
    """Ask for each repair of a file whether it is right."""
    from microcosm_sqlite.authoring.drafting.from_files.repairing import describe_repair

    answer = ""
    for number, repair in enumerate(repairs, 1):
        if answer not in _OF_ALL:
            write_note(f"{printable(name)}, {number} of {len(repairs)}: ", end="")
            write_note(printable(describe_repair(repair)))
            answer = click.prompt(_QUESTION, type=click.Choice(_ANSWERS), err=True)
        if answer in _ACCEPTED:
            yield repair


_ANSWERS, _ACCEPTED, _OF_ALL = ("y", "n", "a", "d"), ("y", "a"), ("a", "d")
_QUESTION = "Repair it: yes, no, all of this file, or done with it"


def choose_accept(file: str | None, *, repair: bool) -> Accept:
    """Return the function that accepts repairs: all, none, or those of a file."""
    if file is None:
        return lambda _, repairs: repairs if repair else ()
    from pathlib import Path

    from microcosm_sqlite.authoring.project.repairs import read_repairs

    accepted = read_repairs(Path(file))

    def accept(name: str, repairs: Sequence[Repair]) -> Iterable[Repair]:
        return [each for each in repairs if each in accepted.get(name, ())]

    return accept
