"""Write tables out of a dataset, into the formats that other tools take in.

CSV holds bytes in base64 and NULL as an empty field: what ``microcosm-sqlite build`` and Data
Package readers expect.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.cli.data_package import describe_package
from microcosm_sqlite.cli.formats import WRITERS, base64_text, batched, spell_bytes
from microcosm_sqlite.cli.statements import answering
from microcosm_sqlite.common.names import find_free_name
from microcosm_sqlite.common.sql import quote_identifier
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.interop import croissant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TextIO

    from microcosm_sqlite.catalog.installed import InstalledDataset
    from microcosm_sqlite.catalog.manifest import Table

    Advance = Callable[[int], object]

DESCRIPTORS = {
    "datapackage": (FILE_NAME, describe_package),
    "croissant": (croissant.FILE_NAME, croissant.describe_croissant),
}
"""Formats that are CSV files and a description of them: its file name and what writes it."""


def write_table(
    found: InstalledDataset,
    table: Table,
    form: str,
    target: TextIO,
    advance: Advance,
    columns: Sequence[str] = (),
) -> None:
    """Write one table to an open file.

    Args:
        found: The dataset.
        table: One of its tables.
        form: ``"csv"`` or ``"jsonl"``.
        target: Where to; text, with line ends left alone.
        advance: Told the number of rows of each piece that was read.
        columns: Which of its columns, in this order; all of them unless named.
    """
    columns = columns or [field.name for field in table.fields]
    sql = f"SELECT {', '.join(map(quote_identifier, columns))} FROM {quote_identifier(table.name)}"
    with answering(found, sql) as answer:
        batches: Iterable[list[Sequence[Any]]] = batched(answer.rows, advance)
        if form == "csv":
            batches = (spell_bytes(batch, base64_text) for batch in batches)
        target.writelines(WRITERS[form](columns, batches, True))


def write_file(
    found: InstalledDataset,
    table: Table,
    form: str,
    path: Path,
    advance: Advance,
    columns: Sequence[str] = (),
) -> None:
    """:func:`write_table` to a new file, which is there only once it is complete.

    It can be ``"parquet"`` as well.

    Raises:
        DatasetError: Something is there already.
        MissingDependencyError: Parquet is asked for, and the extra ``arrow`` is not installed.
    """
    with _appearing(path) as draft:
        _write(found, table, form, draft, advance, columns)


def write_folder(
    found: InstalledDataset, tables: Sequence[Table], form: str, path: Path, advance: Advance
) -> None:
    """Write tables to a new folder, a file for each; it is there only once it is complete.

    Args:
        found: The dataset.
        tables: Which of its tables.
        form: ``"csv"``, ``"jsonl"``, ``"parquet"``, or one of :data:`DESCRIPTORS`.
        path: The folder.
        advance: As for :func:`write_table`.

    Raises:
        DatasetError: Something is there already.
        MissingDependencyError: As for :func:`write_file`.
    """
    suffix = "csv" if form in DESCRIPTORS else form
    with _appearing(path) as draft:
        draft.mkdir()
        files = name_files([table.name for table in tables])
        exported = {table: draft / f"{file}.{suffix}" for table, file in files.items()}
        for table in tables:
            _write(found, table, suffix, exported[table.name], advance)
        if form in DESCRIPTORS:
            file, describe = DESCRIPTORS[form]
            descriptor = json.dumps(describe(found, exported), indent=1, ensure_ascii=False)
            (draft / file).write_text(f"{descriptor}\n", encoding="utf-8")


def _write(
    found: InstalledDataset,
    table: Table,
    form: str,
    path: Path,
    advance: Advance,
    columns: Sequence[str] = (),
) -> None:
    if form == "parquet":
        from microcosm_sqlite.interop.parquet_files import write_parquet

        write_parquet(found, table.name, path, advance, columns=columns or None)
        return
    with path.open("w", encoding="utf-8", newline="") as target:
        write_table(found, table, form, target, advance, columns)


def name_files(tables: Sequence[str]) -> dict[str, str]:
    """A file name, without its ending, for each table: within the folder, and on any system.

    >>> name_files(["birds", "Birds", "../a b"])
    {'birds': 'birds', 'Birds': 'Birds_2', '../a b': 'a_b'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for table in tables:
        stem = re.sub(r"[^\w.-]+", "_", table).strip("._-") or "table"
        names[table] = find_free_name(stem, taken)
        taken.add(names[table].lower())
    return names


@contextmanager
def _appearing(target: Path) -> Iterator[Path]:
    """A path in a scratch folder beside the target, which becomes the target without error."""
    if target.exists() or target.is_symlink():
        raise DatasetError(f"{target} is there already.", hint="Remove it, or name another.")
    if not target.parent.is_dir():
        raise DatasetError(f"{target.parent} is no folder.", hint="Make it, or name another.")
    with tempfile.TemporaryDirectory(prefix=".microcosm-sqlite-", dir=target.parent) as scratch:
        draft = Path(scratch, "draft")
        yield draft
        draft.rename(target)
