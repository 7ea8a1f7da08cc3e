"""Whatever files are like, they become tables that hold what is in them, or are refused by name.

All traits go through one project: drafted, built as it is, and read back.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.report import Draft
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from tests.support.drafts import install_draft
from tests.support.programs import run

pytestmark = pytest.mark.slow

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Trait:
    """A file, and the rows that are read of it; a header of the table where it matters."""

    content: str | bytes
    rows: Rows
    columns: tuple[str, ...] = ()


TRAITS: dict[str, Trait] = {
    # Encodings
    "bom.csv": Trait(b"\xef\xbb\xbfid,n\n1,\xc3\xa9\n", [(1, "é")], ("id", "n")),
    "utf16.csv": Trait("id,n\n1,é\n".encode("utf-16"), [(1, "é")]),
    "utf16 without mark.csv": Trait("id,n\n1,abcdé\n".encode("utf-16-le"), [(1, "abcdé")]),
    "cp1252.csv": Trait("id,n\n1,“é” €\n".encode("cp1252"), [(1, "“é” €")]),
    "mixed.csv": Trait("id,n\n1,é\n".encode() + "2,è\n".encode("latin-1"), [(1, "é"), (2, "è")]),
    "russian.csv": Trait(
        "id,n\n1,Привет мир это проверка кодировки\n".encode("cp1251"),
        [(1, "Привет мир это проверка кодировки")],
    ),
    "polish.csv": Trait(
        "id,n\n1,Łukasz z Łodzi\n2,zażółć gęślą\n".encode("cp1250"),
        [(1, "Łukasz z Łodzi"), (2, "zażółć gęślą")],
    ),
    "macintosh.csv": Trait(
        "id,n\n1,Müller\n2,crème brûlée\n".encode("mac_roman"),
        [(1, "Müller"), (2, "crème brûlée")],
    ),
    "dos.csv": Trait("id,n\n1,Müller in Köln\n".encode("cp850"), [(1, "Müller in Köln")]),
    "koi8.csv": Trait(
        "id,n\n1,Привет мир это проверка кодировки и ещё немного текста\n".encode("koi8-r"),
        [(1, "Привет мир это проверка кодировки и ещё немного текста")],
    ),
    # Lines
    "cr only.csv": Trait(b"id,n\r1,a\r2,b\r", [(1, "a"), (2, "b")]),
    "crlf.csv": Trait(b'id,n\r\n1,"a\r\nb"\r\n\r\n', [(1, "a\r\nb")]),
    "no last newline.csv": Trait("id,n\n1,a", [(1, "a")]),
    "blank first.csv": Trait("\n\nid,n\n\n1,a\n", [(1, "a")]),
    "dos end.csv": Trait("id,n\n1,a\n\x1a", [(1, "a")]),
    # JSON
    "array.json": Trait(
        '\n[\n {"a": 1, "b": [2]},\n {"b": {"c": 3}}\n]\n', [(1, "[2]"), (None, '{"c": 3}')]
    ),
    "packed.json.gz": Trait(gzip.compress(b'[{"a":1},{"a":2}]'), [(1,), (2,)]),
    # Rows
    "short rows.csv": Trait("a,b,c\n1,2,3\n4,5\n6\n", [(1, 2, 3), (4, 5, None), (6, None, None)]),
    "trailing commas.csv": Trait("a,b\n1,2,\n3,4,\n", [(1, 2), (3, 4)]),
    "row names.csv": Trait(
        'x,y\n"r1",1,2\n"r2",3,4\n"r3",5,6\n',
        [("r1", 1, 2), ("r2", 3, 4), ("r3", 5, 6)],
        ("row_name", "x", "y"),
    ),
    # Headers
    "preamble.csv": Trait("Prices of things\n\nday,price,unit\n1,2.5,x\n", [(1, 2.5, "x")]),
    "comments.csv": Trait("# from a to z\nid,n\n1,a\n# the rest\n2,b\n", [(1, "a"), (2, "b")]),
    "no header.csv": Trait("1,a,2.5\n2,b,3.5\n", [(1, "a", 2.5), (2, "b", 3.5)], ("column_1",)),
    "padded twins.csv": Trait("id, a ,a, b\n1,2,3,4\n", [(1, 2, 3, 4)], ("id", "a_2", "a", "b")),
    "spreadsheet.csv": Trait(
        "a,b,c\n1,2,3\n,,\n4,5,6\n7,8,9\n,,\nSource: office\nPreliminary,,\n",
        [
            *(("1", 2, 3), (None,) * 3, ("4", 5, 6), ("7", 8, 9), (None,) * 3),
            *(("Source: office", None, None), ("Preliminary", None, None)),
        ],
    ),
    "years.csv": Trait(
        "place,2019,2020\nx,1.5,2\ny,3,4\n", [("x", 1.5, 2), ("y", 3, 4)], ("place", "_2019")
    ),
    "duplicates.csv": Trait(
        "a,A,a,a_2,,\n1,2,3,4,5,6\n",
        [(1, 2, 3, 4, 5, 6)],
        ("a", "A_3", "a_4", "a_2", "column_5", "column_6"),
    ),
    "reserved.csv": Trait(
        "select,from,class,metadata,None,rowid,group by,__init__,returning\n1,2,3,4,5,6,7,8,9\n",
        [(1, 2, 3, 4, 5, 6, 7, 8, 9)],
    ),
    "overlong.csv": Trait(f"{'how long ' * 50},b\n1,2\n", [(1, 2)]),
    "dates above.csv": Trait(
        "place,2020-01-31,2020-02-29\nx,1,2\ny,3,4\n",
        [("x", 1, 2), ("y", 3, 4)],
        ("place", "_2020_01_31", "_2020_02_29"),
    ),
    "waves above.csv": Trait(
        "probe,400,405.5,410,415\nx,1,3,2,4\ny,3,2,5,1\n",
        [("x", 1, 3, 2, 4), ("y", 3, 2, 5, 1)],
        ("probe", "_400", "_405_5"),
    ),
    "years with spaces.tsv": Trait(
        "geo\\time\t2019 \t2020 \nAT\t1.5 \t: \nBE\t2.5 \t3 p\n",
        [("AT", 1.5, ": "), ("BE", 2.5, "3 p")],
        ("geo_time", "_2019", "_2020"),
    ),
    "of a file.csv": Trait(
        "FMT;700;21;7;20260101;x\nsum;account\n1,50;8400\n2,50;8500\n",
        [(1.5, 8400), (2.5, 8500)],
        ("sum", "account"),
    ),
    "other comments.csv": Trait(
        "; one, two\n; three\nx,y\n1,2\n3,4\n", [(1, 2), (3, 4)], ("x", "y")
    ),
    "odd letters.csv": Trait('"a\nb",Größe (m²),2nd,%,都市\n1,2,3,4,5\n', [(1, 2, 3, 4, 5)]),
    "header only.csv": Trait("a,b\n", [], ("a", "b")),
    # Dialects
    "semicolon.csv": Trait("a;b\n1,5;2\n2,25;3\n", [(1.5, 2), (2.25, 3)]),
    "tab.csv": Trait("a\tb\n1\tx, y\n", [(1, "x, y")]),
    "pipe.csv": Trait("a|b\n1|2\n", [(1, 2)]),
    "commas.tsv": Trait("a,b\n1,2\n", [(1, 2)]),
    "excel hint.csv": Trait("sep=;\na;b\n1;2\n", [(1, 2)]),
    "single quotes.csv": Trait("'a','b'\n1,'x, y'\n", [(1, "x, y")]),
    "spaced.csv": Trait('"a", "b"\n1, "x, y"\n', [(1, "x, y")]),
    "spaces.csv": Trait("1.5 2.5 3\n4.5  5.5 6\n", [(1.5, 2.5, 3), (4.5, 5.5, 6)]),
    "aligned.csv": Trait(
        "id   name     value\n1    Anna     10.5\n10   Ben       9\n",
        [(1, "Anna", 10.5), (10, "Ben", 9)],
    ),
    "separators.csv": Trait("a\x1fb\n1\x1fx\n", [(1, "x")]),
    "sentences.csv": Trait(
        "place\nParis, France\nBerlin, Germany\nRome\n",
        [("Paris, France",), ("Berlin, Germany",), ("Rome",)],
        ("place",),
    ),
    "backslashes.csv": Trait('a,b\n1,"say \\"hi\\", you"\n', [(1, 'say "hi", you')]),
    "stray quotes.tsv": Trait('a\tb\n1\t"x" y\n2\t"\n', [(1, '"x" y'), (2, '"')]),
    "swallowing quotes.tsv": Trait(
        'sign\tname\n"\tprimary\n\n%\tsecondary\n_"\tcentral\n',
        [('"', "primary"), ("%", "secondary"), ('_"', "central")],
    ),
    "one column.csv": Trait("name\nx, y\nz\n", [("x, y",), ("z",)]),
    # Values
    "numbers.csv": Trait(
        "big,long,exp,plus,zeros,neg,tenth,hex\n"
        "9223372036854775808,9223372036854775807,1e5,+1,007,-0,0.1,0xff\n",
        [("9223372036854775808", "9223372036854775807", 1e5, "+1", "007", -0.0, 0.1, "0xff")],
    ),
    "sections.csv": Trait(
        "chap,size\n1.1,1.5\n1.2,2.25\n1.9,2.75\n1.11,3.5\n2.1,1.1\n",
        [("1.1", 1.5), ("1.2", 2.25), ("1.9", 2.75), ("1.11", 3.5), ("2.1", 1.1)],
    ),
    "formatted.csv": Trait(
        'a,b,c\n"1,234",50%,$3\n"2,345",60%,€4\n', [("1,234", "50%", "$3"), ("2,345", "60%", "€4")]
    ),
    "german.csv": Trait(
        "a;b;c;d\n1.234,50;1,23;7; 8 \n2,5;3;-0,5;19\n",
        [(1234.5, 1.23, 7, 8), (2.5, 3, -0.5, 19)],
    ),
    "thousands.csv": Trait(
        'a,b\n"1,234,567","1,234"\n12,"2,345"\n', [(1234567, "1,234"), (12, "2,345")]
    ),
    "exceptions.csv": Trait(
        "a,b,c,d,e,f\n1,2020-01-01,10:00,31.12.19, ,x\nTBD,open,23:59,1.1.20,1,7\n"
        "2,2020-01-03,00:00,2.2.20,2,9a\n"
        "3,2020-01-04,00:01,3.3.20,3,8\n",
        [
            ("1", "2020-01-01", "10:00", "31.12.19", " ", "x"),
            ("TBD", "open", "23:59", "1.1.20", "1", "7"),
            ("2", "2020-01-03", "00:00", "2.2.20", "2", "9a"),
            ("3", "2020-01-04", "00:01", "3.3.20", "3", "8"),
        ],
    ),
    "not finite.csv": Trait(
        "a,b,c\n1.5,NaN,inf\nInfinity,2,-Inf\n", [("1.5", "NaN", "inf"), ("Infinity", "2", "-Inf")]
    ),
    "nothing.csv": Trait(
        "a,b,c,d,e,f\n1,NA,NULL,-,?,.\n2,1,2,3,4,5\n",
        [(1, "NA", "NULL", "-", "?", "."), (2, "1", "2", "3", "4", "5")],
    ),
    "booleans.csv": Trait(
        "a,b,c,d,e\ntrue,yes,Y,0,t\nFALSE,No,N,1,f\n",
        [("true", "yes", "Y", 0, "t"), ("FALSE", "No", "N", 1, "f")],
    ),
    "dates.csv": Trait(
        "iso,compact,dmy,mdy,vague,dots,slashes,words,stamp,year,clock\n"
        "2020-01-31,20200131,31/12/2020,12/31/2020,1/2/2020,31.12.2020,2020/12/31,"
        '"Jan 5, 2020",2020-01-31T10:00:00Z,2020,10:00\n',
        [
            (
                "2020-01-31",
                20200131,
                "2020-12-31",
                "2020-12-31",
                "1/2/2020",
                "2020-12-31",
                "2020-12-31",
                "2020-01-05",
                "2020-01-31 10:00:00.000000",
                2020,
                "10:00",
            )
        ],
    ),
    "moments.csv": Trait(
        "id,at\n1,31.12.2020 23:59\n2,1.1.2021 0:00\n",
        [(1, "2020-12-31 23:59:00.000000"), (2, "2021-01-01 00:00:00.000000")],
    ),
    "same moments.csv": Trait(
        "at,n\n2020-01-31T10:00:00Z,1\n2020-01-31T11:00:00+01:00,2\n",
        [("2020-01-31 10:00:00.000000", 1), ("2020-01-31 10:00:00.000000", 2)],
    ),
    "long cell.csv": Trait(f"id,t\n1,{'x' * (1 << 20)}\n", [(1, "x" * (1 << 20))]),
    # JSON Lines
    "lines.jsonl": Trait(
        '{"a": 1, "b": {"c": [1, 2]}, "A": "x", "": 2, "odd key": null}\n'
        '{"a": "one", "b": 2.5, "new": 12345678901234567890}\n',
        [
            ("1", '{"c": [1, 2]}', "x", 2, None, None),
            ("one", 2.5, None, None, None, "12345678901234567890"),
        ],
        ("a", "b", "A_2", "column_4", "odd key", "new"),
    ),
    "array.jsonl": Trait('[{"a": 1},\n {"a": 2}]\n', [(1,), (2,)]),
    "pair.jsonl": Trait('{"a": "\\ud83d\\ude00"}\n', [("😀",)]),
    # File names
    "2021 Data (final).csv": Trait("a\n1\n", [(1,)]),
    "select.csv": Trait("a\n1\n", [(1,)]),
    "class.csv": Trait("a\n1\n", [(1,)]),
    "都市.csv": Trait("a\n1\n", [(1,)]),
    "élan.csv": Trait("a\n1\n", [(1,)]),
    "sqlite_master.csv": Trait("a\n1\n", [(1,)]),
    "v1.2.data.CSV": Trait("a\n1\n", [(1,)]),
    "zipped.csv.gz": Trait(gzip.compress(b"a\n1\n"), [(1,)]),
}
LABELS = ("it's", 'say "hi"', "a long label of forty characters, or so", "都市", "x", "y" * 20)
STAFF = [(n, n // 2 or None, LABELS[n % 6], "AB"[n % 2]) for n in range(1, 201)]
staff = io.StringIO()
csv.writer(staff).writerows([("id", "manager_id", "kind", "class"), *STAFF])
TRAITS["staff.csv"] = Trait(staff.getvalue(), [*STAFF])
LEVELS = [(n, ("low", "high")[n % 2]) for n in range(1, 101)]
TRAITS["countries and territories taxonomy of all.csv"] = Trait(
    "id,world bank income level\n" + "".join(f"{n},{level}\n" for n, level in LEVELS), LEVELS
)
for width in (300, 1998):
    TRAITS[f"wide {width}.csv"] = Trait(
        ",".join(f"c{n}" for n in range(width)) + "\n" + ",".join(map(str, range(width))) + "\n",
        [tuple(range(width))],
    )

archive = io.BytesIO()
with zipfile.ZipFile(archive, "w") as members:
    members.writestr("a.csv", "a\n1\n")
    members.writestr("b.csv", "b\n2\n")

REFUSED = {
    "sheet.xlsx": (b"PK", "cannot be read"),
    "long rows.csv": (b"a,b\n1,2\n3,4,5\n", "line 3: 3 fields where the header has 2"),
    "nul.csv": (b"a,b\n1,x\0y\n", "line 2: a NUL character"),
    "open quote.csv": (
        b'a,b\n1,"x\n2,y\n',
        "open quote.csv, line 2: a quote is opened and not closed",
    ),
    "too wide.csv": (
        b",".join(b"c%d" % n for n in range(2001)) + b"\n",
        "2,001 columns, where SQLite has room for 1,998",
    ),
    "members.zip.csv.zip": (archive.getvalue(), "holds 2 files"),
    "really gz.csv": (gzip.compress(b"a\n1\n"), "Call it really gz.csv.gz."),
    "really plain.csv.gz": (b"a\n1\n", "Call it really plain.csv."),
    "page.csv": (b"<!DOCTYPE html><html></html>", "a web page"),
    "latin.jsonl": ('{"a": "é"}\n'.encode("latin-1"), "is not UTF-8, as JSON is"),
    "twice.jsonl": (b'{"a": 1, "a": 2}\n', "line 1: key 'a' is there twice"),
    "nan.jsonl": (b'{"a": NaN}\n', "line 1: NaN is not JSON, which has null for it"),
    "broken.jsonl": (b'{"a": 1}\nnot json\n', "broken.jsonl, line 2"),
    "comments only.tsv": (b"# a\n# b\tc\n#\n", "comments only.tsv"),
    "half.jsonl": (b'{"a": "\\ud83d"}\n', r"line 1: '\ud83d' is half of a character"),
}
LEFT_OUT = {
    "empty.csv": (b"", "empty"),
    "blank.csv": (b" \n\n", "empty"),
    "README.md": (b"# Birds", "of no format that is read"),
    ".hidden.csv": (b"a\n1\n", "hidden"),
    "no rows.json": (b"[]", "empty"),
    "pairs.json": (b"[[1, 2]]", "but not of objects; write one object for each row"),
    "lines.json": (b'{"a": 1}\n{"a": 2}\n', "JSON Lines; call it .jsonl"),
    "map.json": (b'{"type": "FeatureCollection", "features": []}', "GeoJSON; call it .geojson"),
    "cut.json": (b'{"a": ', "JSON, but damaged"),
    "nothing.parquet": (b"", "empty"),
}


@pytest.fixture(scope="module")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Draft:
    folder = tmp_path_factory.mktemp("messy")
    for name, trait in TRAITS.items():
        content = trait.content
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, (data, _) in {**REFUSED, **LEFT_OUT}.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    (folder / "dangling.csv").symlink_to(folder / "nothing.csv.gone")
    os.mkfifo(folder / "fifo.csv")
    return draft_project(tmp_path_factory.mktemp("drafts") / "messy-data", folder)


@pytest.fixture(scope="module")
def database(draft: Draft) -> Iterator[sqlite3.Connection]:
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        yield connection


@pytest.fixture(scope="module")
def table_of(draft: Draft) -> dict[str, str]:
    """File name to the table that the report says was made of it."""
    told = [re.fullmatch(r"(\S+): [\d,]+ rows? of (.+), model \w+", line) for line in draft.report]
    return {match[2]: match[1] for match in told if match}


@pytest.mark.parametrize("name", TRAITS)
def test_a_table_holds_what_its_file_holds(
    name: str, database: sqlite3.Connection, table_of: dict[str, str]
) -> None:
    trait = TRAITS[name]
    rows = database.execute(f'SELECT * FROM "{table_of[name]}"')
    columns = [column for column, *_ in rows.description]
    added = len(columns) - len(trait.rows[0]) if trait.rows else len(columns) - len(trait.columns)
    assert [row[added:] for row in rows] == trait.rows
    assert tuple(columns[added : added + len(trait.columns)]) == trait.columns


def test_what_cannot_be_loaded_is_refused_with_the_place_or_what_to_do(draft: Draft) -> None:
    refused = [line for line in draft.report if line.startswith("refused: ")]
    assert len(refused) == len(REFUSED)
    for name, (_, told) in REFUSED.items():
        (line,) = [line for line in refused if name in line]
        assert told in line


def test_what_makes_no_table_is_told(draft: Draft) -> None:
    left_out = dict(
        line.removeprefix("left out: ").split(", ", 1)
        for line in draft.report
        if line.startswith("left out: ")
    )
    assert left_out.keys() == {*LEFT_OUT, "folder", "dangling.csv", "fifo.csv"}
    for name, (_, told) in LEFT_OUT.items():
        assert told in left_out[name]


def test_the_report_tells_what_was_unusual_and_what_only_the_author_knows(draft: Draft) -> None:
    report = "\n".join(draft.report)
    for told in (
        "manager_id: integer, may be empty, refers to staff.id (by its name and all of its values)",
        "class: text of up to 1 character, one of A, B",
        "UTF-8, but for 1 line (the first is 3), read as cp1252",
        "cp1252, as line 2 is not UTF-8",
        "2 rows have another number of fields than the header (line 3 is the first)",
        "left out in front of the header: 1 line",
        "one column: commas and the like belong to its texts",
        "would be integer except for NaN (1 row); if it is not a value, draft with --null NaN",
        "would be number except for Infinity (1 row); to keep infinite numbers, set",
        'would be dates, but nothing tells in which format; set `formats.vague = "%d/%m/%Y"`',
        "would be number, but nothing tells",
        "would be integer except for TBD (1 row); if it is not a value, draft with --null TBD",
        "would be date except for open (1 row); if it is not a value, draft with --null open",
        "would be times of day; put Time in the model",
        'of which those from 69 on are of the last century; set `formats.d = "%d.%m.%y"`',
        "would be integer except for ' ' (1 row); if it is not a value, draft with --null ' '",
        "a: number, written 1.234,5",
        "2 rows hold nothing at all",
        ", footer: 'Source: office",
        "vague: text of up to 8 characters",
        "dmy: date, written %d/%m/%Y",
        " to c299, ",
    ):
        assert told in report, told
    assert len(draft.report) < 500


@pytest.mark.once
def test_a_project_of_messy_files_passes_its_checks_builds_installs_and_answers(
    draft: Draft, table_of: dict[str, str], tmp_path: Path
) -> None:
    venv = install_draft(draft.path, tmp_path)
    run(venv.python, "-m", "microcosm_sqlite", "verify", "messy", cwd=tmp_path)
    for name, trait in TRAITS.items():
        query = f'SELECT * FROM "{table_of[name]}"'
        command = ["-m", "microcosm_sqlite", "query", "messy", "--json", query]
        rows = json.loads(run(venv.python, *command, cwd=tmp_path))
        found = [tuple(row.values()) for row in rows]
        assert [row[len(row) - len(trait.rows[0]) :] for row in found] == trait.rows
