"""Write tables of a dataset to files for other tools.

CSV holds bytes in base64, booleans as ``true`` and ``false``, durations in ISO 8601 and NULL as an
empty field: what ``microcosm-sqlite build``, pandas and Data Package readers expect.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import closing, contextmanager
from pathlib import Path

from microcosm_sqlite.catalog.frames import find_fields
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.common.arguments import check_names
from microcosm_sqlite.common.platforms import spell_file_name
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.common.wording import find_free_name
from microcosm_sqlite.common.workspace import naming_full_disk, open_workspace, publish_new
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.interop import croissant
from microcosm_sqlite.interop.exporting.answers import answering
from microcosm_sqlite.interop.exporting.declarations import describe_package
from microcosm_sqlite.interop.exporting.text_formats import (
    FORMATS,
    TABLE_FORMATS,
    WRITERS,
    base64_text,
    batched,
    make_speller,
    spell_bytes,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from sqlite3 import Connection
    from typing import Any, TextIO

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest_tables import Field

    Advance = Callable[[int], object]

DESCRIPTORS = {
    "datapackage": (FILE_NAME, describe_package),
    "croissant": (croissant.FILE_NAME, croissant.describe_croissant),
}
"""Formats that are CSV files and a description of them: its file name and what writes it."""


def write_table(
    dataset: InstalledDataset,
    table: str,
    target: TextIO,
    format: str = "csv",  # noqa: A002  # the word that users know from elsewhere
    *,
    columns: Sequence[str] | None = None,
    advance: Advance = lambda _: None,
) -> None:
    """Write one table to an open text file, in constant memory.

    >>> write_table(nyc, "airlines", sys.stdout, "jsonl")          # doctest: +SKIP
    {"carrier": "9E", "name": "Endeavor Air Inc."}

    Args:
        dataset: The dataset.
        table: The table's name.
        target: The file; it must leave line ends alone (``newline=""``).
        format: ``"csv"`` or ``"jsonl"``.
        columns: The columns to write, in this order; all by default.
        advance: Called with the number of rows of each batch that was read.

    Raises:
        TableNotFoundError: There is no such table or column.
        DatasetError: The dataset cannot be opened or read.
        ValueError: The format is another one.
    """
    _check_format(format, ("csv", "jsonl"))
    _write_text(dataset, table, format, target, columns, advance)


def _write_text(
    dataset: InstalledDataset,
    table: str,
    form: str,
    target: TextIO,
    columns: Sequence[str] | None,
    advance: Advance,
    opened: Connection | None = None,
) -> None:
    fields = _choose_columns(dataset, table, columns)
    names = [field.name for field in fields]
    sql = f"SELECT {', '.join(map(quote_identifier, names))} FROM {quote_identifier(table)}"
    spell = make_speller(fields, _read_declared(dataset, table, opened), form)
    with answering(dataset, sql, opened=opened) as answer:
        batches: Iterable[list[Sequence[Any]]] = map(spell, batched(answer.rows, advance))
        if form == "csv":
            batches = (spell_bytes(batch, base64_text) for batch in batches)
        target.writelines(WRITERS[form](names, batches, True))


def export_table(
    dataset: InstalledDataset,
    table: str,
    path: str | os.PathLike[str],
    format: str = "csv",  # noqa: A002
    *,
    columns: Sequence[str] | None = None,
    advance: Advance = lambda _: None,
) -> None:
    """Write one table to a new file, which appears only once it is complete.

    >>> export_table(nyc, "flights", "flights.parquet", "parquet")       # doctest: +SKIP

    Args:
        dataset: The dataset.
        table: The table's name.
        path: The file; nothing may exist there.
        format: ``"csv"``, ``"jsonl"`` or ``"parquet"``, which has the types of the models.
        columns: The columns to write, in this order; all by default.
        advance: Called with the number of rows of each batch that was written.

    Raises:
        TableNotFoundError: There is no such table or column.
        DatasetError: Something exists at the path, or the dataset cannot be opened or read.
        MissingDependencyError: Parquet is asked for, and the extra ``arrow`` is not installed.
        ValueError: The format is another one.
    """
    _check_format(format, TABLE_FORMATS)
    with _appearing(Path(path)) as draft:
        _write(dataset, table, format, draft, columns, advance)


def export_folder(
    dataset: InstalledDataset,
    path: str | os.PathLike[str],
    format: str = "csv",  # noqa: A002
    *,
    tables: Sequence[str] | None = None,
    advance: Advance = lambda _: None,
) -> None:
    """Write tables to a new folder, one file each; it appears only once it is complete.

    >>> export_folder(nyc, "nycflights13", "datapackage")                # doctest: +SKIP

    Args:
        dataset: The dataset.
        path: The folder; nothing may exist there.
        format: One of :data:`FORMATS`. ``"datapackage"`` and ``"croissant"`` are CSV files and a
            JSON description of them.
        tables: Names of the tables to write; all by default.
        advance: Called with the number of rows of each batch that was written.

    Raises:
        TableNotFoundError: There is no such table.
        DatasetError: Something exists at the path, or the dataset cannot be opened or read.
        MissingDependencyError: Parquet is asked for, and the extra ``arrow`` is not installed.
        ValueError: The format is another one.
    """
    _check_format(format, FORMATS)
    names = list(dataset.tables) if tables is None else check_names("tables", tables)
    suffix = "csv" if format in DESCRIPTORS else format
    with _appearing(Path(path)) as draft, closing(dataset.connect()) as opened:
        draft.mkdir()
        exported = {table: draft / f"{file}.{suffix}" for table, file in name_files(names).items()}
        for table, file in exported.items():
            _write(dataset, table, suffix, file, None, advance, opened)
        if format in DESCRIPTORS:
            file_name, describe = DESCRIPTORS[format]
            descriptor = json.dumps(describe(dataset, exported), indent=1, ensure_ascii=False)
            (draft / file_name).write_text(f"{descriptor}\n", encoding="utf-8", newline="\n")


def write_parquet(
    dataset: InstalledDataset,
    table: str,
    path: str | os.PathLike[str],
    *,
    columns: Sequence[str] | None = None,
    advance: Advance = lambda _: None,
) -> None:
    """Write one table to a Parquet file, in constant memory; an existing file is overwritten.

    Raises:
        TableNotFoundError: There is no such table.
        SchemaMismatchError: A column holds a value of another type than its own.
    """
    from microcosm_sqlite.common.extras import extra

    with extra("arrow"):
        from pyarrow.parquet import ParquetWriter

        from microcosm_sqlite.interop.reader import read_batches
    with (
        read_batches(dataset, table, columns=columns) as batches,
        ParquetWriter(path, batches.schema, compression="zstd") as writer,
    ):
        for batch in batches:
            writer.write_batch(batch)
            advance(len(batch))


def _write(
    dataset: InstalledDataset,
    table: str,
    form: str,
    path: Path,
    columns: Sequence[str] | None,
    advance: Advance,
    opened: Connection | None = None,
) -> None:
    if form == "parquet":
        write_parquet(dataset, table, path, columns=columns, advance=advance)
        return
    with path.open("w", encoding="utf-8", newline="") as target:
        _write_text(dataset, table, form, target, columns, advance, opened)


def _check_format(form: str, known: Sequence[str]) -> None:
    if form not in known:
        raise ValueError(f"format must be one of {', '.join(known)}, not {form!r}")


def _choose_columns(
    dataset: InstalledDataset, table: str, columns: Sequence[str] | None
) -> list[Field]:
    found = dataset.tables[table]
    return found.fields if columns is None else find_fields(dataset, found, list(columns))


def _read_declared(
    dataset: InstalledDataset, table: str, opened: Connection | None
) -> dict[str, str]:
    sql = "SELECT name, type FROM pragma_table_xinfo(:table)"
    with answering(dataset, sql, {"table": table}, opened=opened) as answer:
        return dict(answer.rows)


def name_files(tables: Sequence[str]) -> dict[str, str]:
    """A file name, without its ending, for each table: within the folder, and on any system.

    >>> name_files(["birds", "Birds", "../a b", "aux"])
    {'birds': 'birds', 'Birds': 'Birds_2', '../a b': 'a_b', 'aux': 'aux_'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for table in tables:
        stem = re.sub(r"[^\w.-]+", "_", table).strip("._-") or "table"
        names[table] = find_free_name(spell_file_name(stem), taken)
        taken.add(names[table].lower())
    return names


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A path in a scratch folder beside the target, which becomes the target without error."""
    if target.exists() or target.is_symlink():
        raise _refuse(target)
    if not target.parent.is_dir():
        raise DatasetError(f"{target.parent} is not a folder.", hint="Make it, or name another.")
    with (
        naming_full_disk(target),
        open_workspace(target.parent, ".microcosm-sqlite-") as workspace,
    ):
        draft = workspace / "draft"
        yield draft
        try:
            publish_new(draft, target)
        except FileExistsError as error:
            raise _refuse(target) from error


def _refuse(target: Path) -> DatasetError:
    return DatasetError(f"{target} exists already.", hint="Remove it, or name another.")
