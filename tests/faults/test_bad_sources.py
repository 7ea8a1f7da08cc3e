"""One bad file does not stop the folder: it is named, with what to do; the others are drafted."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings

ROWS = b"a,b\n" + b"1,2\n" * 5000


def make_parquet(values: Any = None, **options: Any) -> bytearray:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    stream = io.BytesIO()
    plain = {"compression": "none", "use_dictionary": False, **options}
    parquet.write_table(pa.table({"n": values or list(range(1000))}), stream, **plain)
    return bytearray(stream.getvalue())


def change(content: bytearray, place: int, new: bytes) -> bytes:
    content[place : place + len(new)] = new
    return bytes(content)


def promise_rows() -> bytes:
    """A file whose footer has 10 rows where there are 3, in the encoding of Thrift."""
    content = make_parquet([1, 2, 3], write_statistics=False)
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    footer = content[start:-8].replace(b"\x16\x06", b"\x16\x14")
    return bytes(content[:start] + footer + content[-8:])


def make_strange_texts(*, is_encoded: bool) -> bytearray:
    """Texts that are not UTF-8, plain or in a dictionary."""
    pa = pytest.importorskip("pyarrow")
    raw = pa.array([b"ok", b"na\xefve"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    if is_encoded:
        texts = pa.DictionaryArray.from_arrays(pa.array([0, 1]), texts)
    return make_parquet(texts)


def pack(*names: str, is_encrypted: bool = False) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, ROWS)
    content = bytearray(stream.getvalue())
    if is_encrypted:
        content[6] |= 1
        content[content.rfind(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def make_database() -> bytearray:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE t (a); CREATE INDEX i ON t (a);"
            "INSERT INTO t VALUES (hex(zeroblob(9000)));"
        )
        return bytearray(connection.serialize())


DAMAGED = "Fetch or write it again; it is damaged, or not what its name says."
INCOMPLETE = "Fetch or pack it again; it is damaged, or not complete."
NOT_UTF8 = "Texts there are UTF-8: "
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "page.parquet": (lambda: change(make_parquet(), 4, bytes(36)), DAMAGED),
    "short.parquet": (lambda: make_parquet()[:-9], DAMAGED),
    "text.parquet": (lambda: b"id,name\n1,a\n", DAMAGED),
    "sum.parquet": (
        lambda: change(make_parquet(write_page_checksum=True), 200, b"\xff\xfe"), "CRC checksum",
    ),
    "secret.parquet": (lambda: bytes(make_parquet()[:-4] + b"PARE"), "is encrypted"),
    "rows.parquet": (promise_rows, "has 3 rows, where its footer promises 10."),
    "latin.parquet": (lambda: make_strange_texts(is_encoded=False), NOT_UTF8),
    "words.parquet": (lambda: make_strange_texts(is_encoded=True), NOT_UTF8),
    "packed.parquet.gz": (
        lambda: gzip.compress(make_parquet()), "Unpack it, and call it packed.parquet.",
    ),
    "short.csv.gz": (lambda: gzip.compress(ROWS)[:-9], INCOMPLETE),
    "sum.csv.gz": (lambda: change(bytearray(gzip.compress(ROWS)), -6, b"\0\0"), INCOMPLETE),
    "plain.csv.gz": (lambda: ROWS, "plain.csv.gz is not compressed. Call it plain.csv."),
    "short.jsonl.gz": (lambda: gzip.compress(b'{"a": 1}\n' * 9999)[:-9], INCOMPLETE),
    "short.csv.bz2": (lambda: bz2.compress(ROWS)[:-9], INCOMPLETE),
    "short.csv.xz": (lambda: lzma.compress(ROWS)[:-9], INCOMPLETE),
    "short.csv.zip": (lambda: pack("a.csv")[:-30], INCOMPLETE),
    "two.csv.zip": (lambda: pack("a.csv", "b.csv"), "holds 2 files where one is expected"),
    "none.csv.zip": (pack, "holds 0 files where one is expected"),
    "secret.csv.zip": (lambda: pack("a.csv", is_encrypted=True), "secret.csv.zip is encrypted."),
    "nul.csv": (lambda: b"a,b\n1,\0\n", "line 2: a NUL character"),
    "short.jsonl": (lambda: b'{"a": 1}\n{"a":', "line 2: "),
    "deep.jsonl": (lambda: b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "line 1: "),
    "short.db": (lambda: make_database()[:4096], "Fetch or copy the whole file again"),
    "pages.db": (lambda: change(make_database(), 4096, b"\xff" * 900), "pages.db "),
    "format.db": (lambda: change(make_database(), 18, b"\x09\x09"), "unknown format in its header"),
    "gone.db-wal": (lambda: b"log", "a log of gone.db, which is not there"),
}  # fmt: skip


def test_bad_files_are_named_and_the_others_are_drafted(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "good.csv").write_text("id,name\n1,a\n2,b\n")
    (sources / "folder.csv").mkdir()
    os.mkfifo(sources / "pipe.csv")
    (sources / "link.csv").symlink_to("nowhere.csv")
    for name, (make, _) in FILES.items():
        (sources / name).write_bytes(make())
    draft = draft_project(tmp_path / "good-data", sources)
    told = [line for line in draft.report if line.startswith(("refused: ", "left out: "))]
    for name, (_, words) in FILES.items():
        (line,) = (
            line for line in told if line.split(": ", 1)[1].startswith((f"{name} ", f"{name},"))
        )
        assert words in line
        assert str(tmp_path) not in line
    for name in ("folder.csv, a folder", "pipe.csv, no file", "link.csv, no file"):
        assert any(line.startswith(f"left out: {name}") for line in told)
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    assert [*built.manifest.tables] == ["good"]


def test_empty_groups_of_parquet_are_no_damage(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = pa.table({"n": list(range(5))})
    sources = tmp_path / "sources"
    sources.mkdir()
    with parquet.ParquetWriter(sources / "groups.parquet", rows.schema) as writer:
        for part in (rows.slice(0, 0), rows, rows.slice(0, 0)):
            writer.write_table(part)
    draft = draft_project(tmp_path / "groups-data", sources)
    assert "groups: 5 rows of groups.parquet, model Group" in draft.report
