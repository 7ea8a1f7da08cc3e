"""Archives are folders of sources, and nothing that leads out of them is written."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.sources import archives
from microcosm_sqlite.authoring.sources.archives import list_members, unpack
from microcosm_sqlite.errors import SourceError

FILES = {
    "data/birds.csv": "id,name\n1,tit\n2,owl\n",
    "data/2020/sales.csv": "id,sum\n1,2\n",
    "data/README.md": "# Birds\n",
    "data/.hidden/x.csv": "a\n1\n",
    "__MACOSX/data/._birds.csv": "x",
}
NAMES = ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2"]


def pack(path: Path, files: dict[str, str]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        return path
    kind = {".gz": "w:gz", ".tgz": "w:gz", ".xz": "w:xz", ".bz2": "w:bz2"}.get(path.suffix, "w")
    with tarfile.open(path, kind) as packed:  # type: ignore[call-overload]
        for name, text in files.items():
            packed.addfile(describe(name, len(text)), io.BytesIO(text.encode()))
    return path


def describe(name: str, size: int = 0, **rest: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size = size
    for key, value in rest.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize("name", NAMES)
def test_members_are_unpacked_but_for_the_folder_of_all(tmp_path: Path, name: str) -> None:
    path, out = pack(tmp_path / name, FILES), tmp_path / "out"
    assert unpack(path, out) == {}
    assert read_files(out) == {
        "2020/sales.csv": "id,sum\n1,2\n",
        "README.md": "# Birds\n",
        "birds.csv": "id,name\n1,tit\n2,owl\n",
    }
    assert list_members(path) == sorted(read_files(out))


def read_files(folder: Path) -> dict[str, str]:
    return {
        each.relative_to(folder).as_posix(): each.read_text()
        for each in folder.rglob("*")
        if each.is_file()
    }


@pytest.mark.parametrize("name", NAMES[:2])
def test_members_in_the_place_of_others_are_left_out(tmp_path: Path, name: str) -> None:
    files = {"a.csv": "a\n1\n", "A.csv": "a\n2\n", "a.csv/b.csv": "b\n", "c/d.csv": "d\n1\n"}
    out = tmp_path / "out"
    left = unpack(pack(tmp_path / name, {**files, "c": "x"}), out)
    assert left == dict.fromkeys(["A.csv", "a.csv/b.csv", "c"], "the second of that name")
    assert read_files(out) == {"a.csv": "a\n1\n", "c/d.csv": "d\n1\n"}


@pytest.mark.parametrize("member", ["../x.csv", "/x.csv", "a/../../x.csv", "..\\x.csv", "C:/x.csv"])
@pytest.mark.parametrize("name", NAMES[:3])
def test_what_would_lie_outside_is_refused(tmp_path: Path, name: str, member: str) -> None:
    path = pack(tmp_path / name, {"a.csv": "a\n1\n", member: "x\n"})
    with pytest.raises(SourceError, match=f"{name} has a member outside of itself"):
        unpack(path, tmp_path / "in/out")
    assert [*(tmp_path / "in").rglob("*.csv")] == []


def test_links_are_left_out(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as packed:
        packed.addfile(describe("a.csv", 4), io.BytesIO(b"a\n1\n"))
        packed.addfile(describe("soft.csv", type=tarfile.SYMTYPE, linkname="/etc/passwd"))
        packed.addfile(describe("hard.csv", type=tarfile.LNKTYPE, linkname="../x"))
        packed.addfile(describe("pipe.csv", type=tarfile.FIFOTYPE))
    left = unpack(tmp_path / "a.tar", tmp_path / "out")
    assert left == dict.fromkeys(
        ["soft.csv", "hard.csv", "pipe.csv"], "a link or a device in an archive"
    )
    link = zipfile.ZipInfo("soft.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("b.csv", "a\n1\n")
    assert [*unpack(tmp_path / "a.zip", tmp_path / "zip")] == ["soft.csv"]


@pytest.mark.parametrize("name", NAMES[:3])
def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(archives, "_MOST_BYTES", 1000)
    monkeypatch.setattr(archives, "_MOST_RATIO", 0)
    path = pack(tmp_path / name, {"a.csv": "a" * 600, "b.csv": "b" * 600})
    with pytest.raises(SourceError, match="far larger than"):
        unpack(path, tmp_path / "out")
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 1)
    with pytest.raises(SourceError, match="more than 1 member"):
        unpack(path, tmp_path / "again")


@pytest.mark.parametrize("name", NAMES)
def test_damaged_archives_are_told_once(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / name, {f"{n}.csv": f"a\n{'x' * n}\n" for n in range(500)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match=f"^{name} cannot be read"):
        unpack(path, tmp_path / "out")
    (tmp_path / "b.csv").write_text("a\n1\n")
    draft = draft_project(tmp_path / "t-data", tmp_path)
    assert sum(f"{name} cannot be read" in line for line in draft.report) == 1


def test_an_archive_is_drafted_added_and_refreshed(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.zip", FILES)
    draft = draft_project(tmp_path / "t-data", path)
    assert sorted(each.name for each in (draft.path / "sources").iterdir()) == [
        "_2020_sales.csv",
        "birds.csv",
    ]
    assert "left out: README.md, of no format that is read" in draft.report
    (tmp_path / "folder").mkdir()
    path.rename(tmp_path / "folder/a.zip")
    inside = draft_project(tmp_path / "u-data", tmp_path / "folder")
    assert "left out: a.zip#README.md, of no format that is read" in inside.report
    assert (inside.path / "sources/birds.csv").exists()
    add_tables(draft.path, [pack(tmp_path / "b.tgz", {"x/more.csv": "id,v\n1,2\n"})])
    assert (draft.path / "sources/more.csv").exists()
    newer = pack(tmp_path / "c.tar.xz", {"birds.csv": "id,name\n1,tit\n2,owl\n3,wren\n"})
    assert refresh_project(draft.path, [newer], apply=True).is_applied
    assert "wren" in (draft.path / "sources/birds.csv").read_text()


def test_an_archive_called_as_what_is_in_it_stands_for_its_members(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    pack(folder / "places.shp.zip", {"towns.csv": "id,name\n1,Ulm\n", "roads.csv": "id\n1\n"})
    drafted = draft_project(tmp_path / "t-data", folder)
    assert {each.name for each in (drafted.path / "sources").iterdir()} == {
        "roads.csv",
        "towns.csv",
    }
