"""Read a `pyproject.toml`: what the distribution is, and the table of the build hook.

Also writes values as TOML, adds to the table of the build hook, and to what builds require.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

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
"""The type of each key of [project] that is read."""
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
            f"{root} has no pyproject.toml, so it is not a dataset project.",
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
    """The facts in [project] about the distribution, which its manifest repeats."""
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
    """A text, boolean, number, list or table as a value in TOML."""
    if isinstance(value, Mapping):
        pairs = (f"{write_toml_key(key)} = {write_toml(each)}" for key, each in value.items())
        return f"{{ {', '.join(pairs)} }}"
    # TOML takes those of JSON, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


_HOOK_TABLES = tuple(f"tool.hatch.build.{place}hooks.{HOOK}" for place in ("targets.wheel.", ""))
_HEADER = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]?\]\s*(?:#.*)?")


def extend_hook_table(text: str, added: Mapping[str, Sequence[str]]) -> str:
    """Return the text of a pyproject.toml with more lines in tables below the hook's.

    All other lines stay as they are.

    Args:
        text: The text.
        added: The lines to add to each table, by its dotted name below the hook's table.

    Raises:
        SettingsError: The settings are written in a way that cannot be extended so; the hint
            has what to add.
    """
    if not added:
        return text
    with suppress(LookupError, StopIteration, tomllib.TOMLDecodeError):
        extended = text
        for name, lines in added.items():
            extended = _extend_table(extended, name, lines)
        if tomllib.loads(extended) == _merge_tables(tomllib.loads(text), added):
            return extended
    wanted = [line for name, lines in added.items() for line in (f"[{name}]", *lines)]
    raise SettingsError(
        "The settings of the build hook are written in a way that leaves no place for more.",
        hint=f"Give each of its tables a header, as [{_HOOK_TABLES[0]}] is one. To be added is, "
        f"below that: {'; '.join(wanted)}",
    )


def set_hook_values(text: str, values: Mapping[str, Mapping[str, object]]) -> str:
    """Return the text of a pyproject.toml where keys of tables below the hook's have other values.

    Args:
        text: The text.
        values: The keys and their values, texts or tables of texts, by the name of their table.

    Raises:
        SettingsError: As for `extend_hook_table`.
    """
    added: dict[str, list[str]] = {}
    for name, told in values.items():
        for key, value in told.items():
            line = f"{write_toml_key(key)} = {write_toml(value)}"
            replaced = _replace_line(text, name, key, line)
            if replaced is None:
                added.setdefault(name, []).append(line)
            else:
                text = replaced
    return extend_hook_table(text, added)


def name_sources(text: str, files: Mapping[str, object]) -> str:
    """Return the text of a pyproject.toml whose option `sources` names the files of more tables.

    Args:
        text: The text, where the option is a table, with a header or on one line.
        files: Table to its file, or a list of files.

    Raises:
        SettingsError: As for `extend_hook_table`.
    """
    added = [f"{write_toml_key(table)} = {write_toml(named)}" for table, named in files.items()]
    lines, header = text.split("\n"), ""
    for at, known in enumerate(lines):
        if found := _HEADER.fullmatch(known):
            header = found[1]
        if header in _HOOK_TABLES and (inline := _INLINE_SOURCES.fullmatch(known)):
            start, end = inline.groups()
            comma = "" if start.endswith("{") else ", "
            lines[at] = f"{start}{comma}{', '.join(added)}{end}"
            with suppress(tomllib.TOMLDecodeError):
                wanted = _merge_tables(tomllib.loads(text), {"sources": added})
                if tomllib.loads("\n".join(lines)) == wanted:
                    return "\n".join(lines)
    return extend_hook_table(text, {"sources": added} if added else {})


_INLINE_SOURCES = re.compile(r"(\s*sources\s*=\s*\{.*?)(\s*\}\s*(?:#[^}]*)?)")


def _replace_line(text: str, name: str, key: str, line: str) -> str | None:
    """The text with another line for a key; None where no line of its own says it."""
    lines, header = text.split("\n"), ""
    for at, known in enumerate(lines):
        if found := _HEADER.fullmatch(known):
            header = found[1]
        with suppress(tomllib.TOMLDecodeError):
            if [*tomllib.loads(known)] == [key] and header in [f"{h}.{name}" for h in _HOOK_TABLES]:
                lines[at] = line + "\r" * known.endswith("\r")
                return "\n".join(lines)
    return None


def _extend_table(text: str, name: str, added: Sequence[str]) -> str:
    end = "\r" if text.partition("\n")[0].endswith("\r") else ""
    lines = (text if text.endswith("\n") else f"{text}{end}\n").split("\n")
    headers = [(at, m[1]) for at, line in enumerate(lines) if (m := _HEADER.fullmatch(line))]
    names = [header for _, header in headers]
    hook = next(table for table in _HOOK_TABLES if table in names)
    table = f"{hook}.{name}"
    if table not in names:
        added = ["", f"[{table}]", *added]
        near = [header for header in names if f"{header}.".startswith(f"{hook}.")]
        last = len(names) - 1 - names[::-1].index(near[-1])
    else:
        last = names.index(table)
    at = headers[last + 1][0] if headers[last + 1 :] else len(lines)
    while not lines[at - 1].strip() or lines[at - 1].lstrip().startswith("#"):
        at -= 1
    lines[at:at] = [f"{line}{end}" for line in added]
    return "\n".join(lines)


def _merge_tables(document: dict[str, Any], added: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The document with what the lines say."""
    hook = find_hook_table(document, Path())
    for name, lines in added.items():
        _merge(hook, tomllib.loads("\n".join([f"[{name}]", *lines])))
    return document


def _merge(table: Any, added: Mapping[str, Any]) -> None:
    for key, value in added.items():
        if isinstance(value, dict) and isinstance(table.get(key), dict):
            _merge(table[key], value)
        else:
            table[key] = value


def require_extras(text: str, extras: Collection[str]) -> str:
    r"""Return the text of a pyproject.toml whose builds have extras of this distribution.

    All else stays as it is.

    Raises:
        SettingsError: What builds require is written in a way that cannot be edited so; the hint
            has what to write.

    >>> require_extras('[build-system]\nrequires = ["microcosm-sqlite[build]>=3"]', ["excel"])
    '[build-system]\nrequires = ["microcosm-sqlite[build,excel]>=3"]'
    """
    required = tomllib.loads(text).get("build-system", {}).get("requires", [])
    found = [each for each in required if _OWN.match(each)]
    known = {name for each in found for name in Requirement(each).extras}
    missing = sorted({*extras} - known)
    if not missing:
        return text
    spelled = write_toml(found[0]) if found else ""
    listed = ",".join([*sorted(known), *missing])
    if not found or text.count(spelled) != 1:
        raise SettingsError(
            f"The sources need the {'extras' if missing[1:] else 'extra'} {', '.join(missing)} to "
            "be built, and [build-system] is written in a way that leaves no place for it.",
            hint=f'Write "microcosm-sqlite[{listed}]" in its `requires`.',
        )
    rest = _OWN.sub("", found[0], count=1)
    return text.replace(spelled, write_toml(f"microcosm-sqlite[{listed}]{rest}"), 1)


_OWN = re.compile(r"microcosm[-_.]sqlite\s*(\[[^\]]*\])?(?![\w.-])", re.IGNORECASE)
"""This distribution in a requirement, with its extras."""
