"""The hook by which PyInstaller puts datasets into a frozen application.

PyInstaller finds this folder through the entry-point group ``pyinstaller40``, so nobody has to
name it. Every data wheel in the environment that builds the application goes into the application,
with its metadata, and is found there by name.
"""

from __future__ import annotations

from pathlib import Path


def get_hook_dirs() -> list[str]:
    """Return the folder of the hooks; PyInstaller calls this."""
    return [str(Path(__file__).parent)]
