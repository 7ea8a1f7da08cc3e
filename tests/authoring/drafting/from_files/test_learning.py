"""Two processes learn from a file what one does, whatever becomes of the other."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.authoring.loading import children, connections

HEADER = "id,day,size,grade,remark,price,code\n"


def write(folder: Path, rows: int = 3000) -> Path:
    lines = [
        f"{n},2013-01-{n % 28 + 1:02},{n % 90 / 10},{'ABC'[n % 3]},{'NA' * (n % 7 == 0)},"
        f"{n}.50,0{n}\n"
        for n in range(rows)
    ]
    (folder / "birds.csv").write_text(HEADER + "".join(lines))
    return folder


@pytest.fixture(params=["one", "two", "two without apsw", "killed"])
def processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How many processes read the file; of two, one may be killed."""

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(children, "SMALLEST_SHARED", 0)
    monkeypatch.setattr(children, "count_processors", lambda: 1 + (request.param != "one"))
    if request.param == "two without apsw":
        monkeypatch.setattr(connections, "has_apsw", lambda: False)
    if request.param == "killed":
        monkeypatch.setattr(children, "_keep", die)  # which the other process calls at its end
    return str(request.param)


def infer(folder: Path, *nulls: str) -> InferredTable:
    return infer_folder(folder, nulls).tables["birds"]


@pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")
def test_what_is_inferred_is_the_same(tmp_path: Path, processes: str) -> None:
    table = infer(write(tmp_path), "NA")
    assert {name: column.kind for name, column in table.columns.items()} == {
        "id": "integer",
        "day": "date",
        "size": "number",
        "grade": "text",
        "remark": "text",
        "price": "number",
        "code": "text",
    }
    assert (table.row_count, table.primary_key) == (3000, ("id",))
    assert table.columns["grade"].labels == ("A", "B", "C")
    assert table.columns["price"].odd == "0.50"
    assert table.columns["remark"].is_nullable
    assert table.columns["code"].length == 5
