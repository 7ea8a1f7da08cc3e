"""The content that a subset should have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from microcosm_sqlite.authoring.project.source_options import Options
from microcosm_sqlite.catalog.manifest import FULL
from microcosm_sqlite.errors import DatasetError, SettingsError

_LARGEST = 2**31
_EDITION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Recipe:
    """A recipe for the rows of a subset; the same recipe gives the same rows.

    Attributes:
        rows: The most rows to draw from each table. Rows that those refer to are added.
        seed: Another number draws other rows.
        where: A condition in SQL by table; only rows that meet it are drawn.
        tables: The tables to draw from; all by default. Others have the rows that are referred to.
        children: The most rows to add for each drawn row, and each of those, from every table that
            refers to it.
    """

    rows: int
    seed: int = 0
    where: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    children: int = 0

    def __post_init__(self) -> None:
        for name in ("rows", "seed", "children"):
            number = getattr(self, name)
            if not 0 <= number < _LARGEST:
                raise DatasetError(f"{name} is {number}; it is from 0 to {_LARGEST - 1}.")

    @classmethod
    def read(cls, options: Options) -> Recipe:
        """The recipe that the settings of a project have for an edition.

        Raises:
            SettingsError: An option is wrong.
        """
        options.only({"children", "rows", "seed", "tables", "where"})
        try:
            return cls(
                rows=options.number("rows", 1000),
                seed=options.number("seed", 0, least=0),
                where=options.mapping("where"),
                tables=options.texts("tables"),
                children=options.number("children", 0, least=0),
            )
        except DatasetError as error:
            raise SettingsError(error.message) from error

    def describe(self) -> dict[str, Any]:
        """The recipe as the manifest keeps it."""
        return {
            "rows": self.rows,
            "seed": self.seed,
            **({"where": dict(sorted(self.where.items()))} if self.where else {}),
            **({"tables": sorted(self.tables)} if self.tables else {}),
            **({"children": self.children} if self.children else {}),
        }


def read_conditions(texts: Iterable[str]) -> dict[str, str]:
    """Conditions by table, from texts such as ``flights: origin = 'JFK'``.

    >>> read_conditions(["flights: origin = 'JFK'"])
    {'flights': "origin = 'JFK'"}

    Raises:
        DatasetError: One names no table, or a table has two.
    """
    conditions: dict[str, str] = {}
    for text in texts:
        table, colon, condition = (part.strip() for part in text.partition(":"))
        if not (table and colon and condition):
            raise DatasetError(
                f"{text!r} is not a condition of a table.",
                hint="Write the table, a colon and SQL, such as: flights: origin = 'JFK'",
            )
        if table in conditions:
            raise DatasetError(
                f"Table {table!r} has two conditions.", hint="Join them by AND or by OR."
            )
        conditions[table] = condition
    return conditions


def check_edition(name: str) -> str:
    """Return the name of an edition, which becomes part of a distribution's name.

    Raises:
        DatasetError: It cannot.
    """
    if name == FULL or not _EDITION.fullmatch(name):
        raise DatasetError(
            f"An edition cannot be called {name!r}.",
            hint='Its name has small letters, digits and single "-" between them, such as lite; '
            f"{FULL} is the dataset itself.",
        )
    return name
