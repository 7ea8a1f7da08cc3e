"""Sources compressed with zstd: drafted, built, read in little memory, refused where damaged."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.finishing.finalise import zstd
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.streams import ends_as_dos, open_text
from microcosm_sqlite.errors import SourceError
from tests.support.projects import SOURCES, make_project

FILES = {
    "birds.csv.zst": "id,name\n1,Jay\n2,Rook\n",
    "families.tsv.zst": "code\tname\nPARU\tTits\n",
    "sightings.jsonl.zst": '{"id": 1, "at": "2013-01-31"}\n{"id": 2, "bird": 1}\n',
}


def test_every_format_is_drafted_and_built_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "found"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_bytes(zstd.compress(text.encode()))
    draft = draft_project(tmp_path / "birds-data", folder)
    assert sorted(path.name for path in (draft.path / "sources").iterdir()) == sorted(FILES)
    built = build_dataset(ProjectSettings.from_pyproject(draft.path))
    with closing(sqlite3.connect(built.path)) as connection:
        rows = {
            table: connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("birds", "families", "sightings")
        }
    assert rows == {
        "birds": [(1, "Jay"), (2, "Rook")],
        "families": [(1, "PARU", "Tits")],
        "sightings": [(1, "2013-01-31", None), (2, None, 1)],
    }


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv.zst"
    with zstd.ZstdFile(path, "wb") as stream:
        for _ in range(60):
            stream.write(b"some text of a row\n" * 50_000)
    tracemalloc.start()
    with open_text(path) as text:
        assert sum(1 for _ in text) == 3_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


WHOLE = zstd.compress(
    b"code,name\n" + b"".join(b"%d,x\n" % n for n in range(9_000)),
    options={zstd.CompressionParameter.checksum_flag: 1},  # as the command line tool does
)
DAMAGED = {
    "cut": WHOLE[:-50],
    "scrambled": WHOLE[:99] + bytes(200) + WHOLE[299:],
    "none": b"code,name\nPARU,Tits\n",
    "empty": b"",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_what_is_damaged_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    sources = {"birds.csv": SOURCES["birds.csv"], "families.csv.zst": content}
    project = make_project(tmp_path / "project", sources=sources)
    with pytest.raises(SourceError, match=r"families\.csv\.zst (cannot be read|is empty)"):
        build_dataset(ProjectSettings.from_pyproject(project))
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / "families.csv.zst").write_bytes(content)
    with pytest.raises(SourceError, match=r"families\.csv\.zst|no file that tables can be made of"):
        draft_project(tmp_path / "birds-data", tmp_path / "found")


def test_the_first_damaged_file_of_a_process_is_refused_like_any_other(tmp_path: Path) -> None:
    project = make_project(
        tmp_path,
        sources={"birds.csv": SOURCES["birds.csv"], "families.csv.zst": DAMAGED["none"]},
    )
    command = [sys.executable, "-m", "microcosm_sqlite", "build", "--quiet", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "families.csv.zst cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("end", ["\x1a", "\x1a\x1a\x1a", "\x1a\r\n", "\r\n\x1a\n", "\x1a\n\x1a"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp437", "utf-16"])
def test_what_ended_files_of_dos_is_no_text(tmp_path: Path, end: str, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"id,n\r\n1,a\x1ab\r\n2,c{end}".encode(encoding))
    with open_text(path, encoding) as text:
        assert text.read().rstrip() == "id,n\r\n1,a\x1ab\r\n2,c"
    assert ends_as_dos(path)


@pytest.mark.parametrize(
    ("data", "is_told"), [(b"", False), (b"a\x1ab\n", False), (b"a\x1a", True)]
)
def test_the_end_of_files_of_dos_is_seen_through_compression(
    tmp_path: Path, data: bytes, is_told: bool
) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(data))
    assert ends_as_dos(tmp_path / "t.csv") == ends_as_dos(tmp_path / "t.csv.gz") == is_told


def test_marks_of_dos_before_the_end_are_text_in_every_part(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a\x1a\n" * 100_000 + b"b\x1a")
    half = 3 * 50_000
    parts = []
    for span in ((0, half), (half, sys.maxsize)):
        with open_text(path, span=span) as text:
            parts.append(text.read())
    assert "".join(parts) == "a\x1a\n" * 100_000 + "b"
