"""A page of documentation as a test sees it: blocks to run, one after the other, like a reader.

- ``console``: each line after ``$`` is run by bash; the lines below it are what it must print.
- ``python``: run in one interpreter for the whole page; with ``>>>``, results are compared.
- ``{code-block}`` with a caption: written to the file that the caption names.
- ``{code-block} diff`` with a caption: that file is edited so, as a reader does by hand. Lines of
  ``@@`` stand between places.

Three dots stand for any text, as in doctest.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

FENCE = re.compile(r"^```(?P<head>[^\n`]+)\n(?P<body>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^## (.+)$", flags=re.MULTILINE)
CAPTION = re.compile(r"^:caption: (?P<file>.+)\n+", flags=re.MULTILINE)

SESSION = """
import contextlib, doctest, io, json, os, sys, traceback
answers, names = sys.stdout, {"__name__": "__main__"}
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
for line in sys.stdin:
    source, where, directory = json.loads(line)
    os.chdir(directory)
    said = io.StringIO()
    failed = False
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            if ">>>" in source:
                test = doctest.DocTestParser().get_doctest(source, names, where, where, 0)
                runner = doctest.DocTestRunner(optionflags=flags)
                failed = runner.run(test, out=said.write, clear_globs=False).failed > 0
                names = test.globs
            else:
                exec(compile(source, where, "exec"), names)
        except Exception:
            traceback.print_exc()
            failed = True
    print(json.dumps([failed, said.getvalue()]), file=answers, flush=True)
"""


@dataclass
class Block:
    """One fenced block, below the last heading of the second level."""

    kind: str
    body: str
    where: str
    section: str


@dataclass
class Reader:
    """Somebody who follows a page, in a directory and an environment of their own."""

    directory: Path
    environment: dict[str, str]
    leave_out: AbstractSet[str] = frozenset()
    warnings: str = "error"
    interpreter: subprocess.Popen[str] | None = None
    open: ExitStack = field(default_factory=ExitStack)

    def follow(
        self, page: Path, leave_out: AbstractSet[str] = frozenset(), section: str | None = None
    ) -> int:
        """Do all that a page or a section says, but for some commands; gives how many blocks."""
        self.leave_out = leave_out
        blocks = [block for block in read_blocks(page) if section in (None, block.section)]
        with ExitStack() as self.open:
            return sum(map(self.run, blocks))

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
        text = block.body[caption.end() :]
        if is_edit(block):
            text = edit(file.read_text(encoding="utf-8"), text, block.where)
        file.write_text(text, encoding="utf-8")

    def run_python(self, block: Block) -> None:
        if self.interpreter is None:
            self.interpreter = self.open.enter_context(self.start_interpreter())
        assert self.interpreter.stdin
        assert self.interpreter.stdout
        asked = json.dumps([block.body, block.where, str(self.directory)])
        self.interpreter.stdin.write(f"{asked}\n")
        self.interpreter.stdin.flush()
        failed, said = json.loads(self.interpreter.stdout.readline())
        assert not failed, f"{block.where}\n{said}"

    @contextmanager
    def start_interpreter(self) -> Iterator[subprocess.Popen[str]]:
        """One for the whole page, which answers each block with whether it failed."""
        started = subprocess.Popen(
            ["python", "-W", self.warnings, "-c", SESSION],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with started:
            yield started
        self.interpreter = None

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
    blocks = []
    for found in FENCE.finditer(text):
        before = text[: found.start()]
        headings = HEADING.findall(before)
        where = f"{page.name}:{before.count(chr(10)) + 1}"
        section = headings[-1] if headings else ""
        blocks.append(Block(found["head"].strip(), found["body"], where, section))
    return blocks


def is_edit(block: Block) -> bool:
    """Whether a block says how a file is changed, and not what it holds."""
    return block.kind.endswith(" diff")


def edit(text: str, change: str, where: str) -> str:
    """A file's text with its lines after ``-`` replaced by those after ``+``."""
    for place in re.split(r"^@@.*\n", change, flags=re.MULTILINE):
        lines = [line if line.strip() else f" {line}" for line in place.splitlines(keepends=True)]
        old = "".join(line[1:] for line in lines if line[0] in " -")
        assert text.count(old) == 1, f"{where}: once in the file should be\n{old}"
        text = text.replace(old, "".join(line[1:] for line in lines if line[0] in " +"))
    return text


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
