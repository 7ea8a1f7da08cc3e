"""What is told of a file that is called a database and is none."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import pytest

from microcosm_sqlite.authoring.sources.impostors import advise_impostor

CASES = {
    "text": (b"id,v\n1,a\n", "call it t.csv"),
    "text with a mark": (b"\xef\xbb\xbfid\n", "call it t.csv"),
    "text cut within a character": ("é".encode() * 255 + b"xx\xc3", "call it t.csv"),
    "objects": (b'{"id": 1}\n', "call it t.jsonl"),
    "an array": (b'[{"id": 1}]', "call it t.jsonl"),
    "SQL": (b"/* of old */ create table t (a);", "sqlite3 made.db < t.db"),
    "a page": (b"\n<!DOCTYPE html>", "Download the file itself"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "packed": (gzip.compress(b"x"), "Unpack t.db"),
    "Access": (b"\0\1\0\0Standard Jet DB\0", "It is of Access"),
    "DuckDB": (bytes(8) + b"DUCK", "It is of DuckDB"),
    "random pages": (Random(1).randbytes(4096), "If it is encrypted"),
    "random bytes": (Random(1).randbytes(4097), "Fetch or copy the whole file again"),
    "zeros": (bytes(4096), "Fetch or copy the whole file again"),
    "nothing": (b"", "Fetch or copy the whole file again"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_told_fits_what_the_file_begins_with(name: str, tmp_path: Path) -> None:
    content, told = CASES[name]
    path = tmp_path / "t.db"
    path.write_bytes(content)
    assert told in advise_impostor(path)
