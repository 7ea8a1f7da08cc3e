"""As much of Windows, before Python 3.13, as this package meets there."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.common import platforms


class _LesserOs:
    """The module `os` for `platforms` alone: other packages know that this is no Windows."""

    def __getattr__(self, name: str) -> Any:
        if name in ("fchmod", "geteuid", "statvfs", "register_at_fork", "sched_getaffinity"):
            raise AttributeError(name)
        return getattr(os, name)


def imitate_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have no owners; sealed ones are neither removed nor replaced; calls are missing."""
    for name, module in list(sys.modules.items()):
        if name.startswith("microcosm_sqlite."):
            for constant, value in {"IS_WINDOWS": True, "HAS_OWNERS": False}.items():
                if hasattr(module, constant):
                    monkeypatch.setattr(module, constant, value)
    assert platforms.IS_WINDOWS
    monkeypatch.setattr(platforms, "os", _LesserOs())
    monkeypatch.setattr(shutil, "_use_fd_functions", False)
    unlink, replace, open_file = os.unlink, os.replace, os.open

    def refuse_sealed(path: Any) -> None:
        if Path(path).is_file() and not Path(path).lstat().st_mode & 0o200:
            raise PermissionError(13, "Access is denied", os.fspath(path))

    def unlink_unsealed(path: Any, **options: Any) -> None:
        refuse_sealed(path)
        unlink(path, **options)

    def replace_unsealed(source: Any, target: Any, **options: Any) -> None:
        refuse_sealed(target)
        replace(source, target, **options)

    def open_no_folder(path: Any, *arguments: Any, **options: Any) -> int:
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return open_file(path, *arguments, **options)

    monkeypatch.setattr(os, "unlink", unlink_unsealed)
    monkeypatch.setattr(os, "remove", unlink_unsealed)
    monkeypatch.setattr(os, "replace", replace_unsealed)
    monkeypatch.setattr(os, "open", open_no_folder)
