"""A file whose rows are looked at together is judged as if each were looked at by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.from_files import dialect_choice
from microcosm_sqlite.authoring.drafting.from_files.row_watch import RowWatch, find_last_plain
from microcosm_sqlite.authoring.sources.row_reader import PlainBlock

HEADER = ["id", "name", "size"]
OTHERS = {
    "the header again": "id,name,size\n",
    "an empty row": ",,\n",
    "a row of blanks": ", ,\t\n",
    "a byte order mark": "\ufeff7,x,1\n",
    "another table": "\nkind,colour,place\n",
    "a total": "",
}


def is_other(text: str) -> bool | None:
    blocks = [PlainBlock(text.replace("\n\n", "\n"), ",", had_blanks="\n\n" in text)]
    return find_last_plain(blocks, RowWatch(HEADER, ",", {})) is None


@pytest.mark.parametrize("other", OTHERS)
def test_a_row_that_may_be_another_is_not_passed_over(other: str) -> None:
    assert is_other(f"1,a,2\n{OTHERS[other]}3,b,4\n") == bool(OTHERS[other])


@pytest.mark.parametrize("row", ["ident,name,size", ",b,4", "identity,,", "id2,,"])
def test_a_row_that_resembles_another_is_plain(row: str) -> None:
    assert not is_other(f"1,a,2\n{row}\n3,b,4\n")


def test_the_last_row_is_given() -> None:
    blocks = [PlainBlock("1,a,2\n3,b,4\n", ","), PlainBlock("5,c,\n", ",")]
    assert find_last_plain(blocks, RowWatch(HEADER, ",", {})) == ["5", "c", ""]
    assert find_last_plain([], RowWatch(HEADER, ",", {})) == HEADER


ROWS = st.sampled_from(
    ["1,a,2", "7,b,", ",,", "id,name,size", "", "Total,,9", ",x,1", "a,b,c", " , , ", "\ufeff1,a,2"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(ROWS, max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_both_ways_agree(tmp_path: Path, rows: list[str], end: str) -> None:
    source = dialect_choice.SourceFile(tmp_path / "t.csv", "t.csv", "csv")
    text = end.join(["id,name,size", "1,a,2", *rows])
    source.path.write_text(text, newline="", encoding="utf-8")
    answers = set()
    for head_rows in (200, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dialect_choice, "_HEAD_ROWS", head_rows)
            patch.setattr(dialect_choice, "_is_subheader", lambda *_: False)
            options = dialect_choice.CsvOptions(",")
            answers.add(dialect_choice._may_have_other_rows(source, options))
    assert len(answers) == 1
