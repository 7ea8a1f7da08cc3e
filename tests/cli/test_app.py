"""Every command helps, and ends with the exit code that it promises."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from microcosm_sqlite.cli.app import ALIASES, COMMANDS, app, end
from microcosm_sqlite.errors import BuildError, DatasetNotFoundError
from tests.support.program import Program
from tests.support.programs import run, tool
from tests.support.terminal import COUNT_FOREVER

HEAVY = {"sqlalchemy", "microcosm", "importlib.metadata", "dataclasses", "birds_data", "tabulate"}


def walk(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group, as the words that name it."""
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = [path]
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        found += walk(below, (*path, name))
    return found


@pytest.mark.parametrize("words", walk(app), ids=" ".join)
def test_help_ends_with_examples_of_the_command_and_fits_the_page(
    program: Program, words: tuple[str, ...]
) -> None:
    text = program.read(*words, "--help")
    assert text == program.read(*words, "-h")
    assert max(map(len, text.splitlines())) <= 100
    head, _, tail = text.partition("Examples:\n")
    assert text.startswith(" ".join(("Usage: microcosm-sqlite", *words)))
    assert " ".join(("  microcosm-sqlite", *words)) in tail
    described = re.sub(r"Usage:.*\n", "", head).strip()
    assert described[0].isupper()


@pytest.mark.parametrize(
    "arguments",
    [(), ("cache", "--help"), ("cache", "prune", "-h"), ("info", "--help"), ("verify", "-v")],
    ids=" ".join,
)
def test_python_without_docstrings_says_the_same(
    program: Program, arguments: tuple[str, ...]
) -> None:
    stripped = program.with_variables({"PYTHONOPTIMIZE": "2"})
    code = 0 if arguments else 2
    usual, told = (each.run(*arguments, code=code) for each in (program, stripped))
    assert (told.stdout, told.stderr) == (usual.stdout, usual.stderr)


def test_every_command_of_the_table_exists_and_aliases_mean_one_of_them() -> None:
    context = click.Context(app)
    for name in COMMANDS:
        command = app.get_command(context, name)
        assert command is not None
        assert command.name == name
    assert set(ALIASES.values()) <= set(COMMANDS)


@pytest.mark.parametrize("group", [(), ("cache",)], ids=["program", "cache"])
def test_a_group_describes_its_commands_in_whole_sentences(
    program: Program, group: tuple[str, ...]
) -> None:
    listed = program.read(*group, "--help").partition("Commands:\n")[2].partition("\n\n")[0]
    assert len(listed.splitlines()) > 3
    assert all(line.endswith(".") and not line.endswith("...") for line in listed.splitlines())


def test_an_alias_does_what_its_command_does(program: Program) -> None:
    assert program.read("ls") == program.read("list")


def test_wrong_usage_exits_with_2_and_says_how_it_is_used(program: Program) -> None:
    assert "Usage: microcosm-sqlite path" in program.refuse("path", code=2)
    assert "Did you mean 'query'?" in program.refuse("qury", code=2)
    assert "No such command 'xyzzy'." in program.refuse("xyzzy", code=2)


def test_a_dataset_that_is_not_there_exits_with_3_and_names_the_nearest(program: Program) -> None:
    for arguments in (["path"], ["info"], ["schema"], ["query", "SELECT 1"]):
        verb, *rest = arguments
        told = program.refuse(verb, "brids", *rest, code=3)
        assert told == "Error: No dataset is named 'brids'.\nHint: Did you mean 'birds'?\n"


def test_without_any_dataset_the_hint_is_to_install_one(lone_program: Program) -> None:
    told = lone_program.refuse("path", "birds", code=3)
    assert "pip install" in told
    done = lone_program.run("list")
    assert done.stdout == "NAME\tVERSION\tTABLES\tROWS\tSIZE\tLICENSE\tPACKAGE\n"
    assert "No dataset is installed" in done.stderr
    assert lone_program.run("list", "-q").stdout == ""


def test_the_version_is_that_of_the_distribution(program: Program) -> None:
    assert re.fullmatch(r"microcosm-sqlite \d\S+\n", program.read("--version"))


def test_the_script_and_the_module_are_the_same_program(program: Program) -> None:
    listed = run(tool("microcosm-sqlite"), "list", environment=program.environment)
    assert listed == program.read("list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("list", "--format", "table"),
        ("info", "birds"),
        ("path", "birds"),
        ("path", "colours"),
        ("query", "birds", "SELECT * FROM birds"),
    ],
    ids=" ".join,
)
def test_reading_commands_import_nothing_heavy(
    program: Program, arguments: tuple[str, ...]
) -> None:
    program.read("path", "colours")
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(*({HEAVY!r} & set(sys.modules)), file=sys.stderr))\n"
        "from microcosm_sqlite.cli import main\n"
        f"main({list(arguments)!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=program.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == "\n"


@pytest.mark.parametrize("form", ["tsv", "csv", "json", "jsonl", "table"])
def test_a_reader_that_leaves_ends_the_program_quietly(program: Program, form: str) -> None:
    process = program.start("query", "birds", COUNT_FOREVER.format("i"), "--format", form)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=20) == 141
    process.stderr.close()


def test_a_reader_that_never_read_ends_the_program_quietly(program: Program) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = program.start("list", stdout=writer)
    os.close(writer)
    assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 141


@pytest.mark.parametrize("what", ["count(*)", "i"])
def test_an_interrupt_ends_a_query_quietly_whether_or_not_rows_come(
    program: Program, what: str
) -> None:
    with Path(os.devnull).open("w") as nowhere:
        process = program.start("query", "birds", COUNT_FOREVER.format(what), stdout=nowhere)
        time.sleep(1)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert told.strip() == ""
    assert time.monotonic() - started < 5


def test_a_defect_is_told_in_a_sentence_and_shows_its_traceback_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(ZeroDivisionError("by zero")) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: Unexpected ZeroDivisionError: by zero.\nHint: This is a bug")
    monkeypatch.setenv("MICROCOSM_SQLITE_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        end(ZeroDivisionError())


def test_each_kind_of_error_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert end(DatasetNotFoundError("none", hint="do this")) == 3
    assert end(BuildError("cannot")) == 1
    assert end(FileNotFoundError(2, "No such file or directory", "x.sql")) == 1
    assert end(sqlite3.DatabaseError("database disk image is malformed")) == 1
    assert capsys.readouterr().err == (
        "Error: none\nHint: do this\nError: cannot\nError: x.sql: No such file or directory.\n"
        "Error: SQLite says: database disk image is malformed.\n"
        "Hint: Run: microcosm-sqlite verify\n"
    )
