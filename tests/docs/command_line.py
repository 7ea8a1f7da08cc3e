"""The page on the command line, made from what the program says of itself.

Run ``python -m tests.docs.command_line`` after changing a command.
"""

from __future__ import annotations

from pathlib import Path

import click

from microcosm_sqlite.cli.app import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
WIDTH = 90

INTRODUCTION = """\
# Command line

Results go to standard output, everything else to standard error. On a terminal a result is a table;
in a pipe it is lines of tab-separated values, untruncated. Programs should read `--json`.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | the command failed, or a check did |
| 2 | wrong usage |
| 3 | no dataset has this name |
| 130 | stopped by Ctrl-C |
| 141 | the reader of a pipe ended early, as `head` does |

An error is one line that says what is wrong, and one, after `Hint:`, that says what to do next.
"""


def render() -> str:
    """The page as it should be."""
    sections = [INTRODUCTION]
    sections += [f"## {name}\n\n```text\n{text}\n```\n" for name, text in describe_commands()]
    return "\n".join(sections)


def describe_commands() -> list[tuple[str, str]]:
    """Every command with its help, a group followed by its own."""
    settings = {**app.context_settings, "terminal_width": WIDTH}
    context = click.Context(app, info_name="microcosm-sqlite", **settings)
    return _describe(app, context, "")


def _describe(group: click.Group, context: click.Context, prefix: str) -> list[tuple[str, str]]:
    described: list[tuple[str, str]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=WIDTH)
        text = "\n".join(line.rstrip() for line in command.get_help(inner).splitlines())
        described.append((f"{prefix}{name}", text))
        if isinstance(command, click.Group):
            described += _describe(command, inner, f"{name} ")
    return described


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
