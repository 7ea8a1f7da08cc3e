"""A page of documentation as a test sees it: blocks to run, one after the other, like a reader.

- ``console``: each line after ``$`` is run by bash; the lines below it are what it must print.
- ``python``: run in one interpreter for the whole page; with ``>>>``, results are compared.
- ``{code-block}`` with a caption: written to the file that the caption names.

Three dots stand for any text, as in doctest.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(?P<head>[^\n`]+)\n(?P<body>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
CAPTION = re.compile(r"^:caption: (?P<file>.+)\n+", flags=re.MULTILINE)

SESSION = """
import doctest, json, sys
names = {"__name__": "__main__"}
for source, where in json.load(open(sys.argv[1])):
    if ">>>" in source:
        test = doctest.DocTestParser().get_doctest(source, names, where, where, 0)
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        runner = doctest.DocTestRunner(optionflags=flags)
        if runner.run(test, clear_globs=False).failed:
            sys.exit(1)
        names = test.globs
    else:
        exec(compile(source, where, "exec"), names)
"""


@dataclass
class Block:
    """One fenced block."""

    kind: str
    body: str
    where: str


@dataclass
class Reader:
    """Somebody who follows a page, in a directory and an environment of their own."""

    directory: Path
    environment: dict[str, str]
    python_blocks: list[tuple[str, str]] = field(default_factory=list)
    leave_out: AbstractSet[str] = frozenset()

    def follow(self, page: Path, leave_out: AbstractSet[str] = frozenset()) -> int:
        """Do all that the page says, but for some commands; the number of blocks that were run."""
        self.leave_out = leave_out
        blocks = [block for block in read_blocks(page) if self.run(block)]
        return len(blocks)

    def run(self, block: Block) -> bool:
        """Do what one block says, if it says anything to do."""
        if block.kind == "console":
            self.run_console(block)
        elif block.kind == "python":
            self.run_python(block)
        elif block.kind.startswith("{code-block}") and CAPTION.search(block.body):
            self.write_file(block)
        else:
            return False
        return True

    def write_file(self, block: Block) -> None:
        caption = CAPTION.search(block.body)
        assert caption is not None
        file = self.directory / caption["file"]
        assert file.parent.is_dir(), f"{block.where}: no directory for {caption['file']}"
        file.write_text(block.body[caption.end() :], encoding="utf-8")

    def run_python(self, block: Block) -> None:
        # One interpreter cannot wait for the next block, so the earlier ones are run again.
        self.python_blocks.append((block.body, block.where))
        script = self.directory / "blocks.json"
        script.write_text(json.dumps(self.python_blocks), encoding="utf-8")
        done = self.execute(["python", "-W", "error", "-c", SESSION, "blocks.json"])
        script.unlink()
        assert done.returncode == 0, f"{block.where}\n{done.stdout}"

    def run_console(self, block: Block) -> None:
        for command, expected in read_commands(block.body):
            if command in self.leave_out:
                continue
            if command.startswith("cd "):
                self.directory = (self.directory / command[3:]).resolve()
                continue
            done = self.execute(["bash", "-c", command])
            assert matches(expected, done.stdout), (
                f"{block.where}\n$ {command}\n--- expected\n{expected}\n--- printed\n{done.stdout}"
            )

    def execute(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )


def read_blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, with the line that each begins at."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            found["head"].strip(),
            found["body"],
            f"{page.name}:{text[: found.start()].count(chr(10)) + 1}",
        )
        for found in FENCE.finditer(text)
    ]


def read_commands(body: str) -> list[tuple[str, str]]:
    """Commands of a console block, each with what it must print."""
    commands: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif line.startswith("> "):
            command, expected = commands[-1]
            commands[-1] = (f"{command}\n{line[2:]}", expected)
        else:
            commands[-1][1].append(line)
    return [(command, "\n".join(expected)) for command, expected in commands]


def matches(expected: str, printed: str) -> bool:
    """Whether a program printed what a page says; three dots stand for any text."""
    pattern = ".*".join(re.escape(part) for part in squeeze(expected).split("..."))
    return re.fullmatch(pattern, squeeze(printed), flags=re.DOTALL) is not None


def squeeze(text: str) -> str:
    """Text without trailing spaces and blank ends of lines, which no reader sees."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())
