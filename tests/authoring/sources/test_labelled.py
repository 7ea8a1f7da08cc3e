"""Files of Stata, SPSS and SAS: values as an independent reader has them, and their labels."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("pyreadstat")
pytest.importorskip("pandas")

import pandas as pd
import pyreadstat

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources import labelled
from microcosm_sqlite.authoring.sources.labelled import (
    LabelledOpener,
    _describe_dates,
    _find_kind,
)
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import MissingDependencyError, SourceError

ROWS = [
    (1, "x", date(2020, 1, 2), datetime(2020, 1, 2, 3, 4, 5), time(1, 2, 3), 0.1),
    (2, "", None, None, None, None),
    (None, "e", date(1600, 1, 1), datetime(2020, 1, 1), time(0, 0), -1e300),
]
NAMES = ["sex", "name", "day", "moment", "clock", "size"]
LABELS = ["Sex of the person.", None, "Day of birth", None, None, None]
WRITERS: dict[str, Any] = {
    ".sav": pyreadstat.write_sav,
    ".zsav": lambda frame, path, **rest: pyreadstat.write_sav(frame, path, compress=True, **rest),
    ".dta": pyreadstat.write_dta,
    ".por": lambda frame, path, **_: pyreadstat.write_por(frame, path),
    ".xpt": lambda frame, path, **_: pyreadstat.write_xport(frame, path),
}


def write(path: Path, rows: Any = ROWS, names: Any = NAMES, **options: Any) -> Path:
    frame = pd.DataFrame(rows, columns=names)
    WRITERS[path.suffix](frame, str(path), **options)
    return path


def open_file(path: Path) -> Any:
    return LabelledOpener(SourceFile(path, path.name, "labelled"))()


@pytest.mark.parametrize("suffix", WRITERS)
@pytest.mark.parametrize("cells", [1, 12, 1_000_000])
def test_values_are_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, cells: int
) -> None:
    monkeypatch.setattr(labelled, "_CHUNK_CELLS", cells)
    rows = [row[:-1] for row in ROWS] if suffix in (".por", ".xpt") else ROWS
    path = write(tmp_path / f"people{suffix}", rows, NAMES[: len(rows[0])])
    with open_file(path) as records:
        assert [name.lower() for name in records.header] == NAMES[: len(rows[0])]
        assert [*records.numbered()] == [*enumerate(rows, start=1)]
        assert records.kinds[:5] == ("number", "text", "date", "datetime", "time")


@pytest.mark.parametrize(
    ("suffix", "is_found"), [(".zsav", False), (".xpt", False), (".dta", True)]
)
def test_the_rows_passed_over_grow_as_the_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, is_found: bool
) -> None:
    monkeypatch.setattr(labelled, "_CHUNK_CELLS", 10)
    function = labelled._READERS[suffix]
    read, chunks = getattr(pyreadstat, function), list[tuple[int, int]]()

    def note(*args: Any, row_offset: int = 0, row_limit: int = 0, **rest: Any) -> Any:
        chunks.append((row_offset, row_limit))
        return read(*args, row_offset=row_offset, row_limit=row_limit, **rest)

    monkeypatch.setattr(pyreadstat, function, note)
    passed = []
    for count in (1000, 4000):
        rows = [(float(number),) for number in range(count)]
        with open_file(write(tmp_path / f"t{suffix}", rows, ["n"])) as records:
            chunks.clear()
            assert [row for (row,) in records] == [*range(count)]
        passed.append(sum(offset for offset, _ in chunks))
        assert max(limit for _, limit in chunks) <= (10 if is_found else max(10, count / 8))
    assert is_found or passed[1] <= 4000 * 10


def test_labels_describe_columns_and_codes_stay(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    values = {"sex": {1: "female", 2: "male"}}
    options = {"column_labels": LABELS, "variable_value_labels": values}
    write(tmp_path / "found/people.sav", missing_ranges={"sex": [2]}, **options)
    write(tmp_path / "found/staff.dta", missing_user_values={"sex": ["a"]}, **options)
    drafted = draft_project(tmp_path / "p-data", tmp_path / "found")
    report = "\n".join(drafted.report)
    assert "sex: 2, declared as missing, becomes NULL" in report
    settings = ProjectSettings.from_pyproject(drafted.path)
    assert "microcosm-sqlite[build,labelled]" in (drafted.path / "pyproject.toml").read_text()
    built = build_dataset(settings)
    for table, codes in (("people", [1, None, None]), ("staff", [1, 2, None])):
        fields = {
            field["name"]: field
            for resource in built.manifest.raw["resources"]
            if resource["name"] == table
            for field in resource["schema"]["fields"]
        }
        assert fields["sex"]["description"] == "Sex of the person"
        assert [(each["value"], each["label"]) for each in fields["sex"]["categories"]] == [
            (1, "female"),
            (2, "male"),
        ]
        assert fields["day"]["description"] == "Day of birth"
        with closing(sqlite3.connect(built.path)) as connection:
            found = connection.execute(f"SELECT sex, day FROM {table}").fetchall()
        assert found == list(zip(codes, ["2020-01-02", None, "1600-01-01"], strict=True))


def test_missing_values_with_letters_are_told(tmp_path: Path) -> None:
    rows = [[1.5, "x"], ["a", "y"], ["z", "w"], [None, "v"]]
    path = write(tmp_path / "m.dta", rows, ["v", "t"], missing_user_values={"v": ["a", "z"]})
    with open_file(path) as records:
        assert records.notes == ("v: the missing values .a, .z become NULL, as . does",)
        assert [row[0] for row in records] == [1.5, None, None, None]


def test_all_labels_of_codes_and_ranges_are_told(tmp_path: Path) -> None:
    values = {"v": {float(code): f"c{code}" for code in range(20)}}
    path = write(
        tmp_path / "m.sav", [[1.0], [97.0]], ["v"],
        variable_value_labels=values, missing_ranges={"v": [{"lo": 97, "hi": 99}]},
    )  # fmt: skip
    with open_file(path) as records:
        assert records.descriptions["v"].labels == {str(code): f"c{code}" for code in range(20)}
        assert records.notes == ("v: 97 to 99, declared as missing, becomes NULL",)
        assert [*records] == [(1,), (None,)]


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-math.inf, -1, "up to -1"),
        (97, math.inf, "from 97 on"),
        (9, 9, "9"),
        (97.5, 99, "97.5 to 99"),
    ],
)
def test_ranges_of_missing_codes_may_be_open(
    tmp_path: Path, low: float, high: float, told: str
) -> None:
    ranges = {"v": [{"lo": low, "hi": high}]}
    with open_file(write(tmp_path / "m.sav", [[1.0]], ["v"], missing_ranges=ranges)) as records:
        assert records.notes == (f"v: {told}, declared as missing, becomes NULL",)


@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta", ".por"])
def test_what_is_damaged_is_refused_by_name(tmp_path: Path, suffix: str) -> None:
    rows = [row[:-1] for row in ROWS] * 200
    path = write(tmp_path / f"people{suffix}", rows, NAMES[:5])
    whole = path.read_bytes()
    for end in (0, 10, 100, len(whole) // 2, len(whole) * 3 // 4):
        path.write_bytes(whole[:end])
        with (
            pytest.raises(SourceError, match=f"^people{suffix}") as raised,
            open_file(path) as records,
        ):
            assert not [*records]
        assert "again" in raised.value.hint


def test_a_date_beyond_all_years_is_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "m.dta"
    frame = pd.DataFrame({"day": [1.0, 2.0, 1e9, 3.0]})
    pyreadstat.write_dta(frame, str(path), variable_format={"day": "%td"})
    with pytest.raises(SourceError, match="row 3 cannot be read"), open_file(path) as records:
        list(records)


def test_several_data_sets_in_a_transport_file_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "m.xpt", [[1.0]], ["v"])
    content = path.read_bytes()
    path.write_bytes(content + content[240:])
    with pytest.raises(SourceError, match="holds 2 data sets"), open_file(path):
        pass


def test_periods_stay_numbers_and_are_told(tmp_path: Path) -> None:
    path = write(tmp_path / "m.dta", [[1.0]], ["q"], variable_format={"q": "%tq"})
    with open_file(path) as records:
        assert "q: periods and long times in formats such as %tq stay" in records.notes[0]


DATES = (
    "DATE9 DDMMYY10 DDMMYYB10 MMDDYY10 MMDDYYN8 YYMMDD10 YYMMDDS10 WEEKDATE29 WEEKDATX29 B8601DA8 "
    "E8601DA10 IS8601DA10"
)
MOMENTS = "DATETIME20 DATEAMPM22 MDYAMPM25 B8601DT15 E8601DT19 IS8601DT19"
CLOCKS = "TIME8 TIMEAMPM11 TOD8 HHMM5 B8601TM6 E8601TM8 IS8601TM8"
PERIODS = (
    "DAY2 DOWNAME9 JULDAY3 JULIAN7 MMYY7 MMYYN6 MONNAME3 MONTH2 MONYY7 PDJULG4 QTR1 QTRR3 WEEKDAY1 "
    "WEEKU11 WEEKV11 WEEKW11 WORDDATE18 WORDDATX18 YEAR4 YYMM7 YYMMN6 YYMON7 YYQ6 YYQR8 NENGO10 "
    "EURDFDE9 NLDATE20 NLDATM30 NLTIME20 DTMONYY7 DTWKDATX29 DTYEAR4 DTYYQC6 E8601DZ20 HOUR2 MMSS5"
)
PLAIN = "BEST12 DOLLAR12 COMMA8 EURO12 PERCENT8 Z5 8 WORDS20 ROMAN6 HEX8 NEGPAREN8"


@pytest.mark.parametrize(
    ("formats", "kind", "is_told"),
    [
        (DATES, "date", False),
        (MOMENTS, "datetime", False),
        (CLOCKS, "time", False),
        (PERIODS, "number", True),
        (PLAIN, "number", False),
    ],
)
def test_formats_of_sas_say_what_numbers_are(
    tmp_path: Path, formats: str, kind: str, is_told: bool
) -> None:
    path = tmp_path / "t.xpt"
    for format_ in formats.split():
        frame = pd.DataFrame({"X": [12054.0, 12085.0]})
        pyreadstat.write_xport(frame, path, variable_format={"X": format_})
        with LabelledOpener(SourceFile(path, path.name, "labelled"))() as records:
            assert (format_, records.kinds) == (format_, (kind,))
            told = [note for note in records.notes if "stay the numbers" in note]
            assert (format_, bool(told)) == (format_, is_told)
            types = {type(value).__name__ for [value] in records}
            assert (format_, types) == (format_, {"int" if kind == "number" else kind})


@pytest.mark.parametrize(("format_", "kind"), [("DATE9", "date"), ("DAY2", "number")])
def test_formats_of_sas_may_end_in_a_point(format_: str, kind: str) -> None:
    for written in (format_, f"{format_}."):  # pyreadstat 1.3.8 gives the point, others do not
        metadata = SimpleNamespace(
            readstat_variable_types={"x": "double"}, original_variable_types={"x": written}
        )
        assert _find_kind(metadata, "x") == kind
        assert len([*_describe_dates(metadata, is_of_sas=True)]) == (kind == "number")


@pytest.mark.parametrize("suffix", [".sav", ".dta"])
def test_texts_in_another_encoding_than_the_file_names_are_told(
    tmp_path: Path, suffix: str
) -> None:
    wrong = ["Zürich".encode().decode("latin-1"), "Ulm"]
    rows = [[wrong[0], "Zürich"], [wrong[1], "Ulm"]]
    with open_file(write(tmp_path / f"t{suffix}", rows, ["wrong", "right"])) as records:
        (told,) = records.notes
        assert told.startswith("wrong: texts such as 'ZÃ¼rich' seem to be 'Zürich', as the file")


def test_without_pyreadstat_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "m.sav", [[1.0]], ["v"])
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(MissingDependencyError, match=r"build,labelled\]"), open_file(path):
        pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Encountered %tC format:UserWarning")
def test_files_of_statsmodels_are_what_pandas_reads(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
    if subprocess.run([*pip, "-d", tmp_path, "statsmodels"], check=False).returncode:
        pytest.skip("statsmodels cannot be fetched")
    compared = 0
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        for member in (name for name in wheel.namelist() if name.endswith(".dta")):
            path = Path(wheel.extract(member, tmp_path))
            frame = pd.read_stata(path, convert_categoricals=False, preserve_dtypes=False)
            periods = {"%tm", "%tq", "%tw", "%th", "%ty", "%tC"}
            with open_file(path) as records, pd.read_stata(path, iterator=True) as theirs:
                formats = dict(zip(theirs.variable_labels(), theirs._fmtlist, strict=True))
                rows = [*records]
            assert [*frame.columns] == records.header
            for at, name in enumerate(frame.columns):
                if formats[name] not in periods:
                    for row, value in zip(rows, frame[name], strict=True):
                        assert is_same(row[at], value), (member, name, row[at], value)
                        compared += 1
    assert compared > 1000


def is_same(ours: Any, theirs: Any) -> bool:
    if theirs is None or theirs is pd.NaT or theirs != theirs:
        return ours is None
    if isinstance(theirs, pd.Timestamp):
        return pd.Timestamp(ours) == theirs
    return bool(ours == theirs)
