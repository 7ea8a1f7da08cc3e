"""Run a command on files from outside in a process of its own, which has limits and can be ended.

SQLite cannot be interrupted inside of one function or one comparison, and a file can make it call
those while it is only checked: a database of 2 kB keeps a process busy for days. So a command that
reads a file which nobody installed runs once more, in a child process. The parent only waits for
it, ends it when its time is over, and removes what it left in the folder for temporary files.
"""

from __future__ import annotations

import os
import sys
from functools import update_wrapper

import click

from microcosm_sqlite.cli.output import report_error
from microcosm_sqlite.common.platforms import IS_WINDOWS, can_start_processes, follow_parent
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import DatasetFileError, MicrocosmSQLiteError, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    Callback = Callable[..., Any]
    Around = Callable[[Mapping[str, Any], Callable[..., int]], int]

SECONDS = "MICROCOSM_SQLITE_MAX_SECONDS"
MEMORY = "MICROCOSM_SQLITE_MAX_MEMORY"
FILE_SIZE = "MICROCOSM_SQLITE_MAX_FILE_SIZE"

_MB = 1_000_000
_LIMITS = {SECONDS: (30, 1), MEMORY: (2_000, 4), FILE_SIZE: (1_000, 100)}
"""Variable to the limit for an empty file, and to what each megabyte of a file adds to it.

Memory and the size of each file that is written are megabytes. A compressed database may be a
hundred times as large as its file.
"""

_PATIENCE = 1 if IS_WINDOWS else 4
"""How often the seconds may pass on the clock, as others may keep the processors busy.

On Windows, where nothing ends a process by its processor time, the clock decides.
"""

_CHILD = """
import json, sys
task = json.loads(sys.argv[1])
sys.path[:] = task["path"]
from microcosm_sqlite.cli import isolation, main
isolation.enter(task["limits"])
main(task["arguments"])
"""

_is_isolated = False


def isolated(
    *parameters: str, failure: int = 1, around: Around | None = None
) -> Callable[[Callback], Callback]:
    """Run a command in a process of its own where one of its parameters is the path of a file.

    Args:
        parameters: Parameters of the command that are a name or a path, or several.
        failure: The command's exit code for an error.
        around: Given the options of the command, and what runs it in that process with further
            arguments, returns its exit code. It stays in this process, so it may ask the user, and
            fetch what is named by an address. Limits grow with the files among these arguments.
    """

    def decorate(command: Callback) -> Callback:
        def run(**options: Any) -> Any:
            paths = [] if _is_isolated else list(_list_paths(options, parameters))
            if not paths:
                return command(**options)
            arguments = click.get_current_context().find_root().obj

            def start(*more: str) -> int:
                return run_isolated([*arguments, *more], [*paths, *filter(os.path.exists, more)])

            try:
                return around(options, start) if around else start()
            except MicrocosmSQLiteError as error:
                report_error(error.message, error.hint)
                return failure

        return update_wrapper(run, command)

    return decorate


def _list_paths(options: Mapping[str, Any], parameters: Sequence[str]) -> Iterator[str]:
    from pathlib import Path

    for parameter in parameters:
        given = options[parameter]
        for path in given if isinstance(given, tuple) else (given,):
            if path and ("://" in path or Path(path).exists()):
                yield path


def run_isolated(arguments: Sequence[str], paths: Sequence[str]) -> int:
    """Run the program with these arguments in a child process, and return its exit code.

    Args:
        arguments: The arguments.
        paths: The files that it reads; the limits grow with their sizes.

    Raises:
        DatasetFileError: The child was ended, because a limit was reached or in a crash.
        SettingsError: A limit is set to something that is not a number.
    """
    from microcosm_sqlite.common.workspace import open_scratch

    limits = _choose_limits(sum(map(_measure, paths)))
    names = " or ".join(map(os.path.basename, map(os.path.normpath, paths)))
    if culprit := _find_obstacle():
        raise DatasetFileError(
            f"{names} is only read in a process of its own, which {culprit} cannot start.",
            hint="Use the program that `pip install microcosm-sqlite` installs.",
        )
    with open_scratch() as folder:
        child = _start({"path": sys.path, "arguments": arguments, "limits": limits}, str(folder))
        code = _wait(child, limits[SECONDS] * _PATIENCE)
    if code is None or _name_signal(-code) == "SIGXCPU":
        seconds = limits[SECONDS] * (_PATIENCE if code is None else 1)
        raise DatasetFileError(
            f"Reading {names} was stopped after {spell_count(seconds, 'second')}: a small "
            "file that takes so long may be made to do so.",
            hint=f"If you trust its author, set {SECONDS} to more.",
        )
    if code < 0:
        raise DatasetFileError(
            f"The process that read {names} was ended by {_name_signal(-code)}.",
            hint=f"If you trust its author, set {SECONDS} or {MEMORY} to more.",
        )
    return code


def _find_obstacle() -> str:
    """Return why this process cannot start another; empty if it can."""
    if not can_start_processes():
        return "a browser"
    return "a frozen application" if getattr(sys, "frozen", False) or not sys.executable else ""


def _choose_limits(size: int) -> dict[str, int]:
    chosen = {}
    for variable, (base, share) in _LIMITS.items():
        given = os.environ.get(variable)
        if given is not None and not (given.isdecimal() and int(given)):
            raise SettingsError(
                f"The environment variable {variable} is {given!r}.",
                hint="Give it a whole number greater than 0, or remove it.",
            )
        chosen[variable] = int(given) if given else base + share * size // _MB
    return chosen


def _measure(path: str) -> int:
    """The size of a file, or of all files in a folder, but for hidden folders such as .venv."""
    from pathlib import Path

    found = [Path(path)] if Path(path).is_file() else []
    for folder, inner, names in os.walk(path):
        inner[:] = [name for name in inner if not name.startswith(".")]
        found += [Path(folder, name) for name in names]
    return sum(file.stat().st_size for file in found if file.is_file())


def _start(task: dict[str, Any], folder: str) -> subprocess.Popen[bytes]:
    import subprocess
    from json import dumps

    # -P: nothing is imported from the current directory before the parent's path is set.
    flags = ["-P", f"-Xutf8={sys.flags.utf8_mode}", *(["-I"] if sys.flags.isolated else [])]
    return subprocess.Popen(  # noqa: S603  # this very program
        [sys.executable, *flags, "-c", _CHILD, dumps(task)],
        stdin=subprocess.PIPE,
        env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)},
    )


def _wait(child: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit code of a child process; None where it had to be ended."""
    from subprocess import TimeoutExpired

    try:
        return child.wait(seconds)
    except TimeoutExpired:
        return None
    finally:  # on Ctrl-C as well
        child.kill()
        child.wait()
        assert child.stdin is not None, "it was started with a pipe"  # noqa: S101
        child.stdin.close()


def _name_signal(number: int) -> str:
    from signal import Signals

    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def enter(limits: Mapping[str, int]) -> None:
    """Be the child process from now on: keep the limits, and end with the parent.

    Args:
        limits: Variable to limit.
    """
    global _is_isolated  # noqa: PLW0603  # the whole process is
    from threading import Thread

    _is_isolated = True
    _set_limits(limits)
    Thread(target=follow_parent, daemon=True).start()


def _set_limits(limits: Mapping[str, int]) -> None:
    import sqlite3
    from contextlib import closing

    memory = limits[MEMORY] * _MB
    with closing(sqlite3.connect(":memory:")) as connection:  # for the process, on every system
        connection.execute(f"PRAGMA hard_heap_limit = {memory}")
    try:
        import resource
    except ImportError:  # Windows
        return
    # Linux counts as data what is written to, and not what is only reserved, as for threads.
    memory_kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
    _lower(resource.RLIMIT_CPU, limits[SECONDS])
    _lower(resource.RLIMIT_CORE, 0)  # nor is the memory of a process that was ended written
    _lower(resource.RLIMIT_FSIZE, limits[FILE_SIZE] * _MB)
    _lower(memory_kind, memory)


def _lower(kind: int, limit: int) -> None:
    import resource

    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or limit < soft:
        resource.setrlimit(kind, (limit, hard))
