"""Typed reading of one table of options, with errors in hatch's sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from microcosm_sqlite.errors import SettingsError

HOOK = "microcosm-sqlite"
HATCH_OPTIONS = frozenset(
    {
        "dependencies",
        "enable-by-default",
        "require-runtime-dependencies",
        "require-runtime-features",
    }
)


class Options:
    """One table of options of the build hook.

    Every reader returns the value in its Python type, or raises `SettingsError` with the
    option's name and what it must be.
    """

    def __init__(self, values: Mapping[str, Any], where: str = "") -> None:
        self.values = values
        self.where = where

    def text(self, name: str, default: str | None = None) -> str:
        """A non-empty string; required where there is no default."""
        value = self.values.get(name, default)
        if value is None:
            raise self.error(name, "is required")
        if not isinstance(value, str) or not (value or default == ""):
            raise self.error(name, "must be a non-empty string")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first is the default."""
        value = self.text(name, choices[0])
        if value not in choices:
            allowed = " or ".join(f'"{choice}"' for choice in choices)
            raise self.error(name, f'must be {allowed}, not "{value}"')
        return value

    def number(self, name: str, default: int) -> int:
        """A whole number of at least one."""
        value = self.values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.error(name, "must be a whole number above zero")
        return value

    def flag(self, name: str) -> bool:
        """A boolean, false where it is not given."""
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise self.error(name, "must be a boolean")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, empty where it is not given."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(name, "must be a list of strings")
        return tuple(value)

    def tables(self, name: str) -> tuple[Options, ...]:
        """A list of tables of options."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self.error(name, "must be a list of tables")
        return tuple(Options(item, f"{name}[{index}].") for index, item in enumerate(value))

    def only(self, known: Iterable[str]) -> None:
        """Raise for the first option that nobody reads."""
        names = sorted(known)
        for name in self.values:
            if name in names or name in HATCH_OPTIONS:
                continue
            near = get_close_matches(name, names, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(names)}."
            raise self.error(name, "does not exist", hint)

    def error(self, name: str, complaint: str, hint: str = "") -> SettingsError:
        """The error that says that option `name` is wrong."""
        return SettingsError(
            f"Option `{self.where}{name}` for build hook `{HOOK}` {complaint}.", hint=hint
        )
