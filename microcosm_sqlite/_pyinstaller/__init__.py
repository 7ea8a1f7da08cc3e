"""PyInstaller hooks that put datasets into a frozen application.

PyInstaller finds this folder through the entry-point group ``pyinstaller40``. Every data wheel in
the environment that builds the application goes into it, with its metadata, and is found by name
there.
"""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """The folder of the hooks, for PyInstaller."""
    return [str(Path(__file__).parent)]
