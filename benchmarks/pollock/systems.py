"""The systems that load a file: ours, and what else Python has. Nobody is told of the dialect."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from microcosm_sqlite.authoring.drafting.from_files.sniffing import RawFile, sniff

Rows = list[list[str]]
System = Callable[[Path, str], Rows]
"""Gives the rows of a file, the header first where there is one; told of its encoding."""


def load_ours(path: Path, _: str) -> Rows:
    """What `new --from --repair` drafts from, and `build` reads, before types are given."""
    raw = sniff(path, lambda _, repairs: repairs)
    if raw is None:
        return []
    assert isinstance(raw, RawFile)
    with raw.open_rows() as rows:
        read = [[*row] for row in rows]
    return read if raw.options.header is False else [[*raw.header], *read]


def load_csv(path: Path, encoding: str) -> Rows:
    """Python's csv with its sniffer."""
    with path.open(newline="", encoding=encoding) as file:
        dialect = csv.Sniffer().sniff(file.read())
        file.seek(0)
        return [*csv.reader(file, dialect)]


def load_clevercsv(path: Path, encoding: str) -> Rows:
    """CleverCSV with its own."""
    import clevercsv

    with path.open(newline="", encoding=encoding) as file:
        dialect = clevercsv.Sniffer().sniff(file.read())
        file.seek(0)
        return [*clevercsv.reader(file, dialect)]


def load_pandas(path: Path, encoding: str) -> Rows:
    """pandas with its sniffer; lines that do not fit are left out."""
    import pandas as pd

    frame = pd.read_csv(
        path, sep=None, engine="python", dtype=str, encoding=encoding, on_bad_lines="skip"
    )
    return [[*map(str, frame.columns)], *frame.fillna("").astype(str).to_numpy().tolist()]


def load_duckdb(path: Path, _: str) -> Rows:
    """DuckDB as leniently as it goes."""
    import duckdb

    options = {"strict_mode": False, "ignore_errors": True, "null_padding": True}
    relation = duckdb.read_csv(str(path), all_varchar=True, **options)
    rows = [["" if value is None else str(value) for value in row] for row in relation.fetchall()]
    return [[*relation.columns], *rows]


SYSTEMS: dict[str, System] = {
    "ours, --repair": load_ours,
    "Python csv": load_csv,
    "pandas": load_pandas,
    "CleverCSV": load_clevercsv,
    "DuckDB": load_duckdb,
}
