"""Tables of dBase and FoxPro: every value of every type, their memos, and what is refused."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.dbase import DbaseOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SourceError

DBASE_3, DBASE_3_MEMO, DBASE_4_MEMO, FOXPRO_2_MEMO, FOXPRO = 0x03, 0x83, 0x8B, 0xF5, 0x30

Field = tuple[str, str, int]


def write_table(
    path: Path,
    fields: list[Field],
    *rows: list[bytes],
    version: int = DBASE_3,
    language: int = 0,
    flags: tuple[int, ...] = (),
    deleted: frozenset[int] = frozenset(),
) -> Path:
    """A table; fields are names, types and widths, values are padded at their end."""
    start = 32 * len(fields) + 33
    width = 1 + sum(size for *_, size in fields)
    head = struct.pack("<4BLHH17xBxx", version, 122, 1, 1, len(rows), start, width, language)
    content = bytearray(head)
    for (name, kind, size), flag in zip(fields, flags or (0,) * len(fields), strict=True):
        content += struct.pack("<11sc4xBBB13x", name.encode(), kind.encode(), size, 0, flag)
    content += b"\r"
    for number, row in enumerate(rows):
        content += b"*" if number in deleted else b" "
        for (*_, size), value in zip(fields, row, strict=True):
            content += value.ljust(size)
    path.write_bytes(content + b"\x1a")
    return path


def read_table(path: Path) -> list[list[Any]]:
    with DbaseOpener(SourceFile(path, path.name, "dbase"))() as records:
        return [*records]


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("C", b"  Zo  ", "  Zo"),
        ("C", b"      ", None),
        ("C", b"ab\0\0\0\0", "ab"),
        ("N", b"    12", 12),
        ("N", b"   1.5", 1.5),
        ("N", b"  -.25", -0.25),
        ("N", b"1.50e3", 1500.0),
        ("N", b"      ", None),
        ("N", b"******", None),
        ("N", b"\0\0\0\0\0\0", None),
        ("N", b"12345678901234567890", 12345678901234567890),
        ("N", b"0.1234567890123456789", Decimal("0.1234567890123456789")),
        ("F", b" 2.00000000000e+01", 20.0),
        ("D", b"20200131", date(2020, 1, 31)),
        ("D", b"00000000", None),
        ("D", b"        ", None),
        ("D", b"20200230", "20200230"),
        ("L", b"T", True),
        ("L", b"n", False),
        ("L", b"?", None),
    ],
)
def test_values_are_what_is_written(tmp_path: Path, kind: str, written: bytes, value: Any) -> None:
    path = write_table(tmp_path / "t.dbf", [("X", kind, len(written))], [written])
    [[found]] = read_table(path)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("I", struct.pack("<l", -7), -7),
        ("B", struct.pack("<d", 0.1), 0.1),
        ("Y", struct.pack("<q", 12345), Decimal("1.2345")),
        ("T", struct.pack("<ll", 2_458_880, 36_000_000), datetime(2020, 1, 31, 10)),
        ("T", bytes(8), None),
    ],
)
def test_values_of_foxpro_are_read(tmp_path: Path, kind: str, written: bytes, value: Any) -> None:
    fields = [("X", kind, len(written)), ("_NullFlags", "0", 1)]
    flags = (2, 1)
    path = write_table(
        tmp_path / "t.dbf",
        fields,
        [written, b"\0"],
        [written, b"\1"],
        version=FOXPRO,
        flags=flags,
    )
    assert read_table(path) == [[value], [None]]


@given(
    st.lists(
        st.tuples(*(st.none() | st.text("aé ", max_size=8),) * 2, st.none() | st.binary(max_size=4))
    ),
    st.tuples(*(st.sampled_from([0, 2]),) * 3),
)
def test_texts_of_foxpro_with_lengths_of_their_own_are_read(
    tmp_path_factory: Any, rows: list[tuple[Any, ...]], flags: tuple[int, ...]
) -> None:
    """A bit of the hidden field says that a value is short, and the next that it is null."""
    sizes = (4, 9, 4)
    fields = [("A", "V", 4), ("B", "V", 9), ("C", "Q", 4), ("_NullFlags", "0", 1)]
    meant, written = [], []
    for row in rows:
        bits, place, values, cells = 0, 0, [], []
        for value, size, flag in zip(row, sizes, flags, strict=True):
            content = value.encode("cp1252")[:size] if isinstance(value, str) else value or b""
            is_short = len(content) < size
            bits |= is_short << place
            bits |= (value is None and bool(flag)) << place + 1
            place += 2 if flag else 1
            cells.append(content.ljust(size - 1, b"#") + bytes([len(content)]) * is_short)
            found = content if size == 4 and len(values) == 2 else content.decode("cp1252")
            values.append(None if value is None and flag else found)
        meant.append(values)
        written.append([*cells, bytes([bits])])
    path = tmp_path_factory.mktemp("t") / "t.dbf"
    write_table(path, fields, *written, version=FOXPRO, language=0x03, flags=(*flags, 1))
    assert read_table(path) == meant


def test_numbers_that_had_no_room_are_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    fields = [("A", "N", 3), ("B", "F", 3), ("C", "C", 3), ("D", "N", 3)]
    rows = [[b"1", b"***", b"***", b"2"], [b"***", b"***", b"", b""], [b"***", b"", b"", b"***"]]
    path = tmp_path / "in/t.dbf"
    write_table(path, fields, *rows, deleted=frozenset({2}))
    assert read_table(path) == [[1, None, "***", 2], [None, None, None, None]]
    report = "\n".join(draft_project(tmp_path / "t-data", path.parent).report)
    told = "written as asterisks, which stand for no value or for one that had no room, become"
    assert f"note: A: 1 number {told}s NULL\n" in report
    assert f"note: B: 2 numbers {told} NULL" in report
    assert report.count(told) == 2


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)))
def test_no_digit_of_a_number_is_lost(tmp_path_factory: Any, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("t") / "t.dbf"
    write_table(path, [("X", "N", 30)], *([repr(value).rjust(30).encode()] for value in values))
    assert read_table(path) == [[value] for value in values]


def test_one_text_that_is_no_date_makes_texts_of_all(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    rows = [[b"20200131"], [b"20200230"], [b""]]
    path = write_table(tmp_path / "in" / "t.dbf", [("X", "D", 8)], *rows)
    assert read_table(path) == [["20200131"], ["20200230"], [None]]
    drafted = draft_project(tmp_path / "t-data", path.parent)
    assert "  note: X: '20200230' is not a date, so all stay texts" in drafted.report
    assert build_dataset(ProjectSettings.from_pyproject(drafted.path)).path.is_file()
    write_table(path, [("X", "D", 8)], *rows, deleted=frozenset({1}))
    assert read_table(path) == [[date(2020, 1, 31)], [None]]


def test_deleted_rows_are_left_out_and_told(tmp_path: Path) -> None:
    rows = [[str(number).encode()] for number in range(3)]
    (tmp_path / "in").mkdir()
    path = write_table(tmp_path / "in" / "t.dbf", [("X", "N", 5)], *rows, deleted=frozenset({1}))
    with DbaseOpener(SourceFile(path, path.name, "dbase"))() as records:
        assert [*records.numbered()] == [(1, [0]), (3, [2])]
    drafted = draft_project(tmp_path / "t-data", path.parent)
    assert "  note: 1 row marked as deleted left out" in drafted.report


@pytest.mark.parametrize(
    ("language", "page", "text"),
    [
        (0x57, "", "Nação"),
        (0xC9, "", "Уфа"),
        (0x7B, "", "東京"),
        (0x57, "UTF-8", "東京"),
        (0x57, "1251", "Уфа"),
        (0, "ANSI 1252", "Nação"),
        (0, "88591", "Nação"),
        (0, "885915", "5 €"),
        (0, "", "東京"),
    ],
)
def test_texts_are_in_the_encoding_that_is_told(
    tmp_path: Path, language: int, page: str, text: str
) -> None:
    pages = {"UTF-8": "utf-8", "1251": "cp1251", "ANSI 1252": "cp1252"}
    encoding = {**pages, "88591": "latin-1", "885915": "iso8859-15"}.get(page)
    by_language = {0x57: "cp1252", 0xC9: "cp1251", 0x7B: "cp932", 0: "utf-8"}[language]
    written = text.encode(encoding or by_language)
    path = write_table(tmp_path / "t.dbf", [("X", "C", 20)], [written], language=language)
    if page:
        path.with_suffix(".cpg").write_text(page)
    with DbaseOpener(SourceFile(path, path.name, "dbase"))() as records:
        assert [*records] == [[text]]
        told = f"its texts are read in {by_language}, as it says"
        assert records.notes == ((told,) if language and not page else ())


def test_a_text_in_another_encoding_is_told_with_the_remedy(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.dbf", [("X", "C", 20)], ["Nação".encode("cp1252")])
    with pytest.raises(
        SourceError, match=r"^t\.dbf, row 1, field X: its text is not in utf-8"
    ) as told:
        read_table(path)
    assert "t.cpg" in told.value.hint
    path.with_suffix(".cpg").write_text("cp1252")
    assert read_table(path) == [["Nação"]]
    path.with_suffix(".cpg").write_text("klingon")
    with pytest.raises(SourceError, match=r"t\.cpg says the encoding 'klingon'"):
        read_table(path)


LONG = "A memo that is longer than one block of 512 bytes. " * 20


def write_memos(path: Path, version: int) -> Path:
    """A table with two memos, and the file of them; the second is one character long."""
    blocks = []
    content = bytearray(512)
    if version in (FOXPRO, FOXPRO_2_MEMO):
        struct.pack_into(">H", content, 6, 64)
    if version == DBASE_4_MEMO:
        struct.pack_into("<H", content, 20, 512)
    size = 64 if version in (FOXPRO, FOXPRO_2_MEMO) else 512
    for text in (LONG, "b"):
        content += bytes(-len(content) % size)
        blocks.append(len(content) // size)
        if version == DBASE_3_MEMO:
            content += text.encode() + b"\x1a\x1a"
        elif version == DBASE_4_MEMO:
            content += b"\xff\xff\x08\0" + struct.pack("<l", len(text) + 8) + text.encode()
        else:
            content += struct.pack(">ll", 1, len(text)) + text.encode()
    path.with_suffix(".fpt" if size == 64 else ".dbt").write_bytes(content)
    is_binary = version == FOXPRO
    written = [struct.pack("<l", n) if is_binary else b"%10d" % n for n in (*blocks, 0)]
    fields = [("X", "M", 4 if is_binary else 10)]
    return write_table(path, fields, *([each] for each in written), version=version)


@pytest.mark.parametrize("version", [DBASE_3_MEMO, DBASE_4_MEMO, FOXPRO_2_MEMO, FOXPRO])
def test_memos_are_read_from_the_file_beside_the_table(tmp_path: Path, version: int) -> None:
    path = write_memos(tmp_path / "t.dbf", version)
    assert read_table(path) == [[LONG], ["b"], [None]]
    [memos] = (each for each in tmp_path.iterdir() if each != path)
    source = SourceFile(path, path.name, "dbase")
    assert source.files == (path, memos)
    memos.write_bytes(memos.read_bytes()[:600])
    with pytest.raises(SourceError, match="its memo is not in the file of memos, or cut off"):
        read_table(path)
    memos.unlink()
    with pytest.raises(SourceError, match="has memos, whose file is not beside it") as told:
        read_table(path)
    assert "t.dbt or t.fpt" in told.value.hint


@pytest.mark.parametrize("version", [DBASE_3_MEMO, DBASE_4_MEMO, FOXPRO_2_MEMO, FOXPRO])
def test_a_project_of_a_shapefile_has_the_memos_of_its_table(tmp_path: Path, version: int) -> None:
    shapefile = pytest.importorskip("shapefile")
    (tmp_path / "in").mkdir()
    with shapefile.Writer(str(tmp_path / "in/t")) as writer:
        writer.field("X")
        for number in range(3):
            writer.point(number, 0)
            writer.record("")
    write_memos(tmp_path / "in/t.dbf", version)
    drafted = draft_project(tmp_path / "t-data", tmp_path / "in")
    built = build_dataset(ProjectSettings.from_pyproject(drafted.path))
    with closing(sqlite3.connect(built.path)) as connection:
        assert connection.execute("SELECT X, geometry FROM t").fetchall() == [
            (LONG, "POINT (0 0)"), ("b", "POINT (1 0)"), (None, "POINT (2 0)"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "written", "message"),
    [
        ("N", b"1,5", "row 1, field X: '1,5' is not a number"),
        ("N", b"0x1", "row 1, field X: '0x1' is not a number"),
        ("L", b"x", "row 1, field X: b'x' is neither true nor false"),
        ("G", b"         1", "its field X holds pictures or other objects"),
        ("W", b"1234", "its field X is of the type 'W'"),
        ("V", b"123\3", "its field X is of the type 'V'"),
    ],
)
def test_what_is_not_understood_is_refused(
    tmp_path: Path, kind: str, written: bytes, message: str
) -> None:
    path = write_table(tmp_path / "t.dbf", [("X", kind, len(written))], [written])
    with pytest.raises(SourceError, match=message):
        read_table(path)


def test_tables_of_another_layout_are_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.dbf", [("X", "C", 5)], [b"a"], version=0x04)
    with pytest.raises(SourceError, match="of dBase 7"):
        read_table(path)
    whole = write_table(path, [("X", "C", 5)], [b"a"]).read_bytes()
    for end in (0, 10, 40, len(whole) - 4):
        path.write_bytes(whole[:end])
        with pytest.raises(SourceError, match=r"^t\.dbf is cut off"):
            read_table(path)
    path.write_bytes(whole[:48] + b"\x09" + whole[49:])
    with pytest.raises(SourceError, match="its fields are wider than its rows"):
        read_table(path)
