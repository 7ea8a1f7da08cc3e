"""Text formats of rows: each a generator of text, one piece for each batch of rows.

Values are those of SQLite. NULL is empty in CSV and TSV and ``null`` in JSON; bytes are base64 in
JSON and a hexadecimal literal, as SQL writes it, in text.
"""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from io import StringIO

from microcosm_sqlite.common import kinds
from microcosm_sqlite.common.durations import read_duration, spell_duration
from microcosm_sqlite.common.kinds import (
    find_decimal_size,
    find_kind,
)
from microcosm_sqlite.common.wording import find_free_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, TextIO

    from microcosm_sqlite.catalog.manifest_tables import Field

    Rows = Iterable[Sequence[Any]]
    Batches = Iterable[list[Sequence[Any]]]
    Writer = Callable[[Sequence[str], Batches, bool], Iterator[str]]
    Spell = Callable[[Any], Any]
    Batch = list[Sequence[Any]]

TABLE_FORMATS = ("csv", "jsonl", "parquet")
"""Formats of a file that holds one table."""

DESCRIBED_FORMATS = ("datapackage", "croissant")
"""Formats that are CSV files and a description of them."""

FORMATS = (*TABLE_FORMATS, *DESCRIBED_FORMATS)
"""Formats that a dataset can be exported to."""


def make_speller(
    fields: Sequence[Field], declared: Mapping[str, str], form: str
) -> Callable[[Batch], Batch]:
    """A function from rows as SQLite stores them to rows as a text format has them.

    Args:
        fields: The columns of the rows.
        declared: Their declared types, by their names.
        form: `"csv"` or `"jsonl"`.
    """
    spellers = [
        (place, spell)
        for place, field in enumerate(fields)
        if (spell := _choose(field, declared.get(field.name, ""), form))
    ]

    def spell_batch(batch: Batch) -> Batch:
        if not spellers:
            return batch
        rows = [list(row) for row in batch]
        for place, spell in spellers:
            for row in rows:
                if row[place] is not None:
                    row[place] = spell(row[place])
        return [*rows]

    return spell_batch


def _choose(field: Field, declared: str, form: str) -> Spell | None:
    """Return the function that spells the values of a column; None if they stay as stored."""
    kind = find_kind(field.type, field.format, declared, has_labels="enum" in field.constraints)
    name = kind.name if kind else ""
    if name == kinds.DECIMAL and form == "csv":
        _, scale = find_decimal_size(declared) or (None, None)
        return partial(_spell_decimal, scale=scale) if scale else None
    return _SPELL[form].get(name)


def _spell_decimal(value: Any, scale: int) -> Any:
    return f"{Decimal(repr(value)):.{scale}f}" if isinstance(value, int | float) else value


def _spell_boolean(value: Any) -> Any:
    return {0: "false", 1: "true"}.get(value, value)


def _make_boolean(value: Any) -> Any:
    return {0: False, 1: True}.get(value, value)


def _spell_duration(value: Any) -> Any:
    try:
        return spell_duration(read_duration(value))
    except (TypeError, ValueError):
        return value  # others' databases store durations in ways of their own


def _spell_uuid(value: Any) -> Any:
    if not isinstance(value, str) or len(value) != 32:
        return value
    return "-".join((value[:8], value[8:12], value[12:16], value[16:20], value[20:]))


def _parse_document(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


_TEXTS: dict[str, Spell] = {kinds.DURATION: _spell_duration, kinds.UUID: _spell_uuid}
_SPELL: dict[str, dict[str, Spell]] = {
    "csv": {**_TEXTS, kinds.BOOLEAN: _spell_boolean},
    "jsonl": {**_TEXTS, kinds.BOOLEAN: _make_boolean, kinds.JSON: _parse_document},
}


INFINITY = "9.0e999"
"""JSON has no infinity; this number is larger than any, and every reader makes infinity of it."""

BATCH = 1000
"""Rows that are held in memory at once."""


def batched(
    rows: Rows, advance: Callable[[int], object] | None = None
) -> Iterator[list[Sequence[Any]]]:
    """Rows in lists of at most :data:`BATCH`; ``advance`` is called with the length of each."""
    from itertools import islice

    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        yield batch
        if advance:
            advance(len(batch))


def dump_json(found: object, *, indent: int | None = None) -> str:
    """JSON for one object, with readable text and bytes in base64."""
    # Making an encoder takes as long as encoding a row.
    encode = json.JSONEncoder(**_JSON, indent=indent).encode if indent else _encode_object
    try:
        return encode(found)
    except ValueError:
        return _dump_infinite(found)


def write_json(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:  # noqa: ARG001
    """One array of objects, an object to the line."""
    separator = "["
    for batch in batches:
        yield separator + ",\n ".join(_objects(columns, batch))
        separator = ",\n "
    yield "[]\n" if separator == "[" else "]\n"


def write_jsonl(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:  # noqa: ARG001
    """An object to the line and nothing else."""
    for batch in batches:
        yield "\n".join(_objects(columns, batch)) + "\n"


def write_csv(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:
    """Comma-separated values, quoted where they need it."""
    heading = [columns] if header and columns else []
    for batch in batches:
        yield _csv_text([*heading, *spell_bytes(batch, blob_literal)])
        heading = []
    yield _csv_text(heading)


def write_tsv(columns: Sequence[str], batches: Batches, header: bool) -> Iterator[str]:
    r"""Tab-separated values, one row to the line.

    Tab, line feed, carriage return and backslash in a value are written as ``\t``, ``\n``, ``\r``
    and ``\\``, so that tools which split lines at tabs need not know of quotes.
    """
    heading = "\t".join(map(_escape, columns)) + "\n" if header and columns else ""
    for batch in batches:
        rows = ("\t".join([_tsv_text(value) for value in row]) for row in batch)
        # With the first rows, so that nothing is written where they cannot be read.
        yield heading + "\n".join(rows) + "\n"
        heading = ""
    yield heading


WRITERS: dict[str, Writer] = {
    "json": write_json,
    "jsonl": write_jsonl,
    "csv": write_csv,
    "tsv": write_tsv,
}


def write_rows(
    columns: Sequence[str],
    rows: Rows,
    format: str,  # noqa: A002  # the word that users know from elsewhere
    target: TextIO,
    *,
    header: bool = True,
) -> None:
    """Write rows to an open text file as they come, in constant memory.

    >>> import sys
    >>> write_rows(["name", "photo"], [("Rook", b"GIF"), ("Wren", None)], "csv", sys.stdout)
    name,photo
    Rook,X'474946'
    Wren,

    Args:
        columns: Names of the columns.
        rows: Rows of values that SQLite can hold, such as a cursor returns.
        format: ``"csv"``, ``"tsv"``, ``"json"`` or ``"jsonl"``.
        target: The file; it must leave line ends alone (``newline=""``).
        header: Whether CSV and TSV begin with the names of the columns.

    Raises:
        ValueError: The format is another one.
    """
    if format not in WRITERS:
        raise ValueError(f"format must be one of {', '.join(WRITERS)}, not {format!r}")
    target.writelines(WRITERS[format](columns, batched(rows), header))


def blob_literal(value: bytes) -> str:
    """Bytes as SQL writes them, such as ``X'00FF'``."""
    return f"X'{value.hex().upper()}'"


def base64_text(value: bytes) -> str:
    """Bytes as JSON and CSV for other programs hold them."""
    from base64 import b64encode

    return b64encode(value).decode()


def spell_bytes(batch: list[Sequence[Any]], spell: Callable[[bytes], str]) -> list[Sequence[Any]]:
    """The rows with their bytes as text."""
    if not any(type(value) is bytes for row in batch for value in row):
        return batch
    return [[spell(value) if type(value) is bytes else value for value in row] for row in batch]


def _objects(columns: Sequence[str], batch: list[Sequence[Any]]) -> Iterator[str]:
    keys = distinguish(columns)
    return (dump_json(dict(zip(keys, row, strict=True))) for row in batch)


def distinguish(columns: Sequence[str]) -> list[str]:
    """Column names with a number where one comes again: objects and frames cannot hold it twice.

    >>> distinguish(["name", "name"])
    ['name', 'name_2']
    """
    keys: dict[str, None] = {}
    for column in columns:
        keys[find_free_name(column, keys, fold=str)] = None
    return list(keys)


def _encode_other(value: object) -> str:
    if isinstance(value, bytes):
        return base64_text(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


_JSON: dict[str, Any] = {"ensure_ascii": False, "allow_nan": False, "default": _encode_other}
_encode_object = json.JSONEncoder(**_JSON).encode


def _dump_infinite(found: object) -> str:
    """JSON for an object in which a number is infinite."""
    if isinstance(found, dict):
        pairs = (f"{dump_json(key)}: {_dump_infinite(value)}" for key, value in found.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(found, list):
        return "[" + ", ".join(map(_dump_infinite, found)) + "]"
    if found in (float("inf"), float("-inf")):
        return INFINITY if found == float("inf") else f"-{INFINITY}"
    return dump_json(found)


def _tsv_text(value: Any) -> str:
    if type(value) is str:
        return _escape(value)
    if value is None:
        return ""
    return blob_literal(value) if type(value) is bytes else str(value)


def _escape(text: str) -> str:
    if text.isalnum():
        return text
    return text.translate(_TSV_ESCAPES)


_TSV_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _csv_text(rows: list[Sequence[Any]]) -> str:
    import csv

    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    if "\r" in text.getvalue():
        # Python takes a lone carriage return for harmless, and readers take it for a line end.
        text = StringIO()
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue()
