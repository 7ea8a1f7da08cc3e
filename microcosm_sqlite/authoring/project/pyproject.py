"""Read a `pyproject.toml`: what the distribution is, and the table of the build hook.

Also writes values as TOML.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from microcosm_sqlite.authoring.project.source_options import HOOK
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import SettingsError

_KINDS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "version": (str,),
    "description": (str,),
    "readme": (str, dict),
    "license": (str, dict),
    "license-files": (list,),
    "authors": (list,),
    "dynamic": (list,),
    "classifiers": (list,),
    "dependencies": (list,),
    "optional-dependencies": (dict,),
}
"""What each key of [project] that we look at may be."""
_WORDS: dict[type, str] = {str: "text", list: "a list", dict: "a table"}


def read_pyproject(root: Path) -> dict[str, Any]:
    """The `pyproject.toml` of a project, whose [project] is as the standard has it.

    Raises:
        SettingsError: There is none, it is not TOML, or a key of [project] has another type.
    """
    file = root / "pyproject.toml"
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{root} has no pyproject.toml, so it is no dataset project.",
            hint="`microcosm-sqlite new` makes one.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}.") from error
    _check_project_table(document.get("project", {}), file)
    return document


def _check_project_table(project: Any, file: Path) -> None:
    if not isinstance(project, dict):
        raise SettingsError(f"{file} has no table [project].")
    for key, kinds in _KINDS.items():
        value = project.get(key)
        item = dict if key == "authors" else list if key == "optional-dependencies" else str
        if value is not None and not isinstance(value, kinds):
            _refuse(file, key, " or ".join(_WORDS[kind] for kind in kinds))
        for name, inner in _list_items(value):
            if not isinstance(inner, item):
                _refuse(file, f"{key}{name}", _WORDS[item])
            for deeper, part in _list_items(inner):
                if not isinstance(part, str):
                    _refuse(file, f"{key}{name}{deeper}", "text")


def _list_items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f".{name}", item) for name, item in value.items()]
    if isinstance(value, list):
        return [(f"[{number}]", item) for number, item in enumerate(value)]
    return []


def _refuse(file: Path, key: str, kind: str) -> None:
    raise SettingsError(
        f"Key `{key}` in [project] of {file} must be {kind}.",
        hint="https://packaging.python.org/en/latest/specifications/pyproject-toml/ has them all.",
    )


def find_hook_table(document: Mapping[str, Any], root: Path) -> Mapping[str, Any]:
    """The table of the build hook.

    Raises:
        SettingsError: There is none.
    """
    for place in (("targets", "wheel", "hooks"), ("hooks",)):
        table: Any = document
        for key in ("tool", "hatch", "build", *place, HOOK):
            table = table.get(key) if isinstance(table, Mapping) else None
        if isinstance(table, Mapping):
            return table
    raise SettingsError(
        f"{root / 'pyproject.toml'} has no table [tool.hatch.build.targets.wheel.hooks.{HOOK}].",
        hint="`microcosm-sqlite new` makes a project that has one.",
    )


def read_facts(document: Mapping[str, Any], root: Path) -> dict[str, Any]:
    """What [project] says of the distribution that its manifest repeats."""
    project = document.get("project", {})
    licence = project.get("license", "")
    if not isinstance(licence, str):
        licence = licence.get("text", "")
    is_dynamic = "version" in project.get("dynamic", [])
    return {
        "version": _resolve_version(root) if is_dynamic else project.get("version"),
        "description": project.get("description", ""),
        "license": licence,
        "authors": [{"name": author.get("name", "")} for author in project.get("authors", [])],
        "dependencies": project.get("dependencies", []),
    }


def _resolve_version(root: Path) -> str:
    with extra("build", "A dynamic version"):
        from hatchling.metadata.core import ProjectMetadata
        from hatchling.plugin.manager import PluginManager
    try:
        return str(ProjectMetadata(str(root), PluginManager()).version)
    except Exception as error:  # whatever the source of the version raises
        raise SettingsError(
            f"The dynamic version of {root.name} cannot be told: {str(error).rstrip('.')}.",
            hint="[tool.hatch.version] says where it comes from.",
        ) from error


def write_toml_key(name: str) -> str:
    """A name as TOML has it in front of a value."""
    return name if name.replace("-", "_").isidentifier() and name.isascii() else write_toml(name)


def write_toml(value: object) -> str:
    """A text, boolean, number or list as a value in TOML."""
    # TOML takes those of JSON, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
