"""The rules that hold for every verb alike."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from microcosm_sqlite.cli.app import COMMANDS
from tests.support.program import Program
from tests.support.projects import make_project
from tests.support.terminal import look
from tests.support.wheels import make_database

PROMISED = (
    *("list", "info", "path", "schema", "models", "query", "export", "card", "browse"),
    *("verify", "doctor", "diff", "check", "new", "build", "cache", "completion"),
    *("add", "refresh", "mcp", "site", "subset", "release"),
)
OF_DATASETS = {
    "info": (),
    "path": (),
    "schema": (),
    "models": (),
    "query": ("SELECT 1",),
    "export": ("--to", "csv", "-o", "out"),
    "card": (),
    "browse": ("--no-open",),
    "mcp": (),
    "site": ("-o", "public"),
    "verify": (),
}
"""Verbs that take the name of a dataset first, and what they want besides."""

PRINTING = (
    ("list",),
    ("info", "birds"),
    ("info", "birds.birds.name"),
    ("path", "birds"),
    ("schema", "birds"),
    ("models", "birds"),
    ("query", "birds", "SELECT * FROM birds"),
    ("export", "birds.birds", "--to", "csv"),
    ("export", "birds.birds", "--to", "jsonl"),
    ("card", "birds"),
    ("verify",),
    ("doctor",),
    ("cache", "list"),
    ("cache", "path"),
    ("completion", "bash"),
)
WITH_JSON = (
    ("list",),
    ("info", "birds"),
    ("info", "birds.birds"),
    ("info", "birds.birds.name"),
    ("query", "birds", "SELECT *, x'00' AS bytes, 9e999 AS much FROM birds"),
    ("query", "birds", "SELECT 1 WHERE 0"),
    ("verify",),
    ("doctor",),
    ("cache", "list"),
)


def test_every_promised_verb_is_there_and_no_other() -> None:
    assert set(PROMISED) == set(COMMANDS)


@pytest.mark.parametrize("verb", OF_DATASETS)
def test_an_unknown_dataset_is_told_with_a_hint_and_exit_code_3(
    program: Program, verb: str
) -> None:
    told = program.refuse(verb, "brids", *OF_DATASETS[verb], code=3)
    assert told == "Error: No dataset is named 'brids'.\nHint: Did you mean 'birds'?\n"
    assert not (program.home / "out").exists()


def test_an_unknown_side_of_a_comparison_is_trouble_not_a_difference(program: Program) -> None:
    assert "No dataset is named 'brids'" in program.refuse("diff", "birds", "brids", code=2)


@pytest.mark.parametrize("verb", COMMANDS)
def test_a_wrong_option_is_told_with_the_usage_and_exit_code_2(program: Program, verb: str) -> None:
    told = program.refuse(verb, "--no-such-option", code=2)
    assert told.startswith(f"Usage: microcosm-sqlite {verb}")
    assert "--no-such-option" in told.splitlines()[-1]


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_no_colour_is_written_to_a_pipe_or_where_it_is_not_wanted(
    program: Program, words: tuple[str, ...]
) -> None:
    done = program.run(*words)
    assert done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    plain = program.with_variables({"NO_COLOR": "1", "PAGER": "cat"})
    assert "\x1b" not in look(plain, *words)


@pytest.mark.parametrize("words", PRINTING, ids=" ".join)
def test_a_reader_that_is_gone_is_no_error_to_tell_of(
    program: Program, words: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = program.start(*words, stdout=writer)
    os.close(writer)
    told = process.communicate(timeout=30)[1]
    assert (process.returncode, told) == (141, "")


@pytest.mark.parametrize("words", WITH_JSON, ids=" ".join)
def test_json_is_json_and_nothing_else(program: Program, words: tuple[str, ...]) -> None:
    assert json.loads(program.run(*words, "--json").stdout) is not None


def test_json_of_negative_findings_is_json_too(program: Program, tmp_path: Path) -> None:
    old = make_database(tmp_path / "old.db")
    new = make_database(tmp_path / "new.db", extra="DELETE FROM shade WHERE code = 'navy'")
    assert json.loads(program.run("diff", old, new, "--json", code=1).stdout)
    project = make_project(tmp_path / "birds-data")
    assert json.loads(program.run("check", project, "--json", code=1).stdout)
