"""What would go wrong after publishing is told before it, by number."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing import wheel_checks
from microcosm_sqlite.authoring.publishing.publication import check_publication
from microcosm_sqlite.catalog.verifying.checklist import Report
from microcosm_sqlite.errors import DatasetFileMissingError, MissingDependencyError, SettingsError
from tests.support.crossing import make_flights
from tests.support.program import Program
from tests.support.projects import build_sdist, build_wheel, complete, make_project
from tests.support.wheels import Wheel

ORIGINS = """
title = "Birds"
[[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite.origins]]
title = "A field guide"
url = "https://example.org/birds"
"""


@pytest.fixture(scope="module", name="complete")
def build_complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has everything, and its wheel."""
    root = make_project(tmp_path_factory.mktemp("complete") / "birds-data", options=ORIGINS)
    complete(root)
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
    assert codes == [f"P{number:02}" for number in range(1, 32)]
    assert [each.code for each in report.outcomes if each.status != "ok"] == ["P22", "P30", "P31"]
    alone = check_publication(wheel_of(complete))
    assert tell(alone) == {}
    assert [each.code for each in alone.outcomes if each.status == "skipped"] == [
        "P06",
        "P21",
        "P22",
        "P27",
        "P28",
        "P30",
        "P31",
    ]


def test_without_a_wheel_the_project_alone_is_checked(project: Path) -> None:
    report = check_publication(project)
    assert report.ok
    assert list(tell(report)) == ["P09"]
    skipped = [each.code for each in report.outcomes if each.status == "skipped"]
    assert skipped == [f"P{number}" for number in (*range(10, 26), 29, 30, 31)]


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


HOOK = "[tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]"


def add(told_in: str, line: str, table: str = "[project]") -> Callable[[Path, str], None]:
    """Add a line to a table of the settings, as the advice says."""

    def cure(project: Path, hint: str) -> None:
        assert told_in in hint
        assert table.strip("[]") in hint or "the table of the build hook" in hint
        settings = project / "pyproject.toml"
        settings.write_text(settings.read_text().replace(table, f"{table}\n{line}", 1))

    return cure


def take_out(told_in: str, old: str, new: str = "") -> Callable[[Path, str], None]:
    """Take something out of the settings, or put another in its place, as the advice says."""

    def cure(project: Path, hint: str) -> None:
        assert told_in in hint
        settings = project / "pyproject.toml"
        assert old in settings.read_text()
        settings.write_text(settings.read_text().replace(old, new, 1))

    return cure


def write_file(told_in: str, name: str, content: str) -> Callable[[Path, str], None]:
    def cure(project: Path, hint: str) -> None:
        assert told_in in hint
        (project / name).write_text(content)

    return cure


def write_section(project: Path, hint: str) -> None:
    """Write what the command prints of the former version and this one."""
    (command,) = re.findall(r"microcosm-sqlite (diff OLD NEW --changelog)", hint)
    old = Path(shutil.copytree(project, project.parent / "old"))
    settings = old / "pyproject.toml"
    settings.write_text(settings.read_text().replace('"1.0.1"', '"1.0"'))
    for each in (old, project):
        build_dataset(ProjectSettings.from_pyproject(each))
    sides = command.replace("OLD", str(old)).replace("NEW", str(project))
    told = Program(project, project).run(*sides.split()).stdout
    file = project / "CHANGELOG.md"
    file.write_text(file.read_text().replace("\n## 1.0\n", f"\n{told}\n## 1.0\n"))


LICENSE = 'license-files = ["LICENSE"]'
URL = "https://example.org/x.whl"
CURES: dict[str, tuple[str, str, str, Callable[[Path, str], None]]] = {
    "no description": (
        "P01", 'description = "Birds for tests"', "",
        add("`description` of [project]", 'description = "Birds"')),
    "no licence": ("P02", 'license = "CC0-1.0"', "",
        add("spdx.org/licenses as `license`", 'license = "CC-BY-4.0"', HOOK)),
    "no origin": ("P03", ORIGINS.split("\n", 2)[2], "",
        add("an entry with title and url to `origins`",
            'origins = [{title = "A guide", url = "https://example.org"}]', HOOK)),
    "no readme": ("P04", 'readme = "README.md"', "",
        add("name it as `readme` of [project]", 'readme = "README.md"')),
    "a readme that is missing": ("P04", '"README.md"', '"READ.md"',
        write_file("Write a README.md", "READ.md", "# Birds")),
    "no licence file": ("P05", LICENSE, 'license-files = ["COPYING"]',
        write_file("Add the texts of the licences", "COPYING", "Free.")),
    "a new version": ("P06", 'version = "1.0"', 'version = "1.0.1"', write_section),
    "a file as a dependency": (
        "P07", "requires-python", f'dependencies = ["x @ {URL}"]\nrequires-python',
        take_out("Name a version of a distribution on the index", f"x @ {URL}", "x>=1")),
    "no requirement": ("P07", "requires-python", 'dependencies = ["x >"]\nrequires-python',
        take_out("Name a version of a distribution on the index", "x >", "x>=1")),
    "private": (
        "P08", "requires-python", 'classifiers = ["Private :: No"]\nrequires-python',
        take_out("Remove the classifier", 'classifiers = ["Private :: No"]\n')),
}  # fmt: skip


@pytest.mark.parametrize("case", CURES)
def test_following_the_advice_on_a_project_makes_it_fit(project: Path, case: str) -> None:
    code, old, new, cure = CURES[case]
    settings = project / "pyproject.toml"
    assert old in settings.read_text()
    settings.write_text(settings.read_text().replace(old, new, 1))
    report = check_publication(project)
    (outcome,) = [each for each in report.findings + report.warnings if each.code == code]
    cure(project, outcome.hint)
    assert set(tell(check_publication(project))) == {"P09"}


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
        ("P10", replaced("METADATA", "2.4\n", "2.5\nImport-Name: bees_data\n"), "has bees_data, w"),
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
    assert set(tell(report)) - {"P25"} <= {code, "P20"}


BUILD_AGAIN = "Build the wheel again, in its project: pip wheel --no-deps --wheel-dir dist ."
WORN: dict[str, Callable[[Path], object]] = {
    "P10": lambda path: rewrite(
        path, lambda name, content: content.replace(b": birds-", b": bee-")
    ),
    "P13": lambda path: rewrite(path, method=zipfile.ZIP_LZMA),
    "P15": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "P16": lambda path: add_member(path, "birds_data/models.py"),
    "P17": lambda path: rewrite(path, lambda name, old: b"" if name.endswith("s.py") else old),
    "P19": lambda path: rewrite(path, lambda name, old: old.replace(b"n: 1.0", b"n: 0.9")),
    "P20": lambda path: rewrite(path, lambda name, old: old[:-9] if name.endswith(".db") else old),
}


def add_member(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, "again")


@pytest.mark.parametrize("code", WORN)
def test_a_wheel_that_is_not_as_it_was_built_is_built_again(
    complete: Path, tmp_path: Path, code: str
) -> None:
    project = Path(shutil.copytree(complete, tmp_path / "birds-data"))
    WORN[code](wheel_of(project))
    (found,) = [each for each in check_publication(project).findings if each.code == code]
    assert found.hint == BUILD_AGAIN
    shutil.copy(wheel_of(complete), project / "dist")  # which that command built
    assert tell(check_publication(project)) == {}


def test_a_member_whose_name_cannot_be_printed_is_renamed(wheel: Wheel, tmp_path: Path) -> None:
    report = check_publication(wheel.put("birds_data/a\nb", b"").pack(tmp_path))
    hints = {each.code: each.hint for each in report.findings}
    assert hints["P16"] == "Rename it, and build it again."
    del wheel.files["birds_data/a\nb"]
    assert tell(check_publication(wheel.put("birds_data/a b", b"").pack(tmp_path))) == {}


def set_in(table: str, line: str) -> Callable[[Path], None]:
    def edit(project: Path) -> None:
        settings = project / "pyproject.toml"
        settings.write_text(settings.read_text().replace(table, f"{table}\n{line}", 1))

    return edit


def replace_in(name: str, *changes: tuple[str, str]) -> Callable[[Path], None]:
    def edit(project: Path) -> None:
        text = (project / name).read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (project / name).write_text(text)

    return edit


ENTRY_POINT = ('birds = "birds_data:path"', 'bees = "birds_data:path"')
URLS = ("requires-python", f'urls = {{ "{"Home" * 9}" = "https://a.org" }}\nrequires-python')
SUMMARY = ('"Birds for tests"', f'"{"Birds " * 100}"')
LICENCES = ('license = "CC0-1.0"', 'license = "MIT"')
CITED = "version: 0.9\n"
TOLD = "# Birds\nSay here who made these files\n"
PROJECT_CURES: dict[str, tuple[str, Callable[[Path], object], Callable[[Path], object]]] = {
    "P18": ('[project.entry-points."microcosm.sqlite"]',
        replace_in("pyproject.toml", ENTRY_POINT),
        replace_in("pyproject.toml", ENTRY_POINT[::-1])),
    "P19": ("Name CC0-1.0 in `license` of [project] too",
        replace_in("pyproject.toml", LICENCES), replace_in("pyproject.toml", LICENCES[::-1])),
    "P24": ("Correct it in [project]",
        replace_in("pyproject.toml", URLS, SUMMARY),
        replace_in("pyproject.toml", URLS[::-1], SUMMARY[::-1])),
    "P26": ("Replace what the template left",
        lambda project: (project / "README.md").write_text(TOLD),
        lambda project: (project / "README.md").write_text("# Birds\nThey sing.\n")),
    "P27": ("remove `license-confirmed`",
        set_in(HOOK, 'license = "CC0-1.0"\nlicense-confirmed = false'),
        replace_in("pyproject.toml", ("license-confirmed = false\n", ""))),
    "P28": ("Correct CITATION.cff",
        lambda project: (project / "CITATION.cff").write_text(CITED),
        lambda project: (project / "CITATION.cff").write_text("version: 1.0\n")),
    "P29": ("Remove them, and build again.",
        lambda project: (project / "src/birds_data/.birds.db.build-k3j").write_text("half"),
        lambda project: (project / "src/birds_data/.birds.db.build-k3j").unlink()),
}  # fmt: skip
"""What the advice says, what makes it so, and what is done about it before the wheel is built."""


@pytest.mark.slow
def test_what_is_advised_on_a_project_makes_its_next_wheel_fit(project: Path) -> None:
    for _, spoil, _ in PROJECT_CURES.values():
        spoil(project)
    path = build_wheel(project)
    report = check_publication(project)
    hints = {each.code: each.hint for each in report.findings + report.warnings}
    assert hints.keys() - {"P20"} == PROJECT_CURES.keys()
    for code, (told_in, _, cure) in PROJECT_CURES.items():
        assert told_in in hints[code]
        cure(project)
    assert tell(check_publication(project)).keys() > {"P21"}, "the wheel is older"
    path.unlink()
    build_wheel(project)
    assert tell(check_publication(project)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["FILE_LIMIT", "ADVISED_LIMIT", "BOMB_SIZE"])
def test_a_large_wheel_is_compressed_as_advised(
    project: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    code = {"FILE_LIMIT": "P11", "ADVISED_LIMIT": "P12", "BOMB_SIZE": "P14"}[limit]
    rows = "".join(f"{number},Bird {number},CORV,,\n" for number in range(20_000))
    header = "id,name,family,wingspan,described\n"
    (project / "sources/birds.csv").write_text(header + rows)
    path = build_wheel(project)
    bound = 100_000 if code == "P14" else path.stat().st_size - 1
    monkeypatch.setattr(wheel_checks, limit, bound)
    monkeypatch.setattr(wheel_checks, "BOMB_RATIO", 2)
    report = check_publication(project)
    (found,) = report.findings + report.warnings
    assert (found.code, found.hint[:25]) == (code, 'Set compression = "zstd" ')
    set_in(HOOK, 'compression = "zstd"')(project)
    path.unlink()
    build_wheel(project)
    assert tell(check_publication(project)) == {}
    monkeypatch.setattr(wheel_checks, limit, 10)
    monkeypatch.setattr(wheel_checks, "BOMB_RATIO", 0)
    report = check_publication(project)
    (found,) = report.findings + report.warnings
    assert "zstd" not in found.hint.removeprefix("Leave birds_data/birds.db.zst")


def test_what_is_large_beside_the_data_is_left_out(wheel: Wheel, tmp_path: Path) -> None:
    wheel.put("birds_data/zeros.bin", bytes(65 << 20))
    (found,) = check_publication(wheel.pack(tmp_path)).findings
    assert (found.code, found.hint) == ("P14", "Leave birds_data/zeros.bin out of the wheel.")
    del wheel.files["birds_data/zeros.bin"]
    assert tell(check_publication(wheel.pack(tmp_path))) == {}


def test_imports_that_are_told_are_corrected(wheel: Wheel, tmp_path: Path) -> None:
    replaced("METADATA", "2.4\n", "2.5\nImport-Name: bees_data\n")(wheel)
    (found,) = check_publication(wheel.pack(tmp_path)).findings
    assert (found.code, found.hint[:40]) == ("P10", "Correct `import-names` of [project], and")
    replaced("METADATA", "bees_data", "birds_data")(wheel)
    assert check_publication(wheel.pack(tmp_path)).ok


def test_metadata_that_twine_6_refuses_is_told(wheel: Wheel, tmp_path: Path) -> None:
    names = "2.5\nImport-Name: birds_data\nImport-Name: birds_data.models ; private\n"
    replaced("METADATA", "2.4\n", names)(wheel)
    report = check_publication(wheel.pack(tmp_path))
    assert report.ok
    assert tell(report) == {"P25": "METADATA has version 2.5, which Twine 6 does not upload"}


@pytest.mark.slow
def test_metadata_is_of_the_version_that_is_advised(project: Path) -> None:
    settings = project / "pyproject.toml"
    told = settings.read_text()
    setting = 'core-metadata-version = "2.4"\n'
    names = told.replace("[project]\n", '[project]\nimport-names = ["birds_data"]\n', 1)
    settings.write_text(names.replace(setting, ""))
    build_wheel(project)
    (found,) = check_publication(project).warnings
    assert found.code == "P25"
    # What the hint says is done, word for word.
    tables = [f"[tool.hatch.build.targets.{target}]" for target in ("wheel", "sdist")]
    assert f"Set {setting.strip()} under {' and '.join(tables)}" in found.hint
    assert "leave out `import-names`" in found.hint
    text = settings.read_text().replace('import-names = ["birds_data"]\n', "")
    for target in ("wheel", "sdist"):
        section = f"[tool.hatch.build.targets.{target}]\n"
        text = text.replace(section, section + setting)
    settings.write_text(text)
    shutil.rmtree(project / "dist")
    build_wheel(project)
    assert tell(check_publication(project)) == {}


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
    outcomes = check_publication(project).outcomes
    unchecked = [each.code for each in outcomes if each.status != "ok"]
    assert unchecked == ["P30", "P31"]  # it has neither shards nor editions
    (project / file).touch()  # the same content, only later
    assert tell(check_publication(project)) == {}
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new))
    assert tell(check_publication(project)) == {
        "P21": f"{file} is newer than it",
        "P22": f"birds_data-1.0.tar.gz has a different {file}",
    }


@pytest.mark.slow
def test_what_is_stale_is_built_by_the_commands_that_are_told(
    complete: Path, tmp_path: Path
) -> None:
    project = Path(shutil.copytree(complete, tmp_path / "birds-data"))
    build_sdist(project)
    source = project / "sources/birds.csv"
    source.write_text(source.read_text().replace("Rook", "Crow"))
    report = check_publication(project)
    hints = {each.code: each.hint for each in report.findings}
    assert hints.keys() == {"P21", "P22"}
    for hint in hints.values():
        program, *arguments = hint.partition(": ")[2].split()
        module = [arguments.pop(0), arguments.pop(0)] if program == "python" else ["-m", program]
        # What builds is here already, and no index is asked for it.
        offline = {"pip": "--no-build-isolation", "build": "--no-isolation"}[module[1]]
        command = [sys.executable, *module, *arguments, offline]
        subprocess.run(command, cwd=project, check=True, capture_output=True)
    assert tell(check_publication(project)) == {}


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


UNFIT = {
    "P26": [
        ("README.md", "# Birds", "# Birds\nSay here who made these files, and", "still says"),
        (
            "pyproject.toml",
            "https://example.org/birds",
            "https://iupac.org/what-we-do/periodic-table-of-elements/",
            "the template's example",
        ),
        (
            "pyproject.toml",
            "The microcosm-sqlite authors",
            "The birds-data authors",
            "still the template",
        ),
    ],
    "P27": [("pyproject.toml", 'title = "Birds"', "license-confirmed = false", "nobody has conf")],
    "P28": [
        ("CITATION.cff", "", "version: 0.9\n", "says version 0.9, but the project has 1.0"),
        ("README.md", "# Birds", "pip install birds-data==0.9", "installs version 0.9"),
        (
            "README.md",
            "# Birds",
            "| table | key |\n|---|---|\n| birds | id |\n| egg\\_s | id |\n",
            "tells of table egg_s, which is not there; the card does not tell of table families",
        ),
    ],
}


@pytest.mark.parametrize(
    ("code", "file", "old", "new", "message"),
    [(code, *case) for code, cases in UNFIT.items() for case in cases],
)
def test_what_an_author_left_undone_is_told(
    complete: Path, tmp_path: Path, code: str, file: str, old: str, new: str, message: str
) -> None:
    project = Path(shutil.copytree(complete, tmp_path / "birds-data"))
    text = (project / file).read_text() if old else ""
    assert old in text
    (project / file).write_text(text.replace(old, new, 1) if old else new)
    told = tell(check_publication(project))
    assert message in told[code]
    assert set(told) - {"P01", "P21", "P22"} == {code}


def test_a_distribution_that_keys_lead_into_is_named_as_advised(tmp_path: Path) -> None:
    wheel = make_flights(tmp_path)
    report = check_publication(wheel.pack(tmp_path))
    (found,) = [each for each in report.warnings if each.code == "P23"]
    assert "in `dependencies` of [project]" in found.hint
    file = f"{wheel.info}/METADATA"
    wheel.put(file, wheel.files[file] + b"Requires-Dist: airports-data>=2.1,<3\n")
    assert "P23" not in tell(check_publication(wheel.pack(tmp_path)))


def test_leftovers_of_a_stopped_build_are_told(wheel: Wheel, tmp_path: Path) -> None:
    wheel.put("birds_data/.birds.db.build-k3j/part-1", b"half")
    wheel.put("birds_data/birds.db-journal", b"")
    told = tell(check_publication(wheel.pack(tmp_path)))
    assert ".birds.db.build-k3j/part-1" in told["P29"]
    assert "birds.db-journal" in told["P29"]
