"""Shells complete whatever has a name."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from tests.support.program import Program


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


def test_column_names_are_completed(program: Program) -> None:
    assert complete(program, "info", "birds.fam") == ["birds.families"]
    assert complete(program, "info", "birds.families.") == [
        "birds.families.code",
        "birds.families.name",
    ]
    assert complete(program, "info", "birds.birds.w") == ["birds.birds.wingspan"]
    assert complete(program, "export", "birds.birds.w") == []
    columns = ("export", "birds.families", "--to", "csv", "--columns")
    assert complete(program, *columns, "") == ["code", "name"]
    assert complete(program, *columns, "name,") == ["name,code"]
    assert complete(program, *columns, "name,c") == ["name,code"]
    assert complete(program, "export", "birds.none", "--columns", "") == []
    assert complete(program, "export", "none.none", "--columns", "") == []


def test_attached_datasets_are_completed(program: Program) -> None:
    assert complete(program, "query", "birds", "x", "--attach", "c") == ["colours"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell_calls_the_program(program: Program, shell: str) -> None:
    done = program.run("completion", shell)
    assert f"_MICROCOSM_SQLITE_COMPLETE={shell}_complete" in done.stdout


def test_bash_itself_completes_what_is_typed(program: Program) -> None:
    """Its own completion function is filled in as it is when somebody presses the tab key."""
    script = program.run("completion", "bash").stdout
    (function,) = re.findall(r"complete .* -F (\w+)", script)
    program_on_path = program.home / "microcosm-sqlite"
    program_on_path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m microcosm_sqlite "$@"\n')
    program_on_path.chmod(0o755)
    asking = f"""{script}
    press_tab() {{
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
        {function} "$1" "${{!#}}" "${{@: -2:1}}"
        echo "${{COMPREPLY[*]}}"
    }}
    press_tab microcosm-sqlite inf
    press_tab microcosm-sqlite info bi
    press_tab microcosm-sqlite info birds.f
    press_tab microcosm-sqlite info birds.families.n
    press_tab microcosm-sqlite export birds.families --columns name,
    press_tab microcosm-sqlite export birds.families --to par
    """
    variables = {"PATH": f"{program.home}:{program.environment['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", asking],
        env=program.with_variables(variables).environment,
        text=True,
        check=False,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "info",
        "birds",
        "birds.families",
        "birds.families.name",
        "name,code",
        "parquet",
    ]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_zsh_and_fish_take_their_scripts(program: Program, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    script = program.run("completion", shell).stdout
    done = subprocess.run([shell, "-n"], input=script, text=True, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")
