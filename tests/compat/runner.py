"""Run the checks of one file against the microcosm-sqlite that is importable; print what came.

Usage: ``python runner.py checks.py folder``. Each check is a function ``check_...`` of one
argument, an empty folder, and runs in a forked process of its own. The output is one JSON object
of names and, for failed checks, tracebacks.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any


def main(file: str, folder: str) -> None:
    warnings.simplefilter("ignore")
    checks = {
        name: check for name, check in runpy.run_path(file).items() if name.startswith("check_")
    }
    results = {name: run(check, Path(folder) / name) for name, check in checks.items()}
    sys.stdout.write(json.dumps(results))


def run(check: Any, folder: Path) -> str | None:
    """The traceback of a failed check, or None."""
    folder.mkdir(parents=True)
    told = folder.parent / f"{folder.name}.txt"
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(2, 1)
            check(folder)
            told.write_text("")
        except BaseException:  # noqa: BLE001  # a failed check may exit, too
            told.write_text(traceback.format_exc())
        os._exit(0)
    os.waitpid(pid, 0)
    return (told.read_text() or None) if told.exists() else "it ended the process"


if __name__ == "__main__":
    main(*sys.argv[1:])
