from __future__ import annotations

import subprocess

import pytest

from tests.cli.conftest import Program


def complete(program: Program, *words: str) -> list[str]:
    """What a shell offers for the last word."""
    asking = program.with_variables(
        {
            "_MICROCOSM_SQLITE_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(("microcosm-sqlite", *words)),
            "COMP_CWORD": str(len(words)),
        }
    )
    return [line.partition(",")[2] for line in asking.read().splitlines() if line]


def test_commands_and_options_are_completed(program: Program) -> None:
    assert complete(program, "qu") == ["query"]
    assert complete(program, "query", "--att") == ["--attach"]
    assert complete(program, "query", "birds", "x", "--format", "js") == ["json", "jsonl"]


@pytest.mark.parametrize("verb", ["info", "path", "schema", "query", "export"])
def test_dataset_names_are_completed(program: Program, verb: str) -> None:
    assert complete(program, verb, "") == ["birds", "colours"]
    assert complete(program, verb, "co") == ["colours"]


def test_table_names_are_completed(program: Program) -> None:
    assert complete(program, "schema", "birds", "fam") == ["families"]
    assert complete(program, "export", "birds.") == ["birds.birds", "birds.families"]
    assert complete(program, "export", "birds.f") == ["birds.families"]
    assert complete(program, "schema", "nothing", "f") == []
    assert complete(program, "export", "nothing.") == []


def test_attached_datasets_are_completed(program: Program) -> None:
    assert complete(program, "query", "birds", "x", "--attach", "c") == ["colours"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_calls_the_program(program: Program, shell: str) -> None:
    done = program.run("completion", shell)
    assert f"_MICROCOSM_SQLITE_COMPLETE={shell}_complete" in done.stdout


def test_bash_takes_its_script(program: Program) -> None:
    script = program.run("completion", "bash").stdout
    done = subprocess.run(["bash", "-n"], input=script, text=True, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
