"""Where the header of a file is, and that every guess is told."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files.file_kind import (
    describe_unread,
    refuse_disguise,
)
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.impostors import advise_impostor
from microcosm_sqlite.errors import SourceError


def sniff_text(folder: Path, text: str | bytes) -> RawFile:
    path = folder / "t.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    raw = sniff(path)
    assert isinstance(raw, RawFile)
    return raw


@pytest.mark.parametrize(
    "first",
    [
        "7,2020-01-05,,ann,true",
        ",2020-01-05,2020-02-01,ann,false",
        "7,NA,NA,ann,",
        "1e5,2020-01-05,2020-02-01,,true",
    ],
)
def test_a_first_row_of_the_kinds_of_those_below_is_data(tmp_path: Path, first: str) -> None:
    below = "8,2020-01-06,2020-02-01,ben,false\n9,NA,2020-02-02,carl,true\n"
    raw = sniff_text(tmp_path, f"{first}\n{below}")
    with raw.open_rows() as rows:
        assert next(iter(rows)) == first.split(",")
    assert any(note.startswith("no header: ") for note in raw.notes)


@pytest.mark.parametrize(
    "text",
    [
        "anna,2024-01-05T10:00:00Z\nben,2024-01-06T11:00:00+01:00\n",
        "anna,5 Jan 2024\nben,6 Feb 2024\n",
        "anna,true\nben,false\n",
        "0\n1\n2\n",
        "6f1c1f2e-8c1b-4c8e-9a63-0d9a2a0c5a11,a\n7f1c1f2e-8c1b-4c8e-9a63-0d9a2a0c5a12,b\n",
        "ann@example.org,a\nben@example.org,b\n",
        "€3,a\n€4,b\n",
        "1,2020-01-05,ann\n",
        "1,2020-01-05,ann\n,,\n,,\n",
        "7\n",
    ],
)
def test_moments_booleans_counts_and_lone_rows_stay_data(tmp_path: Path, text: str) -> None:
    raw = sniff_text(tmp_path, text)
    assert raw.options.header is False
    with raw.open_rows() as rows:
        assert len([*rows]) == text.count("\n")


COMMENTS = ["# made by a, b\n", "# of 2020\n# by a, b\n", "# a\n\n# by a, b, c\n"]


@pytest.mark.parametrize("comment", COMMENTS)
@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("", "-1.5\n2.5\n3.5\n"),
        ("size\n", "-1.5\n2.5\n"),
        ("size,name\n", "1.5,a\n2.5,b\n"),
    ],
)
def test_comments_in_front_of_a_table_are_neither_its_header_nor_its_rows(
    tmp_path: Path, comment: str, head: str, rows: str
) -> None:
    raw = sniff_text(tmp_path, f"{comment}{head}{rows}")
    assert raw.options.header is bool(head)
    assert not head or raw.header == tuple(head.strip().split(","))
    with raw.open_rows() as opened:
        assert len([*opened]) == rows.count("\n")


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("Report of things\n# by a, b\nname,size\nx,1\n# or so\ny,2\n", ("name", "size")),
        ("# by a, b\nname,size\nx,1\n# or so\ny,2\n", ("name", "size")),
        ("name,size\n# by a, b, c\nx,1\ny,2\n", ("name", "size")),
    ],
)
def test_comments_may_be_anywhere(tmp_path: Path, text: str, header: tuple[str, ...]) -> None:
    raw = sniff_text(tmp_path, text)
    assert raw.header == header
    with raw.open_rows() as rows:
        assert [row[0] for row in rows] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("place,2019,2020\nx,1.5,2\ny,3,4\n", "could be data: 2019, 2020"),
        ("0,1,2\n5,6,7\n8,9,3\n", "could be data: 0, 1, 2"),
        ("0,1,2,3\n5,6,7,1\n", "could be data: 0, 1, 2, and more"),
        (",0\na,1.5\nb,2.5\n", "could be data: 0"),
        ("a,b\n", "the only row is taken for the header"),
        ("name,b\nx,1\n", ""),
        (",a\n0,x\n1,y\n", ""),
        ("anna,berlin\nben,paris\n", "nothing tells whether it is one"),
    ],
)
def test_a_doubtful_header_is_told(tmp_path: Path, text: str, note: str) -> None:
    raw = sniff_text(tmp_path, text)
    assert raw.options.header is True
    assert raw.notes[0].endswith(note) if note else not raw.notes


@pytest.mark.parametrize(
    "preamble",
    [
        ["Measured by Anna, on a Monday, in March, early"],
        ["notes", "more notes,written here"],
        ["notes", "more notes,written here", "a,b,c,d,e"],
        ["", "one", ""],
        ["Report of things, 2020"],
        ["Report of things, 2020", ",,"],
        ["Report of things, 2020", "Berlin, May", ""],
    ],
)
def test_notes_of_other_widths_stand_in_front_of_a_table(
    tmp_path: Path, preamble: list[str]
) -> None:
    table = ["number,text,day", "1.5,a,2020-01-01", "2.5,b,2020-01-02", "3.5,c,2020-01-03"]
    raw = sniff_text(tmp_path, "\n".join([*preamble, *table, ""]))
    assert raw.header == ("number", "text", "day")
    assert raw.notes[0].startswith("left out in front of the header: ")


def test_a_header_that_lacks_the_name_of_rows_is_no_title(tmp_path: Path) -> None:
    raw = sniff_text(tmp_path, "size,age\nann,1.5,7\nben,2.5,8\ncarl,3.5,9\n")
    assert raw.header == ("row_name", "size", "age")


@pytest.mark.parametrize(
    ("names", "header"),
    [
        ("Temp Max,dose(mg)", ("row_name", "Temp Max", "dose(mg)")),
        ("v,V", ("row_name", "v", "V")),
        ("v,v", ("row_name", "v", "v_2")),
        ("v,", ("row_name", "v", "column_3")),
    ],
)
def test_the_names_beside_that_of_rows_stay_where_they_differ(
    names: str, header: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "t.csv").write_text(f"{names}\nann,1.5,7\nben,2.5,8\ncarl,3.5,9\n")
    raw = sniff(tmp_path / "in" / "t.csv")
    assert isinstance(raw, RawFile)
    assert raw.header == header
    project = draft_project(tmp_path / "t-data", tmp_path / "in").path
    built = build_dataset(ProjectSettings.from_pyproject(project))
    with closing(sqlite3.connect(built.path)) as connection:
        assert connection.execute("SELECT * FROM t").fetchone() == (1, "ann", 1.5, 7)


def test_a_comma_in_a_title_does_not_part_the_fields_below(tmp_path: Path) -> None:
    text = "Created on 3.1.2020, by Anna\nname;value\na;1,5\nb;2,5\n"
    raw = sniff_text(tmp_path, text)
    assert (raw.options.delimiter, raw.header) == (";", ("name", "value"))


def test_notes_may_follow_a_table_below_a_title(tmp_path: Path) -> None:
    raw = sniff_text(tmp_path, "By Anna, on Monday, March 2\nx,y\n1,2\n3,4\n5,6\nthe end\n")
    assert raw.header == ("x", "y")


def test_a_header_that_is_wider_than_rows_of_text_stays(tmp_path: Path) -> None:
    raw = sniff_text(tmp_path, "name,town,note\nann,rome\nben,paris\ncarl,oslo\n")
    assert raw.header == ("name", "town", "note")


@pytest.mark.parametrize(
    ("text", "delimiter", "width"),
    [
        ("root:x:0:0::/root:/bin/sh\nbin:x:2:2::/bin:/bin/sh\n", ":", 7),
        ("name:age\nann:7\nben:8\n", ":", 2),
        ("2020-01-01T12:30:00\n2020-01-01T12:31:00\n", ",", 1),
        ("12:30:00 PM\n1:30:00 AM\n", ",", 1),
        ("00:1B:44:11:3A:B7\n00:1B:44:11:3A:B8\n", ",", 1),
        ("url\nhttp://a.example/x\nhttp://b.example/y\n", ",", 1),
        ("title\nAlien: Covenant\nMission: Impossible\n", ",", 1),
        ("name: ann\nage: 7\ncity: Rome\n", ",", 1),
        ("a,b,c\\t\t2019\nx,y,z\t1.5\nx,y,w\t2.5\n", "\t", 2),
        ('::1 [10/Oct/2000:13:55:36] "GET /a"\n::2 [10/Oct/2000:13:55:37] "GET /b"\n', " ", 3),
        ("id name size age\n1 ann 2.5 7\n2 ben 3.5 8\n", " ", 4),
        (" id name size age\n1 ann 2.5 7\n2 ben 3.5 8\n", " ", 4),
        ("size age dose\nann 2.5 7 1\nben 3.5 8 2\ncarl 1.5 9 2\n", " ", 4),
        ("date of last visit\n12 March 1980 10:00\n13 March 1980 11:00\n", ",", 1),
        ("name of the car\nFord 100 E 7\nVW 200 B 8\n", ",", 1),
        ("size in feet\n5 ft 10\n6 ft 11\n", ",", 1),
        ('mpg cyl\n"Mazda RX4" 21 6\n"Datsun 710" 22.8 4\n', " ", 3),
    ],
)
def test_colons_and_blanks_part_fields_where_they_can_be_nothing_else(
    tmp_path: Path, text: str, delimiter: str, width: int
) -> None:
    raw = sniff_text(tmp_path, text)
    assert (raw.options.delimiter, len(raw.header)) == (delimiter, width)


FRONT = "id,name,day\n1,a,2020-01-01\n2,b,2020-01-02\n3,c,2020-01-03\n"


@pytest.mark.parametrize(
    ("front", "told"),
    [
        (
            "region,people\nNorth,100\nSouth,200\n\n",
            (
                "4 lines (line 1 is 'region,people'); lines 1 to 3 are a table of 2 columns "
                "(region, people) and 2 rows: save it as a file of its own to load it"
            ),
        ),
        ("Report, 2020\nall numbers\n", "2 lines (line 1 is 'Report, 2020')"),
        ("Units: mm\nland, sea\nMissing: -999\n", "3 lines (line 1 is 'Units: mm')"),
        ('"TOA5","CR1000","7","x"\n', '1 line (line 1 is \'"TOA5","CR1000","7","x"\')'),
    ],
)
def test_what_is_in_front_of_the_header_is_told(tmp_path: Path, front: str, told: str) -> None:
    raw = sniff_text(tmp_path, front + FRONT)
    assert raw.header == ("id", "name", "day")
    assert f"left out in front of the header: {told}" in raw.notes


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name\nann\n\nben\n\n\ncid\n\n", "3 blank lines are not rows (line 3 is the first)"),
        ("size\n1.5\n\n2.5\n", "1 blank line is not a row (line 3 is the first)"),
    ],
)
def test_blank_lines_of_one_column_are_told(tmp_path: Path, text: str, told: str) -> None:
    raw = sniff_text(tmp_path, text)
    assert f'{told}; a row without a value is written `""`' in raw.notes
    quoted = sniff_text(tmp_path, text.replace("\n\n", '\n""\n').replace("\n\n", '\n""\n'))
    assert not any("blank line" in note for note in quoted.notes)


@pytest.mark.parametrize("text", ["name\nann\nben\n\n\n", "\n\nname\nann\n"])
def test_blank_lines_around_one_column_are_not(tmp_path: Path, text: str) -> None:
    assert not any("blank line" in note for note in sniff_text(tmp_path, text).notes)


@pytest.mark.parametrize("end", ["\x1a", "\r\n\x1a", "\r\n\x1a\x1a\r\n"])
@pytest.mark.parametrize("text", ["name\r\nann\r\nben", "id,n\r\n1,a\r\n2,b"])
def test_the_end_of_files_of_dos_is_told_and_no_row(tmp_path: Path, text: str, end: str) -> None:
    raw = sniff_text(tmp_path, text + end)
    assert any("0x1A" in note for note in raw.notes)
    with raw.open_rows() as rows:
        assert [",".join(row) for row in rows] == text.split("\r\n")[1:]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('"a,b,c"\n"1,x,3"\n"2,y,4"\n', [["1", "x", "3"], ["2", "y", "4"]]),
        ('"a;b"\r\n"1;""x; y"""\r\n"2;z"\r\n', [["1", "x; y"], ["2", "z"]]),
        ('a,b\n"1,""x, y"""\n"2,z"\n', [["1", "x, y"], ["2", "z"]]),
    ],
)
def test_quotes_around_whole_lines_are_taken_away(
    tmp_path: Path, text: str, rows: list[list[str]]
) -> None:
    raw = sniff_text(tmp_path, text)
    assert raw.options.quoted_lines
    assert raw.notes == ("whole lines are within quotes, which are taken away",)
    with raw.open_rows() as records:
        assert [*records] == rows


@pytest.mark.parametrize(
    "text",
    [
        '"Last, First"\n"Smith, Jo"\n"Doe, Al"\n',
        'place\n"52.5,13.4"\n"48.1,11.6"\n',
        '"a,b"\n"1,2"\n',
        '"a","b"\n"1","2"\n"3","4"\n',
        '"note"\n"one, two"\n"three"\n"4,5"\n',
    ],
)
def test_quotes_around_a_field_stay_what_they_are(tmp_path: Path, text: str) -> None:
    raw = sniff_text(tmp_path, text)
    assert not raw.options.quoted_lines
    with raw.open_rows() as records:
        assert [records.header, *records] == [*csv.reader(text.splitlines())]


ANSWERS = {
    "of an interface": '{"error": {"code": 404, "message": "Not Found"}}',
    "on several lines": '{\n  "status": "error",\n  "message": "Not Found"\n}\n',
    "of a store of objects": "<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code></Error>",
    "of a map service": '<ows:ExceptionReport version="2.0.0"></ows:ExceptionReport>',
    "of a server": "404: Not Found\n",
    "of a gateway": "Access denied.",
}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".csv.gz", ".geojson", ".parquet", ".xlsx"])
@pytest.mark.parametrize("case", ANSWERS)
def test_what_a_service_answered_in_place_of_a_file_is_told(
    tmp_path: Path, case: str, suffix: str
) -> None:
    path = tmp_path / f"birds{suffix}"
    path.write_text(ANSWERS[case], "utf-8")
    with pytest.raises(SourceError, match="is what a service answered in place of a") as caught:
        refuse_disguise(path)
    assert caught.value.hint.startswith("Download it again")


@pytest.mark.parametrize("case", ["of an interface", "on several lines"])
def test_an_answer_as_json_is_told_of_json_and_databases_too(tmp_path: Path, case: str) -> None:
    for name in ("birds.json", "birds.db"):
        (tmp_path / name).write_text(ANSWERS[case], "utf-8")
    assert "what a service answered" in describe_unread(tmp_path / "birds.json")
    assert "what a service answered" in advise_impostor(tmp_path / "birds.db")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "error,message\n404,Not Found\n"),
        ("a.csv", "status\nNot found\nFound\n"),
        ("a.csv", "forbidden words\n"),
        ("a.jsonl", '{"error": "Not Found", "timestamp": 1}\n'),
        ("a.geojson", '{"type": "Feature", "properties": {"error": 1}, "geometry": null}'),
    ],
)
def test_data_about_errors_are_no_answer(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    refuse_disguise(tmp_path / name)


def test_a_feature_on_each_line_is_told_from_damage(tmp_path: Path) -> None:
    path = tmp_path / "birds.geojson"
    feature = '{"type": "Feature", "properties": {"a": 1}, "geometry": null}'
    path.write_text(f"{feature}\n{feature}\n", "utf-8")
    with pytest.raises(SourceError) as caught:
        sniff(path)
    told = "If it has a feature on each line, write them as one collection: ogr2ogr -f GeoJSON "
    assert caught.value.hint == f"{told}all.geojson birds.geojson"
    path.write_text(feature[:-1], "utf-8")
    with pytest.raises(SourceError) as caught:
        sniff(path)
    assert "ogr2ogr" not in caught.value.hint


def test_many_rows_of_details_are_no_answer(tmp_path: Path) -> None:
    rows = [{"item": number, "price": 1.5} for number in range(200)]
    (tmp_path / "a.json").write_text(json.dumps({"detail": rows}), "utf-8")
    assert "rows seem to be in" in describe_unread(tmp_path / "a.json")
