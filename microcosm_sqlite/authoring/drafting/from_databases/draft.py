"""What a draft makes of an existing database: a snapshot, models, and what models cannot say."""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from microcosm_sqlite.authoring.comparing.shapes import (
    find_option,
    name_column,
    split_definitions,
)
from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel, FullText
from microcosm_sqlite.authoring.drafting.from_databases.foreign_keys import (
    add_foreign_keys,
    suggest_undeclared,
)
from microcosm_sqlite.authoring.drafting.from_databases.models import (
    draft_models,
    fit_tables,
)
from microcosm_sqlite.authoring.drafting.from_databases.reflection import (
    Reflection,
    find_words,
    reflect_tables,
)
from microcosm_sqlite.authoring.drafting.from_files.file_kind import EXCLUDED
from microcosm_sqlite.authoring.sources.database_source import TableOpener
from microcosm_sqlite.authoring.sources.databases import (
    drop_unusable_indexes,
    explained,
    is_database,
    open_database,
    refuse_impostor,
    refuse_nameless_columns,
    take_snapshot,
)
from microcosm_sqlite.authoring.sources.finding import DATABASE, FORMATS, split_name
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.errors import SourceError
from microcosm_sqlite.orm.fulltext import FULL_TEXT_OPTIONS, FullTextIndex

MOST_COLUMNS = 1999
"""SQLite takes 2000 where its limit was not raised; digests of rows want one more."""


@dataclass
class DatabaseDraft:
    """One database, copied and read.

    Attributes:
        path: Where it was found.
        snapshot: The copy.
        found: What is kept of it.
        models: Its models, once they are drafted.
        differences: What is not as it was, as sentences, once the models were tried.
    """

    path: Path
    snapshot: Path
    found: Reflection
    models: list[DraftedModel] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def row_count(self) -> int:
        """The rows of all of its tables."""
        return sum(self.found.row_counts.values())


def find_databases(folder: Path) -> list[Path]:
    """The databases in a folder, by their first bytes, or the one that is named itself.

    Raises:
        SourceError: It is named itself, and none.
    """
    if folder.is_file():
        if not is_database(folder):
            _refuse_file(folder)
        return [folder]
    if not folder.is_dir():
        raise SourceError(f"{folder} does not exist.", file=str(folder))
    return [path for path in sorted(folder.iterdir()) if path.is_file() and is_database(path)]


def _refuse_file(path: Path) -> None:
    if split_name(path)[1] in FORMATS.values():
        raise SourceError(
            f"{path.name} is no database.",
            file=path.name,
            hint=f"Name the folder that holds it: --from {path.parent}",
        )
    refuse_impostor(path, path.name)


def read_databases(
    found: Path, scratch: Path, exclude: Collection[str] = ()
) -> tuple[list[DatabaseDraft], list[SourceError]]:
    """Copy and read the databases in a folder, or the one that is named itself.

    Args:
        found: The folder or the database.
        scratch: Where copies go.
        exclude: Tables to leave out.

    Returns:
        Those that tables can be made of, and what is wrong with the others.

    Raises:
        SourceError: The one that is named itself is no database, or cannot be read.
        MissingDependencyError: sqlacodegen is not installed.
    """
    drafts: list[DatabaseDraft] = []
    refused: list[SourceError] = []
    for path in find_databases(found):
        try:
            snapshots = {draft.snapshot.stem.lower() for draft in drafts}
            snapshot = scratch / f"{find_free_name(path.stem, snapshots)}.db"
            draft = _read_database(path, snapshot, exclude)
            _refuse_namesakes(drafts, draft)
        except SourceError as error:
            if path == found:
                raise
            refused.append(error)
        else:
            drafts.append(draft)
    return drafts, refused


def _read_database(path: Path, snapshot: Path, exclude: Collection[str]) -> DatabaseDraft:
    take_snapshot(path, snapshot)
    dropped = _drop_tables(snapshot, exclude)
    dropped |= drop_unusable_indexes(snapshot, path.name)
    with open_database(snapshot, path.name) as connection, explained(path.name):
        refuse_nameless_columns(connection, path.name)
        found = reflect_tables(connection)
        found.left_out |= dropped
        _refuse_too_wide(found, path.name)
        reflect_extras(connection, found)
        _refuse_undecodable(snapshot, path.name, found.row_counts)
        fit_tables(connection, found, path.name)
        add_foreign_keys(connection, found)
        suggest_undeclared(connection, found)
    if not found.metadata.tables:
        raise SourceError(f"{path.name} has no tables.", file=path.name)
    return DatabaseDraft(path, snapshot, found)


def _drop_tables(snapshot: Path, exclude: Collection[str]) -> dict[str, str]:
    """Drop the tables that are to be left out of a snapshot; tells which it had."""
    if not exclude:
        return {}
    with closing(sqlite3.connect(snapshot, isolation_level=None)) as connection:
        query = "SELECT name FROM sqlite_schema WHERE type = 'table'"
        names = [name for (name,) in connection.execute(query) if name in exclude]
        for name in names:
            connection.execute(f"DROP TABLE {quote_identifier(name)}")
        if names:
            connection.execute("VACUUM")
    return {f"table {name}": EXCLUDED for name in names}


def _refuse_too_wide(found: Reflection, name: str) -> None:
    for table in found.metadata.tables.values():
        if len(table.columns) > MOST_COLUMNS:
            raise SourceError(
                f"{name}, table `{table.name}` has {len(table.columns):,} columns, numbers of rows "
                f"included, where there is room for {MOST_COLUMNS:,}.",
                file=name,
                hint="Make rows of them: one for each value, with the column's name as a field.",
            )


def _refuse_undecodable(snapshot: Path, name: str, tables: Iterable[str]) -> None:
    """Read all rows as a build does, which refuses texts that are not UTF-8."""
    for table in tables:
        source = SourceFile(snapshot, f"{name}#{table}", DATABASE, table)
        with TableOpener(source)() as records:
            deque(records, maxlen=0)


def _refuse_namesakes(drafts: Iterable[DatabaseDraft], draft: DatabaseDraft) -> None:
    """Refuse a database with a table that SQLite could not tell from one of another."""
    seen = {name.lower(): other.path.name for other in drafts for name in other.found.row_counts}
    for name in draft.found.row_counts:
        if other := seen.get(name.lower()):
            raise SourceError(
                f"{other} and {draft.path.name} both make table `{name}`.",
                file=draft.path.name,
                hint="Draft a project of each, or rename the table in one of them.",
            )


def draft_databases(databases: Iterable[DatabaseDraft], base: str, classes: dict[str, str]) -> None:
    """Draft the models of databases, no two named alike.

    Args:
        databases: The databases; their models are filled in.
        base: The declarative base.
        classes: Table to class, of the other tables; those of the databases are added.
    """
    for database in databases:
        database.models = draft_models(database.found, base, classes.values())
        classes |= {model.table.name: model.name for model in database.models}


_FULL_TEXT = re.compile(r"\busing\s+fts[45]\b", re.IGNORECASE)


def reflect_extras(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep what a data wheel can keep of them, and note the others as left out."""
    _find_full_text(connection, found)
    _find_views(connection, found)
    for name, table in connection.execute(
        "SELECT name, tbl_name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    ):
        found.left_out[f"trigger {name} of {table}"] = "nobody writes any more"


def _find_full_text(connection: sqlite3.Connection, found: Reflection) -> None:
    """Keep full-text search over a table; other virtual tables hold nothing that is kept."""
    for name, sql in connection.execute(
        "SELECT list.name, sql FROM pragma_table_list AS list JOIN sqlite_schema AS made "
        "ON made.name = list.name WHERE list.type = 'virtual' AND schema = 'main' ORDER BY 1"
    ).fetchall():
        parts = split_definitions(sql)
        options = dict(filter(None, map(find_option, parts)))
        table = options.pop("content", "")
        if reason := _doubt_full_text(connection, found, sql, table):
            found.left_out[f"virtual table {name}"] = reason
            continue
        columns = [name_column(each) for each in parts if "UNINDEXED" not in map(str.upper, each)]
        known = found.metadata.tables[table].columns
        kept = {key: value for key, value in options.items() if key in FULL_TEXT_OPTIONS}
        if not _takes_options(kept):
            kept = {}
        found.full_text[table] = FullText(tuple(each for each in columns if each in known), kept)
        lost = [
            f"{key}={value}"
            for key, value in options.items()
            if key not in {"content_rowid", *kept}
        ]
        without = f", without {', '.join(lost)}" if lost else ""
        found.remarks[table].append(f"full-text table {name} is made anew, as {table}_fts{without}")


def _takes_options(options: Mapping[str, str]) -> bool:
    with closing(sqlite3.connect(":memory:")) as connection, suppress(sqlite3.Error):
        connection.execute(FullTextIndex("t", ["a"], options).ddl[0])
        return True
    return False


def _doubt_full_text(
    connection: sqlite3.Connection, found: Reflection, sql: str, table: str
) -> str:
    """Why a virtual table cannot be kept as the full-text search of a table."""
    if not _FULL_TEXT.search(sql):
        return "its module may not be there where it is read"
    if table not in found.metadata.tables:
        return "its text is in no other table; to keep it, copy it into one"
    if table in found.full_text:
        return f"a model has one full-text search, and that of {table} has other columns or options"
    if not found.metadata.tables[table].dialect_options["sqlite"].get("with_rowid", True):
        return f"{table} has no rowids"
    taken = "SELECT 1 FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND sql NOT LIKE ?"
    if connection.execute(taken, (f"{table}_fts", "CREATE VIRTUAL%")).fetchone():
        return f"the name {table}_fts, which it would have, is taken"
    return ""


def _find_views(connection: sqlite3.Connection, found: Reflection) -> None:
    for name, sql in connection.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'view' ORDER BY name"
    ).fetchall():
        try:
            connection.execute(f"SELECT * FROM {quote_identifier(name)} LIMIT 0")
        except sqlite3.Error as error:
            found.left_out[f"view {name}"] = f"readers could not ask it: {error}"
            continue
        words = find_words(sql) if found.row_numbers else set()
        if "natural" in words:
            found.left_out[f"view {name}"] = "it joins by all common columns, numbers of rows too"
            continue
        found.views[name] = sql
        if words & {"rowid", "_rowid_", "oid"}:
            found.view_remarks[name] = "rowids of tables without a key are numbered anew"
