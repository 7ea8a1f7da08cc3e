"""Check the Python of README and documentation with mypy, pyright and ty.

``python -m tests.docs.snippets`` writes each page's Python to one module, and the files that pages
have readers write to where they say, and runs the three over all of them.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docs.page import CAPTION, is_edit, read_blocks

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLE = ROOT / "examples" / "nycflights13-data" / "src"

# Libraries of clusters and web services, which `make lint` does not install, and the package that
# a page drafts.
ABSENT = [
    "celery",
    "distributed",
    "django",
    "elements_data",
    "planets_data",
    "fastapi",
    "flask",
    "pyspark",
    "ray",
]

# The rule that ty leaves out: a base that `DataSet.create` returns is any class to it.
CONFIGURATIONS = {
    "mypy.ini": "[mypy]\ncheck_untyped_defs = True\nplugins = microcosm_sqlite.mypy_plugin\n"
    # A page that shows what a wrong keyword raises, which our plugin finds as well.
    "[mypy-page_mistakes]\ndisable_error_code = call-arg\n"
    + "".join(
        f"[mypy-{name}.*]\nignore_missing_imports = True\nfollow_imports = skip\n"
        for name in [*ABSENT, "dask", "microcosm"]
    ),
    "pyrightconfig.json": json.dumps(
        {
            "extraPaths": [str(EXAMPLE)],
            "reportMissingImports": False,
            "reportUnusedExpression": False,
        }
    ),
    "ty.toml": f"environment.extra-paths = ['{EXAMPLE}']\n"
    f"analysis.allowed-unresolved-imports = {[f'{name}.**' for name in ABSENT]}\n"
    "rules.unsupported-base = 'ignore'\n",
}
COMMANDS = [
    ["mypy", "--config-file", "mypy.ini", "."],
    ["pyright", "--project", ".", "--pythonpath", sys.executable],
    ["ty", "check", "--config-file", "ty.toml", "--python", sys.prefix],
]


def read_python(page: Path) -> str:
    """The Python that a page has readers type, as one program."""
    blocks = [block.body for block in read_blocks(page) if block.kind == "python"]
    return "".join(map(read_code, blocks))


def read_code(block: str) -> str:
    """The code of a block, without what it prints."""
    examples = doctest.DocTestParser().get_examples(block)
    return "".join(example.source for example in examples) or block


def read_files(page: Path) -> dict[str, str]:
    """The Python files that a page has readers write, by name."""
    files = {}
    for block in read_blocks(page):
        caption = CAPTION.search(block.body)
        if caption and caption["file"].endswith(".py") and not is_edit(block):
            files[caption["file"]] = block.body[caption.end() :]
    return files


def write_modules(folder: Path) -> None:
    """Write each page's program, and the packages that pages make beside each other."""
    for page in PAGES:
        programs = {f"page_{re.sub(r'[^a-z0-9]', '_', page.stem.lower())}.py": read_python(page)}
        programs |= {name.split("/src/")[-1]: text for name, text in read_files(page).items()}
        for name, text in programs.items():
            file = folder / name.removeprefix("src/")
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.parent != folder:
                (file.parent / "__init__.py").touch()
            file.write_text(text, encoding="utf-8")


def check(folder: Path, command: list[str]) -> tuple[bool, str]:
    """Whether a type checker accepts the modules of a folder, and what it says."""
    for name, text in CONFIGURATIONS.items():
        (folder / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=os.environ | {"MYPYPATH": str(EXAMPLE)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def main() -> int:
    """Return 1 if a type checker refuses anything."""
    accepted = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_modules(folder)
        for command in COMMANDS:
            passed, said = check(folder, command)
            print(f"Snippets of the pages, {command[0]}: {said}")
            accepted = accepted and passed
    return not accepted


if __name__ == "__main__":
    sys.exit(main())
