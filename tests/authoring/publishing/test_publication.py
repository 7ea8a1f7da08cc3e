"""What would go wrong after publishing is told before it, by number."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.publishing import wheel_checks
from microcosm_sqlite.authoring.publishing.publication import check_publication
from microcosm_sqlite.catalog.verifying.checklist import Report
from microcosm_sqlite.errors import DatasetFileMissingError, MissingDependencyError, SettingsError
from tests.support.crossing import make_flights
from tests.support.projects import build_sdist, build_wheel, make_project
from tests.support.wheels import Wheel

ORIGINS = """
title = "Birds"
[[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.origins]]
title = "A field guide"
url = "https://example.org/birds"
"""
EXTRA = 'license = "CC0-1.0"\nreadme = "README.md"\nlicense-files = ["LICENSE"]\n'


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has everything, and its wheel."""
    root = make_project(tmp_path_factory.mktemp("complete") / "birds-data", options=ORIGINS)
    (root / "README.md").write_text("# Birds\n")
    (root / "LICENSE").write_text("Everybody may do everything with it.\n")
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## 1.0\n\n- First version.\n")
    settings = root / "pyproject.toml"
    settings.write_text(settings.read_text().replace('license = "CC0-1.0"\n', EXTRA, 1))
    build_wheel(root)
    return root


@pytest.fixture
def project(complete: Path, tmp_path: Path) -> Path:
    """A copy of it, without a wheel, to spoil."""
    ignored = shutil.ignore_patterns("dist")
    return Path(shutil.copytree(complete, tmp_path / "birds-data", ignore=ignored))


@pytest.fixture
def wheel(complete: Path, tmp_path: Path) -> Wheel:
    """The files of its wheel, to spoil."""
    opened = Wheel("birds-data", "1.0")
    opened.files.clear()
    with zipfile.ZipFile(wheel_of(complete)) as archive:
        for name in archive.namelist():
            if not name.endswith("/RECORD"):
                opened.put(name, archive.read(name))
    return opened


def wheel_of(project: Path) -> Path:
    (wheel,) = (project / "dist").glob("*.whl")
    return wheel


def tell(report: Report) -> dict[str, str]:
    return {each.code: each.message for each in report.findings + report.warnings}


def test_a_complete_project_and_its_wheel_are_fit(complete: Path) -> None:
    report = check_publication(complete)
    codes = [outcome.code for outcome in report.outcomes]
    assert codes == [f"P{number:02}" for number in range(1, 25)]
    assert [each.code for each in report.outcomes if each.status != "ok"] == ["P22"]
    alone = check_publication(wheel_of(complete))
    assert tell(alone) == {}
    assert [each.code for each in alone.outcomes if each.status == "skipped"] == [
        "P06",
        "P21",
        "P22",
    ]


def test_without_a_wheel_the_project_alone_is_checked(project: Path) -> None:
    report = check_publication(project)
    assert report.ok
    assert list(tell(report)) == ["P09"]
    skipped = [each.code for each in report.outcomes if each.status == "skipped"]
    assert skipped == [f"P{number}" for number in range(10, 25)]


@pytest.mark.parametrize(
    ("code", "old", "new", "message"),
    [
        ("P01", 'description = "Birds for tests"', "", "there is no description"),
        ("P02", 'license = "CC0-1.0"', 'license = "Free as a bird"', "is not an SPDX expression"),
        ("P02", 'license = "CC0-1.0"', "", "nobody may use the data"),
        ("P03", 'url = "https://example.org/birds"', "", "'A field guide' has no URL"),
        ("P04", 'readme = "README.md"', "", "names no readme"),
        ("P04", 'readme = "README.md"', 'readme = "MISSING.md"', "MISSING.md does not exist"),
        ("P05", '["LICENSE"]', '["LICENSE", "NOTICE"]', "no file matches NOTICE"),
        ("P06", 'version = "1.0"', 'version = "1.0.1"', "does not mention 1.0.1"),
        (
            "P07",
            "requires-python",
            'dependencies = ["x @ https://example.org/x.whl", "sqlalchemy>=2"]\nrequires-python',
            "x is taken from https://example.org/x.whl",
        ),
        (
            "P07",
            "requires-python",
            'dependencies = ["x >"]\nrequires-python',
            "is not a valid requirement",
        ),
        (
            "P08",
            "requires-python",
            'classifiers = ["Private :: Do Not Upload"]\nrequires-python',
            "which the index refuses",
        ),
    ],
)
def test_what_a_project_lacks_is_told(
    code: str, old: str, new: str, message: str, project: Path
) -> None:
    settings = project / "pyproject.toml"
    text = settings.read_text()
    assert old in text
    settings.write_text(text.replace(old, new, 1))
    told = tell(check_publication(project))
    assert set(told) == {code, "P09"}
    assert message in told[code]


@pytest.mark.parametrize(
    ("code", "file", "message"),
    [
        ("P04", "README.md", "README.md does not exist"),
        ("P05", "LICENSE", "no file matches LICENSE"),
        ("P06", "CHANGELOG.md", "there is no CHANGELOG.md"),
    ],
)
def test_a_file_that_is_missing_is_told(code: str, file: str, message: str, project: Path) -> None:
    (project / file).unlink()
    assert message in tell(check_publication(project))[code]


def test_a_longer_version_is_not_taken_for_this_one(project: Path) -> None:
    for others in ("## 1.0.1", "## 11.0", "## 1.0rc1"):
        (project / "CHANGELOG.md").write_text(others)
        assert "P06" in tell(check_publication(project)), others
    for spelling in ("## [1.0] - 2026-01-01", "## v1.0", "# First\n\nVersion 1.0."):
        (project / "CHANGELOG.md").write_text(spelling)
        assert "P06" not in tell(check_publication(project)), spelling


INFO = "birds_data-1.0.dist-info"
ENTRY = "[microcosm.sqlite]\n"


def replaced(file: str, old: str, new: str) -> Callable[[Wheel], object]:
    def replace(wheel: Wheel) -> None:
        text = wheel.files[f"{INFO}/{file}"].decode()
        assert old in text
        wheel.put(f"{INFO}/{file}", text.replace(old, new))

    return replace


def added(header: str) -> Callable[[Wheel], object]:
    return replaced("METADATA", "Name:", f"{header}\nName:")


@pytest.mark.parametrize(
    ("code", "spoil", "message"),
    [
        ("P04", replaced("METADATA", "# Birds", ""), "no long description"),
        ("P05", lambda wheel: wheel.files.pop(f"{INFO}/licenses/LICENSE"), "LICENSE, which is not"),
        (
            "P07",
            replaced("METADATA", "Name:", "Requires-Dist: x @ https://example.org/x.whl\nName:"),
            "x is taken from",
        ),
        ("P10", replaced("METADATA", "Name: birds-data", "Name: bees-data"), "is bees-data 1.0"),
        ("P10", replaced("METADATA", "Metadata-Version: ", "Metadata-Version: 99"), "99"),
        ("P18", replaced("entry_points.txt", "birds = ", "birds: "), "cannot be read"),
        ("P18", replaced("entry_points.txt", ":path", "-path"), "not `name = module:function`"),
        ("P18", replaced("entry_points.txt", ENTRY, "[other]\n"), "does not name birds"),
        ("P18", lambda wheel: wheel.put(f"{INFO}/entry_points.txt", b"\xff"), "cannot be read"),
        (
            "P19",
            replaced("extra_metadata/datapackage.json", '"version": "1.0"', '"version": "0.9"'),
            "the version is 0.9 in one and 1.0 in the other",
        ),
        ("P19", replaced("METADATA", "CC0-1.0", "MIT"), "under CC0-1.0, and METADATA says MIT"),
        (
            "P20",
            lambda wheel: wheel.put(
                "birds_data/birds.db", wheel.files["birds_data/birds.db"] + b"x"
            ),
            "bytes",
        ),
        ("P24", replaced("METADATA", "Birds for tests", "Birds " * 100), "has 600 characters"),
        (
            "P24",
            added("Author-Email: Nobody <nobody@nowhere>"),
            "'nobody@nowhere' is not an",
        ),
        ("P24", added("Project-URL: Home, example.org"), "'example.org' is not a URL"),
        ("P24", added(f"Project-URL: {'Home' * 9}, https://a.org"), "of more than 32 characters"),
        ("P24", added("Classifier: Topic :: Birds"), "'Topic :: Birds' is not a classifier"),
        ("P24", added("Classifier: Natural Language :: Ukranian"), "is deprecated; use Natural L"),
    ],
)
def test_what_is_wrong_in_a_wheel_is_told(
    code: str, spoil: Callable[[Wheel], object], message: str, wheel: Wheel, tmp_path: Path
) -> None:
    spoil(wheel)
    report = check_publication(wheel.pack(tmp_path))
    assert message in tell(report)[code]
    assert not report.ok
    # What several checks may notice: a broken entry point, and that nothing can be verified then.
    assert set(tell(report)) <= {code, "P20"}


def test_a_local_version_is_refused(complete: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(complete, tmp_path / "p", ignore=shutil.ignore_patterns("dist")))
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text().replace('version = "1.0"', 'version = "1.0+mine"'))
    told = tell(check_publication(build_wheel(project)))
    assert told == {"P24": "version 1.0+mine is a local one"}


def test_record_must_list_every_file_as_it_is(wheel: Wheel, tmp_path: Path) -> None:
    path = wheel.pack(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("birds_data/more.txt", "not listed")
    assert tell(check_publication(path)) == {"P17": "birds_data/more.txt is not listed"}
    rewrite(path, lambda name, content: content if not name.endswith("RECORD") else None)
    assert tell(check_publication(path))["P17"].endswith("has no RECORD")
    path = wheel.pack(tmp_path)
    rewrite(path, lambda name, content: b"" if name.endswith("models.py") else content)
    assert tell(check_publication(path)) == {
        "P17": "birds_data/models.py is not what was published"
    }


def rewrite(
    path: Path,
    edit: Callable[[str, bytes], bytes | None] = lambda name, content: content,
    method: int = zipfile.ZIP_DEFLATED,
) -> None:
    """Write an archive again; ``edit`` gives each member's new content, or None to leave it out."""
    with zipfile.ZipFile(path) as archive:
        files = {name: edit(name, archive.read(name)) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            if content is not None:
                archive.writestr(name, content)


class Pipe:
    """A file that cannot be sought, such as standard output."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")

    def write(self, data: bytes) -> int:
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()


def test_a_wheel_that_was_streamed_is_told(wheel: Wheel, tmp_path: Path) -> None:
    packed = wheel.pack(tmp_path)
    streamed = tmp_path / "streamed" / packed.name
    streamed.parent.mkdir()
    pipe = Pipe(streamed)
    with zipfile.ZipFile(packed) as source, zipfile.ZipFile(pipe, "w") as target:  # type: ignore[call-overload]
        for name in source.namelist():
            target.writestr(name, source.read(name))
    pipe.file.close()
    told = tell(check_publication(streamed))
    assert list(told) == ["P15"]
    assert "a data descriptor after birds_data/__init__.py" in told["P15"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: content + b"more", "data after its end"),
        (lambda content: b"#!/bin/sh\n" + content, "10 bytes in front of"),
        (lambda content: content.replace(b"PK\x03\x04", b"PK\x09\x09", 1), "no header in front"),
        (
            lambda content: content.replace(b"birds_data/__init__", b"birds_data/__exit__", 1),
            "another name in front",
        ),
    ],
)
def test_an_archive_that_reads_differently_from_its_front_is_told(
    spoil: Callable[[bytes], bytes], message: str, wheel: Wheel, tmp_path: Path
) -> None:
    path = wheel.pack(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    assert message in tell(check_publication(path))["P15"]


def test_comments_in_an_archive_are_told(wheel: Wheel, tmp_path: Path) -> None:
    path = wheel.pack(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"
    assert tell(check_publication(path)) == {"P15": "a comment of its own"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_come_twice_or_lead_elsewhere_are_told(wheel: Wheel, tmp_path: Path) -> None:
    path = wheel.pack(tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("birds_data/models.py", "again")
        archive.writestr("../outside.py", "")
    told = tell(check_publication(path))
    assert (
        told["P16"] == "birds_data/models.py is in it more than once; ../outside.py leads out of it"
    )


def test_other_compressions_are_told(wheel: Wheel, tmp_path: Path) -> None:
    path = wheel.pack(tmp_path)
    rewrite(path, method=zipfile.ZIP_LZMA)
    assert "is compressed with method 14" in tell(check_publication(path))["P13"]


def test_a_wheel_that_unpacks_to_very_much_more_is_told(wheel: Wheel, tmp_path: Path) -> None:
    wheel.put("birds_data/zeros.bin", bytes(65 << 20))
    told = tell(check_publication(wheel.pack(tmp_path)))
    assert list(told) == ["P14"]
    assert "more than 50 times" in told["P14"]


def test_sizes_near_and_over_the_limit_are_told(
    complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (wheel_checks.FILE_LIMIT, wheel_checks.ADVISED_LIMIT) == (100 * 1024**2, 90 * 10**6)
    size = wheel_of(complete).stat().st_size
    monkeypatch.setattr(wheel_checks, "ADVISED_LIMIT", size - 1)
    report = check_publication(complete)
    assert report.ok
    assert list(tell(report)) == ["P12"]
    monkeypatch.setattr(wheel_checks, "FILE_LIMIT", size - 1)
    report = check_publication(complete)
    assert not report.ok
    assert list(tell(report)) == ["P11"]


def test_what_is_no_project_and_no_wheel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        check_publication(tmp_path)
    with pytest.raises(DatasetFileMissingError):
        check_publication(tmp_path / "nowhere.whl")
    text = tmp_path / "text-1.0-py3-none-any.whl"
    text.write_text("no zip file")
    report = check_publication(text)
    assert not report.ok
    assert "is not a wheel" in tell(report)["P13"]


def test_without_packaging_the_line_that_installs_it_is_told(
    complete: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "packaging.licenses", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'microcosm-sqlite\[build\]'"):
        check_publication(complete)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("sources/birds.csv", "Rook", "Crow"),
        ("src/birds_data/models.py", "In centimetres", "Wing to wing"),
        ("pyproject.toml", 'title = "Birds"', 'title = "The birds"'),
    ],
)
def test_what_was_built_of_other_sources_is_told(
    complete: Path, tmp_path: Path, file: str, old: str, new: str
) -> None:
    project = Path(shutil.copytree(complete, tmp_path / "birds-data"))
    build_sdist(project)
    assert {each.status for each in check_publication(project).outcomes} == {"ok"}
    (project / file).touch()  # the same content, only later
    assert tell(check_publication(project)) == {}
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new))
    assert tell(check_publication(project)) == {
        "P21": f"{file} is newer than it",
        "P22": f"birds_data-1.0.tar.gz has a different {file}",
    }


def test_a_wheel_with_other_tables_is_told(complete: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(complete, tmp_path / "birds-data"))
    (project / "sources" / "families.csv").rename(project / "sources" / "kin.csv")
    told = tell(check_publication(project))["P21"]
    assert "its tables differ" in told
    assert "no table for source `kin`" in told


@pytest.mark.parametrize(
    ("required", "is_told"),
    [("Airports.Data >=2.1", False), ("airports-data; extra == 'x'", True), ("other", True)],
)
def test_distributions_that_keys_lead_into_are_required(
    tmp_path: Path, required: str, is_told: bool
) -> None:
    wheel = make_flights(tmp_path)
    file = f"{wheel.info}/METADATA"
    wheel.put(file, wheel.files[file] + f"Requires-Dist: {required}\n".encode())
    told = tell(check_publication(wheel.pack(tmp_path))).get("P23", "")
    expected = "it refers to dataset 'airports' of airports-data, which METADATA does not require"
    assert told == (expected if is_told else "")
