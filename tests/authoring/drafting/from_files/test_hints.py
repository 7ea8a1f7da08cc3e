"""Numbers in other styles are read as what they are, and joined files are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("id,v\n1,2\n2,3\nid,v\n3,4\n4,5\n", "row 3 is the header again"),
        ("\ufeffid,v\n1,2\n2,3\n\ufeffid,v\n3,4\n4,5\n", "row 3 is the header again"),
        ("\ufeffid,v\n1,2\n2,3\n\ufeff3,4\n4,5\n", "row 3 begins with a byte order mark"),
    ],
)
def test_a_joint_of_files_is_told(text: str, remark: str, tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text(text)
    table = infer_folder(tmp_path).tables["readings"]
    assert any(remark in each for each in table.remarks)
    assert not any(column.hint for column in table.columns.values())


def test_one_file_has_no_joints(tmp_path: Path) -> None:
    (tmp_path / "readings.csv").write_text("id,v\n1,2\n2,NA\n3,4\n")
    table = infer_folder(tmp_path).tables["readings"]
    assert table.remarks == ()
    assert table.columns["v"].hint
