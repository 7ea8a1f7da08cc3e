"""Every command does its work, or says why not, whatever its standard streams are."""

from __future__ import annotations

import json
import os
import pty
import re
import sqlite3
import subprocess
from pathlib import Path

import pytest

from microcosm_sqlite.cli.app import COMMANDS
from microcosm_sqlite.cli.streams import printable
from tests.cli.conftest import Program
from tests.support.projects import make_project
from tests.support.wheels import Wheel, make_database

HOSTILE = "a\x1b]0;title\x07b\x7fc\x9bd\u202ee\u2066f\u200fg"
COMMAND_LINES = {
    "list": ["list"],
    "info": ["info", "birds"],
    "path": ["path", "colours"],
    "schema": ["schema", "birds"],
    "models": ["models", "birds"],
    "query": ["query", "birds", "SELECT * FROM birds"],
    "export": ["export", "birds.birds", "--to", "csv"],
    "export to a file": ["export", "birds.birds", "--to", "csv", "-o", "birds.csv"],
    "card": ["card", "birds"],
    "browse": ["browse", "--help"],
    "mcp": ["mcp", "--help"],
    "site": ["site", "birds", "-o", "public"],
    "subset": ["subset", "birds", "--rows", "1"],
    "verify": ["verify", "birds"],
    "new": ["new", "planets-data"],
    "add": ["add", "seen.csv", "--project", "project"],
    "refresh": ["refresh", "project/sources", "--project", "project"],
    "build": ["build", "project"],
    "diff": ["diff", "birds", "birds"],
    "diff as JSON": ["diff", "birds", "birds", "--json"],
    "check": ["check", "project"],
    "release": ["release", "birds", "--project", "project"],
    "doctor": ["doctor"],
    "cache": ["cache", "list"],
    "completion": ["completion", "bash"],
}
CASES = pytest.mark.parametrize("words", COMMAND_LINES.values(), ids=COMMAND_LINES)
pytestmark = pytest.mark.once


def run_in_shell(
    program: Program, words: list[str], redirection: str, folder: str, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a new folder, its streams redirected as a shell writes that."""
    home = program.home / folder
    home.mkdir()
    if "project" in words:
        (home / "project").mkdir()
        make_project(home / "project")
        (home / "seen.csv").write_text("day,birds\n1,20\n2,30\n")
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *program.command(*words)],
        env={**program.environment, **variables},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_every_command_is_among_them() -> None:
    assert {words[0] for words in COMMAND_LINES.values()} == set(COMMANDS)


@pytest.mark.slow
@CASES
def test_a_command_does_its_work_with_a_stream_closed(program: Program, words: list[str]) -> None:
    usual = run_in_shell(program, words, "", "usual")
    for number, redirection in enumerate(("<&-", ">&-", "2>&-", "2>/dev/full", "<&- >&- 2>&-")):
        done = run_in_shell(program, words, redirection, f"folder{number}")
        assert done.returncode == usual.returncode, (redirection, done.stderr)
        told = done.stderr.decode()
        assert not re.search("Unexpected|Traceback|Exception ignored", told), redirection
        if ">" not in redirection:
            assert len(done.stdout) == len(usual.stdout) or "folder" in done.stdout.decode()


@pytest.mark.slow
@CASES
def test_a_full_device_is_an_error_and_no_finding(program: Program, words: list[str]) -> None:
    done = run_in_shell(program, words, ">/dev/full", "folder")
    if "-o" in words:
        assert done.returncode == 0
        return
    assert done.returncode == (2 if words[0] == "diff" else 1)
    told = done.stderr.decode()
    assert "Error: No space left on device." in told
    assert not re.search("Unexpected|Traceback|Exception ignored", told)


@pytest.mark.slow
@CASES
def test_a_command_writes_the_same_in_any_locale(program: Program, words: list[str]) -> None:
    usual = run_in_shell(program, words, "", "a")
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run_in_shell(program, words, "", "b", **plain)
    assert done.returncode == usual.returncode, done.stderr
    home = str(program.home).encode()
    assert done.stdout.replace(home + b"/b", home + b"/a") == usual.stdout or words[0] == "doctor"


def test_text_of_any_language_is_utf_8_in_a_pipe(program: Program) -> None:
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = ["query", "birds", "SELECT char(26481, 20140)", "--no-header"]
    assert run_in_shell(program, words, "", "folder", **plain).stdout.decode() == "東京\n"


def show(program: Program, *words: str | Path) -> str:
    """What a command writes on a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        program.command(*words),
        env={"TERM": "xterm", "NO_COLOR": "1", **program.environment},
        cwd=program.home,
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown = b""
    try:
        while piece := os.read(master, 65536):
            shown += piece
    except OSError:  # how Linux tells that nobody is left at the other end
        pass
    os.close(master)
    process.wait(timeout=20)
    return shown.decode().replace("\r\n", "\n")


def is_harmless(text: str) -> bool:
    """Whether nothing but text is left, once what the program draws itself is taken away."""
    drawn = re.sub(r"\x1b\[(\d*m|2K|\?25[lh])|\r", "", text)
    return drawn.replace("\n", "").replace("\t", "").isprintable()


@pytest.fixture
def hostile(lone_program: Program, tmp_path: Path) -> Program:
    """The program with a dataset whose author wrote control characters wherever it is possible."""
    column, value = f'"c{HOSTILE}"', f"'{HOSTILE}'"
    schema = f"CREATE TABLE colour ({column} TEXT); INSERT INTO colour VALUES ({value});"
    wheel = Wheel().carry(make_database(tmp_path / "colours.db", schema=schema))
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file])
    raw |= {"title": HOSTILE, "licenses": [{"name": HOSTILE}], "description": HOSTILE}
    wheel.put(file, json.dumps(raw)).install(lone_program.site)
    return lone_program


@pytest.mark.parametrize("form", ["table", "csv", "tsv", "json", "jsonl"])
def test_no_format_commands_the_terminal(hostile: Program, form: str) -> None:
    shown = show(hostile, "query", "colours", "SELECT * FROM colour", "--format", form)
    assert is_harmless(shown)
    assert ("\\u001b" if "json" in form else "\\x1b") in shown
    if form == "json":
        assert json.loads(shown) == [{f"c{HOSTILE}": HOSTILE}]


@pytest.mark.parametrize(
    "words",
    [
        ["list"],
        ["list", "--json"],
        ["info", "colours"],
        ["info", "colours", "--json"],
        ["info", "colours", "--bibtex"],
        ["schema", "colours"],
        ["schema", "colours", "--mermaid"],
        ["export", "colours.colour", "--to", "csv"],
        ["export", "colours.colour", "--to", "jsonl"],
        ["card", "colours"],
        ["verify"],
        ["doctor"],
        ["info", HOSTILE],
        [HOSTILE],
        ["list", f"--{HOSTILE}"],
        ["diff", "old.db", "new.db"],
        ["diff", "old.db", "new.db", "--json"],
        ["diff", "old.db", "new.db", "--changelog"],
        ["new", "things-data", "--from", "new.db"],
    ],
    ids=lambda words: " ".join(words).replace(HOSTILE, "HOSTILE"),
)
def test_no_report_commands_the_terminal(hostile: Program, words: list[str]) -> None:
    for name, column in (("old", "a"), ("new", HOSTILE)):
        connection = sqlite3.connect(hostile.home / f"{name}.db")
        connection.executescript(f'CREATE TABLE t (id INTEGER PRIMARY KEY, "{column}" TEXT);')
        connection.close()
    shown = show(hostile, *words)
    assert shown
    assert is_harmless(shown), repr(shown)


def test_what_is_no_text_is_shown_as_an_escape() -> None:
    assert printable("a\nb\tc") == "a\nb\tc"
    assert printable("\U000e0001", "jsonl") == "\\udb40\\udc01"
    assert json.loads(f'"{printable(HOSTILE, "json")}"') == HOSTILE


def test_completion_offers_only_names_that_need_no_quotes(
    lone_program: Program, tmp_path: Path
) -> None:
    schema = "CREATE TABLE t1 (a TEXT); CREATE TABLE t2 (a TEXT); CREATE TABLE t3 (a TEXT);"
    wheel = Wheel().carry(make_database(tmp_path / "colours.db", schema=schema))
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file]) | {"title": "One\nplain\nTwo"}
    for resource, name in zip(raw["resources"], ("t1", "t;rm", "t$(x)"), strict=True):
        resource["dialect"]["table"] = name
    wheel.put(file, json.dumps(raw)).install(lone_program.site)
    asking = {
        "_MICROCOSM_SQLITE_COMPLETE": "zsh_complete",
        "COMP_WORDS": "microcosm-sqlite schema colours t",
        "COMP_CWORD": "3",
    }
    assert lone_program.with_variables(asking).read().split() == ["plain", "t1", "_"]
    asking |= {"COMP_WORDS": "microcosm-sqlite path c", "COMP_CWORD": "2"}
    told = lone_program.with_variables(asking).read().splitlines()
    assert told == ["plain", "colours", "One plain Two"]


def test_a_closed_input_is_an_empty_one(program: Program) -> None:
    done = run_in_shell(program, ["query", "birds"], "<&-", "folder")
    assert done.returncode == 2
    assert "The SQL is empty." in done.stderr.decode()


def test_notes_come_behind_the_results_that_they_are_about(
    lone_program: Program, tmp_path: Path
) -> None:
    versions = [
        Wheel(version=version)
        .carry(make_database(tmp_path / f"{version}.db", rows=rows))
        .pack(tmp_path / version)
        for version, rows in (("1.0", 2), ("1.1", 3))
    ]
    told = subprocess.run(
        lone_program.command("diff", *versions),
        env=lone_program.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
    assert re.search(r"^TABLE\t.*^The next version after ", told, re.DOTALL | re.MULTILINE)
