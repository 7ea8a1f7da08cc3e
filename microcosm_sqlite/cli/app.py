"""The program: its commands, each imported when it is run, and its exit codes."""

from __future__ import annotations

import os
import sys
from io import StringIO

import click

from microcosm_sqlite.cli.isolation import MEMORY
from microcosm_sqlite.cli.output import report_error
from microcosm_sqlite.cli.streams import finish_streams, printable, write_note
from microcosm_sqlite.errors import DatasetNotFoundError, MicrocosmSQLiteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROGRAM = "microcosm-sqlite"
TRACEBACK = "MICROCOSM_SQLITE_TRACEBACK"
"""Environment variable that makes errors show their traceback."""

FAILED, NOT_FOUND, INTERRUPTED, PIPE_CLOSED = 1, 3, 130, 141

# Verb to the module and the function that is its command, in the order that help lists them.
COMMANDS = {
    "list": "datasets:list_datasets",
    "info": "datasets:show_info",
    "path": "datasets:show_path",
    "schema": "querying:show_schema",
    "models": "querying:print_models",
    "query": "querying:run_query",
    "export": "querying:export_tables",
    "browse": "datasets:browse_datasets",
    "card": "datasets:print_card",
    "site": "serving:write_site",
    "mcp": "serving:serve_agents",
    "verify": "datasets:verify_datasets",
    "new": "drafting:new_project",
    "add": "drafting:add_to_project",
    "refresh": "drafting:refresh_project",
    "build": "projects:build_project",
    "release": "publishing:release_project",
    "subset": "subsetting:write_subset",
    "diff": "comparing:compare_versions",
    "check": "publishing:check_publication",
    "doctor": "datasets:examine_environment",
    "cache": "caching:manage_cache",
    "completion": "caching:print_completion",
}
ALIASES = {"ls": "list"}


class Program(click.Group):
    """A group that imports a command's module when it is run, and turns errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The verbs, without aliases."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002  # click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command of a verb or alias; None where there is none."""
        reference = COMMANDS.get(ALIASES.get(cmd_name, cmd_name))
        if reference is None:
            return None
        from importlib import import_module

        module, _, function = reference.partition(":")
        commands = import_module(f"microcosm_sqlite.cli.commands.{module}")
        command: click.Command = getattr(commands, function)
        complete_help(command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; an unknown one gets the nearest names as a hint."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from microcosm_sqlite.common.wording import suggest

            if hint := suggest(args[0], COMMANDS):
                raise click.UsageError(f"{error.message} {hint}", ctx) from error
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what it returns is the exit code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # Click would exit with 1; this is what a shell makes of SIGPIPE.
            return PIPE_CLOSED
        return result

    def main(self, args: Any = None, *rest: Any, **extra: Any) -> Any:
        """Run a command and end the process; an error becomes a sentence and an exit code."""
        # One name in help and completion, whether it was run as a script or with `python -m`.
        arguments = sys.argv[1:] if args is None else list(args)
        extra |= {"prog_name": PROGRAM, "standalone_mode": False, "obj": arguments}
        complete_help(self)
        try:
            result = super().main(arguments, *rest[1:], **extra)
        except Exception as error:  # noqa: BLE001  # people get a sentence, never a traceback
            result = end(error)
        finish_streams()
        sys.exit(result)


def complete_help(command: click.Command) -> None:
    """Give a command, and those below it, the help that ``python -OO`` took from them."""
    if command.help is None and command.callback:
        from microcosm_sqlite.common.docstrings import find_docstring

        command.help = find_docstring(command.callback)
    for each in getattr(command, "commands", {}).values():
        complete_help(each)


def end(error: Exception) -> int:
    """Report an error on standard error, and return the exit code."""
    if isinstance(error, click.ClickException):
        shown = StringIO()
        error.show(shown)
        write_note(printable(shown.getvalue()), end="")
        return error.exit_code
    if isinstance(error, click.Abort):
        return INTERRUPTED if isinstance(error.__cause__, KeyboardInterrupt) else FAILED
    if os.environ.get(TRACEBACK):
        raise error
    message, hint = _explain(error)
    report_error(message, READ_AS_UTF8 if _is_misread(error) else hint)
    return NOT_FOUND if isinstance(error, DatasetNotFoundError) else FAILED


READ_AS_UTF8 = (
    "Set PYTHONUTF8=1: in this locale Python reads arguments and standard input as "
    f"{sys.getfilesystemencoding()}, and some of it is not."
)


def _is_misread(error: Exception) -> bool:
    """Whether a command failed on text that Python did not read as what it is."""
    if sys.getfilesystemencoding() == "utf-8":
        return False
    from microcosm_sqlite.common.wording import is_utf8

    cause = error.__cause__
    refused = [str(cause.object)] if isinstance(cause, UnicodeEncodeError) else []
    return not all(map(is_utf8, sys.argv[1:] + refused))


def _explain(error: Exception) -> tuple[str, str]:
    """Return the message of an error, and what can be done about it."""
    if isinstance(error, MicrocosmSQLiteError):
        return error.message, error.hint
    if type(error).__module__ == "sqlite3":
        return f"SQLite says: {error}.", "Run: microcosm-sqlite verify"
    if isinstance(error, MemoryError):
        return "There is not enough memory.", f"For a file from outside, set {MEMORY} to more."
    if isinstance(error, OSError):
        from microcosm_sqlite.common.workspace import explain_os_error

        return explain_os_error(error)
    return (
        f"Unexpected {type(error).__name__}: {error}.",
        f"This is a bug: please report it, with what is shown when {TRACEBACK}=1 is set.",
    )


@click.group(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  microcosm-sqlite list
  microcosm-sqlite info nycflights13
  microcosm-sqlite query nycflights13 "SELECT * FROM airlines"

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 failure or
problems found, 2 wrong usage, 3 no such dataset.""",
)
@click.version_option(package_name=PROGRAM, message="%(prog)s %(version)s")
def app() -> None:
    """Find, read and build datasets that are installed as Python packages."""
