"""The page of formats lists those that are read, and the lines that the program advises."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files.conversions import (
    describe_conversion,
    list_converted,
)
from microcosm_sqlite.authoring.sources.archives import ARCHIVE_SUFFIXES
from microcosm_sqlite.authoring.sources.formats import FORMATS, SUFFIXES
from microcosm_sqlite.errors import SourceError
from tests.docs.page import Reader

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "formats-of-sources.md"


def read_rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in lines
    ]


def list_code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_format_is_listed_with_the_extra_that_it_needs() -> None:
    told = {
        suffix: "".join(list_code(extra))
        for _, names, _, extra, *_ in read_rows("What is read")
        for suffix in list_code(names)
    }
    assert told == {
        **{suffix: FORMATS[name].extra for suffix, name in SUFFIXES.items()},
        **dict.fromkeys(ARCHIVE_SUFFIXES, ""),
    }


def read_lines() -> dict[str, str]:
    """The line that converts each kind of file, by what its name ends in."""
    return {
        suffix: line.strip("`")
        for what, names, line in read_rows("What converts the rest")
        if what not in OTHERS
        for suffix in list_code(names)[:1]
    }


def test_every_line_of_another_format_is_the_one_that_is_advised() -> None:
    rows = read_rows("What converts the rest")
    listed = [
        suffix for what, names, _ in rows if what not in OTHERS for suffix in list_code(names)
    ]
    assert listed == list_converted()
    for suffix, line in read_lines().items():
        assert describe_conversion(Path(f"birds{suffix}")).partition("; convert it: ")[2] == line


def write_halfway(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
    path.with_name(f"{path.name}-journal").write_bytes(b"\xd9\xd5\x05\xf9 \xa1c\xd7" + b"\0" * 600)


LATIN = '{"a": "Zaunkönig läuft"}\n'
OTHERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a JSON object with the rows in `rows`": (
        "birds.json", lambda path: path.write_text('{"rows": [{"a": 1}, {"a": 2}]}')
    ),
    "JSON in another encoding": (
        "birds.jsonl", lambda path: path.write_bytes(LATIN.encode("cp1252") * 30)
    ),
    "Feather of version 1": ("birds.feather", lambda path: path.write_bytes(b"FEA1" + b"\0" * 60)),
    "a database that was left in the middle of a transaction": ("birds.db", write_halfway),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_files_of_known_formats_are_refused_with_the_line_of_the_page(
    tmp_path: Path, what: str
) -> None:
    if "Feather" in what:
        pytest.importorskip("pyarrow")
    lines = {what: line for what, _, line in read_rows("What converts the rest")}
    name, write = OTHERS[what]
    write(tmp_path / name)
    with pytest.raises(SourceError) as raised:
        draft_project(tmp_path / "t-data", tmp_path)
    assert lines[what].strip("`") in f"{raised.value}"


@pytest.mark.slow
def test_an_author_makes_a_dataset_of_several_formats(newcomer: Reader) -> None:
    assert newcomer.follow(PAGE) == 2
