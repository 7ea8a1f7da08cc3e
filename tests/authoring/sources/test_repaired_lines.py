"""A repair replaces its lines, and no other; it is refused where they have changed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.repaired_lines import write_row
from microcosm_sqlite.errors import SourceError

TEXT = 'note\na,b\n1,x\n2,"y\n3,z\nsum,,3\nend\n'
REPAIRS = (
    Repair.of(1, "preamble", ["note"]),
    Repair.of(4, "stray-quote", ['2,"y'], ["2", '"y']),
    Repair.of(6, "footer", ["sum,,3", "end"]),
)


def open_text(folder: Path, text: str, *repairs: Repair, **options: object) -> DelimitedOpener:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    source = SourceFile(path, "sources/t.csv", "csv")
    return DelimitedOpener(source, CsvOptions(**options), repairs=repairs)  # type: ignore[arg-type]


def test_rows_keep_the_numbers_of_their_lines(tmp_path: Path) -> None:
    with open_text(tmp_path, TEXT, *REPAIRS)() as records:
        assert records.header == ["a", "b"]
        rows = [(3, ["1", "x"]), (4, ["2", '"y']), (5, ["3", "z"])]
        assert [*records.numbered()] == rows
    with open_text(tmp_path, TEXT, *REPAIRS[1:], skip_lines=1)() as records:
        assert [*records] == [row for _, row in rows]
    with open_text(tmp_path, TEXT.replace("\n", "\r\n"), *REPAIRS)() as records:
        assert [*records] == [row for _, row in rows]
    assert open_text(tmp_path, TEXT * 1000, *REPAIRS).split(4) == []


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace('2,"y', '2,"Y'),
        "new\n" + TEXT,
        TEXT.replace("end\n", ""),
        TEXT.replace("end", "End"),
    ],
)
def test_a_repair_of_lines_that_have_changed_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SourceError) as raised, open_text(tmp_path, text, *REPAIRS)() as records:
        list(records)
    assert "repairs.toml repairs" in raised.value.message
    assert "the source has changed there since" in raised.value.message
    assert "Delete that repair from repairs.toml" in raised.value.hint


def test_an_empty_file_is_one_only_while_it_is_empty(tmp_path: Path) -> None:
    repair = Repair.of(1, "empty-file", [""])
    for text in ("", "\n \n"):
        with open_text(tmp_path, text, repair)() as records:
            assert (records.header, [*records], records.is_empty) == ([], [], True)
    with (
        pytest.raises(SourceError, match="has changed"),
        open_text(tmp_path, "\na,b\n", repair)(),
    ):
        pass


dialects = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t |"),
        "quotechar": st.sampled_from(['"', "'", None]),
        "escapechar": st.sampled_from(["\\", None]),
        "skipinitialspace": st.booleans(),
    }
)


@given(st.lists(st.text(st.sampled_from("a ,;|'\"\\\n\r\t"), max_size=6), min_size=1), dialects)
def test_a_row_is_written_so_that_it_is_read_again_or_not_at_all(
    fields: list[str], dialect: dict[str, object]
) -> None:
    dialect |= {"strict": True}
    if not dialect["quotechar"]:
        dialect["quoting"] = csv.QUOTE_NONE
    try:
        text = write_row(fields, dialect)
    except ValueError:
        return
    assert next(csv.reader(text.splitlines(keepends=True), **dialect)) == fields  # type: ignore[arg-type]
