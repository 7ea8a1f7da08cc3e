"""Find the files of an editable install, whose metadata is in one place and its code in another."""

from __future__ import annotations

import os
import sys

from microcosm_sqlite.catalog.distributions import canonical_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.catalog.distributions import Distribution


def find_developed(file: str) -> str:
    """Where a file named from the site directory is; empty if its package is not to be found.

    The package's folder is elsewhere on the import path, or an import hook stands for it. A file
    that is missing from a package that was found is named there all the same.
    """
    *parts, name = file.split("/")
    folders = (os.path.join(site or os.curdir, *parts) for site in sys.path)
    known = [folder for folder in folders if os.path.isdir(folder)] or _hooked_folders(parts)
    paths = [os.path.join(folder, name) for folder in known]
    return next(filter(os.path.exists, paths), paths[0] if paths else "")


def _hooked_folders(parts: list[str]) -> list[str]:
    from importlib.util import find_spec

    try:
        spec = find_spec(parts[0])  # of the top level, which imports nothing
    except (ImportError, IndexError, ValueError):
        return []
    found = (spec.submodule_search_locations if spec else None) or ()
    return [os.path.join(folder, *parts[1:]) for folder in found]


def is_developed(distribution: Distribution, path: str) -> bool:
    """Whether a file is the distribution's own, in the project of its editable install.

    Installers write down where that project is, and its ``pyproject.toml`` says its name. One that
    wrote nothing down has at least listed a ``.pth`` file.
    """
    if not os.path.exists(path):
        return False
    project = _find_project(distribution)
    if project is None:
        return b".pth," in (distribution.read("RECORD") or b"")
    top = os.path.join(os.path.realpath(project), "")
    is_inside = os.path.realpath(path).startswith(top)
    return is_inside and _read_name(project) == canonical_name(distribution.name)


def _find_project(distribution: Distribution) -> str | None:
    """The folder that an installer says it installed in editable mode; None without its word."""
    import json
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    try:
        origin = json.loads(distribution.read("direct_url.json") or b"{}")
        url = urlsplit(origin["url"])
        is_editable = origin["dir_info"]["editable"]
    except (KeyError, TypeError, ValueError):
        return None
    return url2pathname(url.path) if is_editable is True and url.scheme == "file" else None


def _read_name(project: str) -> str:
    import tomllib

    try:
        with open(os.path.join(project, "pyproject.toml"), "rb") as file:
            name = tomllib.load(file)["project"]["name"]
    except (OSError, KeyError, TypeError, ValueError):
        return ""
    return canonical_name(str(name))
