"""What engines do otherwise than SQLAlchemy's dialect: names that are keywords, and moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import TIMESTAMP, DateTime

from microcosm_sqlite.orm.types import MomentInUTC, SecondInUTC

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from microcosm_sqlite.catalog.installed import InstalledDataset

UNKNOWN_KEYWORDS = frozenset({"nothing", "returning"})
"""Keywords of SQLite 3.53 that SQLAlchemy does not quote and that cannot name a table or column."""

WHOLE_SECONDS = "%Y-%m-%d %H:%M:%S"
"""The format, in manifests, of columns whose model chooses to store no fractions of a second."""


def quote_keywords(engine: Engine) -> None:
    """Let tables and columns have any keyword as their name."""
    preparer = engine.dialect.identifier_preparer
    preparer.reserved_words = {*preparer.reserved_words, *UNKNOWN_KEYWORDS}


def compare_in_utc(engine: Engine, type_: type[MomentInUTC] = MomentInUTC) -> None:
    """Let an engine find moments with an offset in data that was built."""
    engine.dialect.colspecs = {**engine.dialect.colspecs, DateTime: type_, TIMESTAMP: type_}


def compare_as_stored(engine: Engine, dataset: InstalledDataset) -> None:
    """The same in the form of a dataset, for types that choose none, such as reflected ones.

    That is possible where all of its columns of moments have one form.
    """
    tables = dataset.manifest.tables.values() if dataset.manifest else ()
    fields = (field for table in tables for field in table.fields)
    if {field.format for field in fields if field.type == "datetime"} == {WHOLE_SECONDS}:
        compare_in_utc(engine, SecondInUTC)


def copy_dialect(source: Engine, target: Engine) -> None:
    """Let another engine do as one does."""
    quote_keywords(target)
    target.dialect.colspecs = source.dialect.colspecs
