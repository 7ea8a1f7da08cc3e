"""Typed reading of one table of options, with errors in hatch's sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from microcosm_sqlite.errors import SettingsError
from microcosm_sqlite.near_names import suggest

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

    def character(self, name: str, default: str) -> str:
        """One character, or an empty string."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or len(value) > 1:
            raise self.error(name, "must be one character, or an empty string for none")
        return value

    def number(self, name: str, default: int, *, least: int = 1) -> int:
        """A whole number that is not below `least`."""
        value = self.values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            bound = "above zero" if least == 1 else f"of at least {least}"
            raise self.error(name, f"must be a whole number {bound}")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self.error(name, "must be a boolean")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings."""
        value = self.values.get(name, [*default])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(name, "must be a list of strings")
        return tuple(value)

    def mapping(self, name: str) -> dict[str, str]:
        """A table of strings, empty where it is not given."""
        values = self.table(name).values
        if not all(isinstance(value, str) for value in values.values()):
            raise self.error(name, "must be a table of strings")
        return dict(values)

    def table(self, name: str) -> Options:
        """A table of options, empty where it is not given."""
        value = self.values.get(name, {})
        if not isinstance(value, Mapping):
            raise self.error(name, "must be a table")
        return Options(value, f"{self.where}{name}.")

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
            hint = suggest(name, names, "Known", spell="`{}`".format)
            raise self.error(name, "does not exist", hint)

    def error(self, name: str, complaint: str, hint: str = "") -> SettingsError:
        """The error that says that option `name` is wrong."""
        return SettingsError(
            f"Option `{self.where}{name}` for build hook `{HOOK}` {complaint}.", hint=hint
        )
