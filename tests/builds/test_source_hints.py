"""What `new` advises of a file that it cannot read is done, and then it reads it."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.errors import SourceError

ROWS = [{"id": 1, "v": "a"}, {"id": 2, "v": "é"}]
CSV = "id,v\n1,a\n2,é\n"
LINES = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in ROWS)
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)
DUMP = """-- of yesterday
BEGIN TRANSACTION;
CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO t VALUES (1, 'a');
COMMIT;
"""
LOG = """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Fields: date time cs-method sc-status
2020-01-02 00:00:01 GET 200
2020-01-02 00:00:05 GET 404
"""
LOG_TABLE = LOG.partition("#Fields: ")[2]
Cure = Callable[[Path, str], None]


def make_parquet(**columns: Any) -> bytes:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    stream = io.BytesIO()
    table = pa.table(columns or {"id": [1, 2], "v": ["a", "é"]})
    parquet.write_table(table, stream)
    return stream.getvalue()


def make_database(column: str = "v") -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f'CREATE TABLE t (id INTEGER PRIMARY KEY, "{column}" TEXT)')
        connection.executemany("INSERT INTO t VALUES (?, ?)", [(1, "a"), (2, "é")])
        connection.commit()
        return connection.serialize()


def make_archive(*names: str) -> bytes:
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, CSV)
    return stream.getvalue()


def rename(path: Path, told: str) -> None:
    """Call it what is told: a whole name, or another suffix."""
    (name,) = re.findall(r"[Cc]all it (\S+?)[.,;]?(?: |$)", told)[:1]
    path.rename(path.with_name(name) if not name.startswith(".") else path.with_suffix(name))


def run(path: Path, told: str) -> None:
    """Run the command that is told, in the folder of the file, which it leaves."""
    (command,) = re.findall(r"`(iconv .*?)`|(jq -c .*)$", told)
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    subprocess.run("".join(command), shell=True, check=True, cwd=path.parent)
    path.unlink()


def run_sql(path: Path, told: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(told.rpartition(": ")[2].rstrip("."))
        connection.commit()


def run_script(path: Path, told: str) -> None:
    assert told.endswith("made.db < t.db")
    with closing(sqlite3.connect(path.with_name("made.db"))) as connection:
        connection.executescript(path.read_text("utf-8"))
    path.unlink()


def unpack(path: Path, told: str) -> None:
    assert "npack it" in told
    with ZipFile(path) as archive:
        archive.extractall(path.parent)
    path.unlink()


def write(content: str | bytes, name: str = "", told_in: str = "") -> Cure:
    """Write the file again, as the advice says, which has some words."""

    def cure(path: Path, told: str) -> None:
        assert told_in in told
        data = content.encode() if isinstance(content, str) else content
        path.unlink()
        path.with_name(name or path.name).write_bytes(data)

    return cure


def make_features() -> str:
    features = [{"type": "Feature", "properties": row, "geometry": None} for row in ROWS]
    return json.dumps({"type": "FeatureCollection", "features": features})


def make_sav(suffix: str = ".sav") -> bytes:
    pyreadstat = pytest.importorskip("pyreadstat")
    pandas = pytest.importorskip("pandas")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"t{suffix}"
        write = pyreadstat.write_sav if suffix == ".sav" else pyreadstat.write_dta
        write(pandas.DataFrame({"id": [1.0, 2.0]}), file)
        return file.read_bytes()


def make_dta() -> bytes:
    return make_sav(".dta")


def lose_encoding() -> bytes:
    pa = pytest.importorskip("pyarrow")
    raw = pa.array([b"a", b"\xe9"], pa.binary())
    texts = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    return make_parquet(id=[1, 2], v=texts)


def add_nanoseconds() -> bytes:
    pa = pytest.importorskip("pyarrow")
    return make_parquet(id=[1, 2], v=pa.array([1, 2], pa.timestamp("ns")))


CASES: dict[str, tuple[str, Callable[[], str | bytes], Cure]] = {
    "lines": ("t.json", lambda: LINES, rename),
    "an object": ("t.json", lambda: json.dumps({"n": 2, "odd rows": ROWS}), run),
    "features": (
        "t.geojson", lambda: json.dumps({"features": ROWS}),
        write(make_features(), told_in='its type is not "Feature". Correct it')),
    "one object": (
        "t.json", lambda: json.dumps(ROWS[0], indent=1), write(LINES, "t.jsonl", "one object for")),
    "lists": ("t.json", lambda: "[[1, 2]]", write(LINES, "t.jsonl", "one object for each row")),
    "a table called a database": ("t.db", lambda: CSV, rename),
    "lines called a database": ("t.db", lambda: LINES, rename),
    "an array called a database": ("t.sqlite", lambda: json.dumps(ROWS), rename),
    "SQL": ("t.db", lambda: DUMP, run_script),
    "a packed database": (
        "t.db", lambda: gzip.compress(make_database()),
        write(make_database(), told_in="Unpack t.db, and put what is in it in its place")),
    "an encrypted database": (
        "t.db", lambda: Random(1).randbytes(4096),
        write(make_database(), told_in="If it is encrypted, decrypt it")),
    "nothing": ("t.db", lambda: "", write(make_database(), told_in="copy the whole file again")),
    "latin lines": ("t.jsonl", lambda: LINES.encode("cp1252"), run),
    "gzip": ("t.csv", lambda: gzip.compress(CSV.encode()), rename),
    "no gzip": ("t.csv.gz", lambda: CSV, rename),
    "a zip": ("t.csv.gz", lambda: make_archive("t.csv"), rename),
    "an archive of two": ("t.csv.zip", lambda: make_archive("t.csv", "u.csv"), unpack),
    "any gzip": (
        "t.gz", lambda: gzip.compress(CSV.encode()),
        write(gzip.compress(CSV.encode()), "t.csv.gz", "as in .csv.gz")),
    "text": ("t.txt", lambda: CSV, write(CSV, "t.csv", "call it .csv")),
    "Parquet": ("t.csv", make_parquet, rename),
    "a column without a name": ("t.db", lambda: make_database(" "), run_sql),
    "long rows": (
        "t.csv", lambda: "id,v\n1,a,b\n2,é\n",
        write('id,v\n1,"a,b"\n2,é\n', told_in="Quote fields")),
    "SPSS": ("t.sav", lambda: "$FL2@(#)", write(make_sav(), told_in="write it again")),
    "Stata": ("t.csv", make_dta, rename),
    "texts of Parquet in Latin": (
        "t.parquet", lose_encoding, write(make_parquet(), told_in="with decoded texts")),
    "nanoseconds": ("t.parquet", add_nanoseconds, write(make_parquet(), told_in="round")),
    "infinite inside": (
        "t.jsonl", lambda: '{"id": [1e999]}\n', write('{"id": ["1e999"]}\n', told_in="as a text")),
    **{
        f"a pointer for {name}": (name, lambda: POINTER, write(content, told_in="git lfs pull"))
        for name, content in {
            "t.csv": CSV, "t.jsonl": LINES, "t.parquet": make_parquet(), "t.db": make_database(),
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_following_the_advice_on_a_file_makes_a_table_of_it(tmp_path: Path, case: str) -> None:
    name, content, cure = CASES[case]
    folder = tmp_path / "found"
    folder.mkdir()
    data = content()
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(SourceError) as raised:
        draft_project(tmp_path / "p-data", folder)
    cure(folder / name, str(raised.value).removeprefix(f"{folder} holds "))
    draft = draft_project(tmp_path / "p-data", folder)
    assert build_dataset(ProjectSettings.from_pyproject(draft.path)).manifest.tables


def test_a_file_alone_is_no_folder_but_its_folder_is(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "found/t.csv").write_text(CSV, "utf-8")
    with pytest.raises(SourceError) as raised:
        draft_project(tmp_path / "p-data", tmp_path / "found/t.csv")
    draft_project(tmp_path / "p-data", str(raised.value.hint).rpartition("--from ")[2])


def test_a_link_is_copied_by_new_and_read_by_build(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    (tmp_path / "far.csv").write_text(CSV, "utf-8")
    (tmp_path / "found/t.csv").symlink_to(tmp_path / "far.csv")
    draft = draft_project(tmp_path / "p-data", tmp_path / "found")
    assert f"  note: t.csv is a link, so {tmp_path / 'far.csv'} was copied" in draft.report
    source = draft.path / "sources/t.csv"
    assert not source.is_symlink()
    source.unlink()
    source.symlink_to(tmp_path / "far.csv")
    settings = ProjectSettings.from_pyproject(draft.path)
    build_dataset(settings)
    (tmp_path / "far.csv").write_text(CSV + "3,b\n", "utf-8")
    assert build_dataset(settings).is_fresh
