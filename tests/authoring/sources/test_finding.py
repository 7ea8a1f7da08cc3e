"""Every file belongs to the table that it is named after, or the build says what does not match."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.drafting.from_files.file_kind import refuse_disguise
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.finding import find_sources
from microcosm_sqlite.authoring.sources.formats import FORMATS, SUFFIXES, split_name, unpack_name
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.projects import SOURCES, make_project


def find(root: Path, *tables: str, options: str = "", **sources: str) -> dict[str, list[str]]:
    """The names of the sources of each table; ``a__csv`` is the file ``a.csv``."""
    files = {name.replace("__", "."): text for name, text in sources.items()}
    project = make_project(root / "project", sources=files, options=options)
    found = find_sources(ProjectSettings.from_pyproject(project), tables)
    return {table: [source.name for source in parts] for table, parts in found.items()}


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@pytest.mark.parametrize("compression", ["", *COMPRESSIONS])
def test_suffixes_are_read_in_any_case_and_leave_the_table(suffix: str, compression: str) -> None:
    found = SUFFIXES[suffix]
    is_read = not compression or FORMATS[found].is_packed
    name = f"birds.of.prey{suffix}{compression}"
    for each in (name, f"birds.of.prey{suffix.upper()}{compression.upper()}"):
        assert split_name(Path(each)) == (("birds.of.prey", found) if is_read else (each, ""))
        unpacked = "" if is_read else each[: len(each) - len(compression)]
        assert unpack_name(Path(each)) == unpacked


@pytest.mark.parametrize(
    "suffix", [each for each, name in SUFFIXES.items() if not FORMATS[name].is_packed]
)
def test_compressed_files_of_other_formats_than_text_are_refused(
    tmp_path: Path, suffix: str
) -> None:
    with pytest.raises(SourceError, match="is compressed, which only text may be") as raised:
        find(tmp_path, "birds", **{f"birds{suffix}.gz": "birds"})
    assert raised.value.hint == f"Unpack it, and call it birds{suffix}."


@pytest.mark.parametrize("name", ["notes.txt", "birds", "birds.csv.txt", "archive.gz", "gz"])
def test_other_files_are_of_no_format(name: str) -> None:
    assert split_name(Path(name)) == (name, "")


def test_files_folders_and_databases_are_found_by_the_names_of_tables(tmp_path: Path) -> None:
    parts = tmp_path / "project" / "sources" / "parts"
    parts.mkdir(parents=True)
    for number in (10, 2, 1):
        (parts / f"{number:02}.csv").write_text("id\n", "utf-8")
    (parts / "README.txt").write_text("No part.", "utf-8")
    with closing(sqlite3.connect(parts.parent / "old.db")) as connection:
        connection.executescript("CREATE TABLE eggs (id); CREATE TABLE nests (id);")
    found = find(tmp_path, "birds", "parts", "eggs", "nests", birds__csv="id\n", notes__txt="")
    assert found == {
        "birds": ["sources/birds.csv"],
        "parts": ["sources/parts/01.csv", "sources/parts/02.csv", "sources/parts/10.csv"],
        "eggs": ["sources/old.db#eggs"],
        "nests": ["sources/old.db#nests"],
    }


def test_two_files_for_one_table_are_both_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        find(tmp_path, "birds", birds__csv="id\n", birds__tsv="id\n")
    assert "sources/birds.csv and sources/birds.tsv" in caught.value.message


def test_all_that_does_not_match_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        find(tmp_path, "birds", "nests", birds__csv="id\n", eggs__csv="id\n")
    assert "no source for table `nests`" in caught.value.message
    assert "no table for source `eggs`" in caught.value.message


def test_what_the_settings_allow_is_left_out(tmp_path: Path) -> None:
    options = 'tables-without-source = "empty"\nunknown-sources = "ignore"\n'
    found = find(tmp_path, "birds", "nests", options=options, birds__csv="id\n", eggs__csv="id\n")
    assert found == {"birds": ["sources/birds.csv"]}


@pytest.mark.parametrize(
    ("source", "error", "told"),
    [
        ("sources/none.csv", SourceError, "sources/none.csv does not exist"),
        ("pyproject.toml", SettingsError, "pyproject.toml is of no known format"),
    ],
)
def test_a_named_file_must_be_there_and_of_a_known_format(
    tmp_path: Path, source: str, error: type[Exception], told: str
) -> None:
    project = make_project(tmp_path / "project")
    text = (project / "pyproject.toml").read_text("utf-8")
    named = text.replace('sources = "sources"', f'sources = {{ birds = "{source}" }}')
    (project / "pyproject.toml").write_text(named, "utf-8")
    with pytest.raises(error, match=told):
        find_sources(ProjectSettings.from_pyproject(project), ["birds"])


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


@pytest.mark.parametrize("name", ["birds.csv", "birds.jsonl", "birds.parquet", "birds.db"])
def test_a_pointer_of_git_lfs_is_told_from_a_source(name: str, tmp_path: Path) -> None:
    sources = {file: text for file, text in SOURCES.items() if file != "birds.csv"}
    project = make_project(tmp_path / "p", sources={**sources, name: POINTER})
    with pytest.raises(SourceError, match=r"birds.* a Git LFS pointer") as caught:
        build_dataset(ProjectSettings.from_pyproject(project))
    if not name.endswith(".db"):
        assert caught.value.hint == "Fetch it: git lfs pull"
        with pytest.raises(SourceError, match="is a Git LFS pointer"):
            refuse_disguise(project / "sources" / name)
