"""Datasets are found by name, never the wrong one; required versions are compared as pip does."""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, datasets, errors, problems, register, unregister
from microcosm_sqlite.catalog.manifest import FILE_NAME, Requirement
from microcosm_sqlite.catalog.registry import (
    find,
    find_misfit,
    find_required,
    find_requirements,
    suggest_install,
)
from microcosm_sqlite.errors import DatasetNotFoundError
from tests.support.wheels import Wheel, make_database


def test_datasets_are_sorted_and_describe_themselves(installed: Path, database: Path) -> None:
    Wheel("a-data").carry(database, name="a", package="a_data").install(installed)
    assert list(datasets()) == ["a", "colours"]
    found = datasets()["colours"]
    assert (found.name, found.version, found.distribution) == ("colours", "2026.1", "colours-data")
    assert {name: table.row_count for name, table in found.tables.items()} == {
        "colour": 3,
        "shade": 3,
    }
    assert repr(found) == "<InstalledDataset colours 2026.1 from colours-data>"
    assert not found.is_legacy
    assert not found.is_registered
    assert not {"a_data", "colours_data"} & sys.modules.keys()


def test_one_dataset_is_one_object(installed: Path) -> None:
    assert dataset("colours") is dataset("colours") is datasets()["colours"]


def test_an_upgrade_in_a_running_process_is_seen(
    installed: Path, database: Path, wheel: Wheel
) -> None:
    before = dataset("colours")
    for path in (installed / wheel.info).rglob("*.*"):
        path.unlink()
    newer = make_database(database.parent / "newer" / "colours.db", rows=4)
    Wheel(version="2026.2").carry(newer).install(installed)
    assert dataset("colours") is not before
    assert dataset("colours").distribution_version == "2026.2"
    assert dataset("colours").tables["shade"].row_count == 7


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("colour", "Did you mean 'colours'? 'colour' is a table of dataset 'colours'."),
        ("colurs", "Did you mean 'colours'?"),
        ("shade", "'shade' is a table of dataset 'colours'."),
        ("colours.shade", "'shade' is a table of dataset 'colours', which is to be named alone."),
        ("colours.shades", "Did you mean 'colours'?"),
        ("zzz", "Installed: colours."),
        ("", "Installed"),
    ],
)
def test_an_unknown_name_names_the_nearest(installed: Path, name: str, hint: str) -> None:
    with pytest.raises(errors.DatasetNotFoundError) as caught:
        dataset(name)
    assert hint in caught.value.hint
    assert find(name) is None


def test_nothing_installed_says_so(site: Path) -> None:
    with pytest.raises(errors.DatasetNotFoundError, match="No dataset is installed"):
        dataset("colours")
    assert datasets() == {}
    assert problems() == []


def test_two_distributions_with_one_name_are_both_named(installed: Path, database: Path) -> None:
    Wheel("paint-data", "7").carry(database).install(installed)
    with pytest.raises(errors.AmbiguousDatasetError) as caught:
        dataset("colours")
    assert "colours-data 2026.1" in caught.value.message
    assert "paint-data 7" in caught.value.message
    assert caught.value.hint.startswith("Uninstall one of them, such as: pip uninstall ")


@pytest.mark.parametrize("content", [b"no json", b"{}", b"\xff\xfe", b"[]", b""])
def test_a_broken_manifest_concerns_its_dataset_only(
    installed: Path, database: Path, wheel: Wheel, content: bytes
) -> None:
    Wheel("a-data").carry(database, name="a", package="a_data").install(installed)
    (installed / wheel.info / "extra_metadata" / FILE_NAME).write_bytes(content)
    assert list(datasets()) == ["a"]
    (problem,) = problems()
    assert (problem.dataset, problem.distribution) == ("colours", "colours-data")
    assert FILE_NAME in problem.message
    with pytest.raises(errors.ManifestError):
        dataset("colours").connect()


def test_a_manifest_that_cannot_be_read_is_no_legacy_dataset(installed: Path, wheel: Wheel) -> None:
    path = installed / wheel.info / "extra_metadata" / FILE_NAME
    path.unlink()
    path.mkdir()
    with pytest.raises(errors.BrokenDistributionError, match="Is a directory"):
        dataset("colours").connect()
    assert "colours_data" not in sys.modules


class TestRegister:
    def test_a_path_in_the_place_of_the_name_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="The name of a dataset comes first, then its path"):
            register(str(tmp_path / "mine.db"), "mine")
        assert "mine" not in datasets()

    def test_a_registered_path_wins_until_it_is_forgotten(
        self, installed: Path, tmp_path: Path
    ) -> None:
        mine = make_database(tmp_path / "mine.db", rows=5)
        found = register("colours", mine)
        assert dataset("colours") is found
        assert found.is_registered
        assert (found.path, found.distribution, found.version) == (mine, "", "")
        assert found.tables["shade"].row_count == 8
        assert repr(found) == "<InstalledDataset colours registered>"
        unregister("colours")
        unregister("colours")
        assert dataset("colours").distribution == "colours-data"

    def test_the_file_is_not_taken_for_immutable_unless_promised(self, database: Path) -> None:
        assert not register("mine", str(database)).location.immutable
        assert register("mine", str(database), immutable=True).location.immutable

    def test_a_manifest_beside_the_file_describes_it(self, installed: Path, wheel: Wheel) -> None:
        folder = installed / "colours_data"
        manifest = wheel.files[f"{wheel.info}/extra_metadata/{FILE_NAME}"]
        (folder / FILE_NAME).write_bytes(manifest)
        found = register("mine", folder / "colours.db")
        assert found.version == "2026.1"
        other = make_database(folder / "other.db")
        assert register("other", other).manifest is None

    def test_a_foreign_data_package_beside_the_file_is_ignored(self, database: Path) -> None:
        (database.parent / FILE_NAME).write_text('{"name": "somebody else\'s"}')
        assert register("mine", database).manifest is None

    @pytest.mark.parametrize("path", [None, 7, b"bytes", object()])
    def test_what_is_no_path_is_refused(self, path: object) -> None:
        with pytest.raises(TypeError, match="must be a string"):
            register("mine", path)

    def test_a_missing_file_is_told_when_it_is_opened(self, tmp_path: Path) -> None:
        found = register("mine", tmp_path / "later.db")
        with pytest.raises(errors.DatasetFileMissingError):
            found.connect()
        make_database(tmp_path / "later.db")
        found.connect().close()


class TestConnect:
    def test_other_datasets_are_attached_by_name(self, installed: Path, tmp_path: Path) -> None:
        register("my paint", make_database(tmp_path / "p.db", rows=1))
        connection = dataset("colours").connect(attach=["my paint"])
        query = 'SELECT count(*) FROM shade JOIN "my paint".shade AS other USING (code)'
        assert connection.execute(query).fetchone() == (3,)
        connection.close()

    def test_a_name_is_a_string(self) -> None:
        with pytest.raises(TypeError, match="The name of a dataset is a string, not None"):
            dataset(None)  # type: ignore[arg-type]

    def test_an_unknown_one_is_an_error(self, installed: Path) -> None:
        with pytest.raises(errors.DatasetNotFoundError, match="paint"):
            dataset("colours").connect(attach=["paint"])

    def test_a_connection_may_be_promised_to_another_thread(self, installed: Path) -> None:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            here = dataset("colours").connect()
            with pytest.raises(sqlite3.ProgrammingError):
                pool.submit(here.execute, "SELECT 1").result()
            here.close()
            shared = dataset("colours").connect(check_same_thread=False)
            pool.submit(shared.execute, "SELECT 1").result()
            shared.close()


def test_models_are_imported_on_request_only(installed: Path, database: Path) -> None:
    with pytest.raises(errors.DatasetError, match="does not say where its models are"):
        _ = dataset("colours").models
    Wheel("a-data").carry(
        database, name="a", package="a_data", init="", models="a_data.models"
    ).put("a_data/models.py", "answer = 42").install(installed)
    assert dataset("a").models.answer == 42


def test_a_handle_travels_to_another_process_by_name(installed: Path, tmp_path: Path) -> None:
    mine = make_database(tmp_path / "my file.db", rows=2)
    handles = [dataset("colours"), register("mine", mine, immutable=True)]
    handles[0].connect().close()
    assert pickle.loads(pickle.dumps(handles[0])) is handles[0]
    assert pickle.loads(pickle.dumps(handles[1])) is handles[1]
    script = (
        "import pickle, sys\n"
        "for handle in pickle.load(sys.stdin.buffer):\n"
        "    connection = handle.connect()\n"
        "    print(handle.name, connection.execute('SELECT count(*) FROM shade').fetchone())\n"
        "    connection.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(installed)!r})\n{script}"],
        input=pickle.dumps(handles),
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == "colours (3,)\nmine (5,)\n"


def require(accepts: str, version: str = "") -> Requirement:
    return Requirement(
        "colours", {"distribution": "colours-data", "version": version, "accepts": accepts}
    )


@pytest.mark.parametrize(
    ("accepts", "version", "fits"),
    [
        ("", "", True),
        (">=2026.1,<2027", "", True),
        ("~=2026.0", "", True),
        (">=2026.2", "", False),
        ("!=2026.1", "", False),
        (">=2026.2", "2026.1", True),  # it is the very one that the keys were checked against
    ],
)
def test_versions_fit_as_specifiers_say(
    installed: Path, accepts: str, version: str, fits: bool
) -> None:
    misfit = find_misfit(require(accepts, version), dataset("colours"))
    assert (misfit == "") is fits
    if misfit:
        assert misfit.startswith("colours-data 2026.1 ")
        assert accepts in misfit


@pytest.mark.parametrize("accepts", ["newest", ">=", "=>1"])
def test_what_is_no_specifier_is_told(installed: Path, accepts: str) -> None:
    assert "cannot be compared" in find_misfit(require(accepts), dataset("colours"))


def test_one_command_installs_all_that_is_missing() -> None:
    unknown = Requirement("shades", {})
    assert suggest_install(require(">=2,<3"), unknown) == (
        "Run: pip install 'colours-data>=2,<3' 'shades'"
    )


def test_requirements_of_requirements_count_and_circles_end(database: Path, site: Path) -> None:
    circle = {"a": ["b"], "b": ["c", "missing"], "c": ["a"]}
    for name, required in circle.items():
        requires = {each: {"distribution": f"{each}-data"} for each in required}
        wheel = Wheel(f"{name}-data").carry(
            database, name=name, package=f"{name}_data", requires=requires
        )
        wheel.install(site)
    assert set(find_requirements(dataset("a"))) == {"b", "c", "missing"}
    assert find_required(dataset("a"), Requirement("c", {})).name == "c"
    with pytest.raises(DatasetNotFoundError, match="'missing'") as caught:
        find_required(dataset("b"), find_requirements(dataset("a"))["missing"])
    assert caught.value.hint == "Run: pip install 'missing-data'"
