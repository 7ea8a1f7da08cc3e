"""`list`, `path`, `info`, `card` and `browse` show datasets; `verify` and `doctor` judge."""

from __future__ import annotations

import json
import re
import signal
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.program import Program
from tests.support.wheels import Wheel, make_database


def test_list_gives_one_line_for_each_dataset_sorted_by_name(program: Program) -> None:
    header, *lines = program.read("list").splitlines()
    assert header.split("\t") == [
        "NAME", "VERSION", "TABLES", "ROWS", "SIZE", "LICENSE", "PACKAGE",
    ]  # fmt: skip
    birds, colours = (line.split("\t") for line in lines)
    assert birds[:4] == ["birds", "1.0", "2", "5"]
    assert birds[5:] == ["CC0-1.0", "birds-data"]
    assert colours[:4] == ["colours", "2026.1", "2", "6"]
    assert colours[5:] == ["", "colours-data"]


def test_list_as_json_has_numbers_and_null(program: Program) -> None:
    birds, colours = program.json("list")  # type: ignore[misc]
    assert birds["rows"] == 5
    assert isinstance(birds["size"], int)
    assert colours["license"] is None


def test_list_in_short_form_is_names_alone(program: Program) -> None:
    assert program.read("list", "-q") == "birds\ncolours\n"
    assert program.read("list", "--no-header").startswith("birds\t")


def test_what_is_broken_is_told_on_standard_error_and_the_rest_is_listed(
    lone_program: Program, birds_wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(birds_wheel) as wheel:
        wheel.extractall(lone_program.site)
    database = make_database(tmp_path / "colours.db")
    damaged = Wheel().carry(database)
    damaged.put(f"{damaged.info}/extra_metadata/datapackage.json", "{").install(lone_program.site)
    Wheel("torn-data").enter("no equals sign").install(lone_program.site)
    done = lone_program.run("list", "-q")
    assert done.stdout == "birds\n"
    assert "torn_data-2026.1.dist-info has an entry_points.txt that cannot be read" in done.stderr
    assert "datapackage.json is not JSON" in done.stderr
    assert done.stderr.count("Warning: ") == 2
    assert done.stderr.count("\nHint: ") == 2
    # Asking for it by name is an error; its neighbour is unaffected.
    assert "is not JSON" in lone_program.refuse("info", "colours")
    assert lone_program.read("query", "birds", "SELECT 1 AS one") == "one\n1\n"


def test_a_legacy_wheel_is_listed_and_described(lone_program: Program, tmp_path: Path) -> None:
    old = Wheel("old-data", "1.0").enter("old = old_data:path")
    old.put("old_data/old.db", make_database(tmp_path / "old.db").read_bytes())
    old.put(
        "old_data/__init__.py",
        "import pathlib\ndef path(graph): return str(pathlib.Path(__file__).with_name('old.db'))\n",
    )
    old.install(lone_program.site)
    assert lone_program.read("list", "--no-header") == "old\t1.0\t\t\t\t\told-data\n"
    assert "old   1.0" in lone_program.read("list", "--format", "table")
    page = lone_program.read("info", "old")
    assert "written for microcosm-sqlite 2.0.0" in page
    assert "colour: 3 rows" in page
    assert lone_program.json("info", "old")["tables"][0]["rows"] == 3  # type: ignore[call-overload,index]


def test_info_is_a_page_of_facts_and_columns(program: Program) -> None:
    page = program.read("info", "birds")
    for line in (
        "birds 1.0",
        "Birds for tests",
        "Package  birds-data 1.0",
        "Licence  CC0-1.0",
        "Models   birds_data.models",
        "birds: 3 rows. A species of bird",
        "  wingspan   integer     1 NULL            18 to 24           In centimetres",
        "  described  date        1 NULL            always 1758-01-01",
        "  family     string(4)   -> families.code  4 characters",
        "families: 2 rows. A family of birds",
        "  code  string(4)   key  4 characters",
        "  name  string(40)       4 to 5 characters",
    ):
        assert any(each.startswith(line) for each in page.splitlines()), line
    assert "\x1b" not in page


def test_info_as_json_is_one_object_that_holds_everything(program: Program) -> None:
    found = program.json("info", "birds")
    assert isinstance(found, dict)
    assert found["license"] == "CC0-1.0"
    assert found["package"] == "birds-data"
    birds = next(table for table in found["tables"] if table["name"] == "birds")
    family = next(column for column in birds["columns"] if column["name"] == "family")
    assert family["references"] == ["families.code"]
    assert family["required"] is True
    assert birds["primary_key"] == ["id"]
    told = ("name", "null_count", "minimum", "maximum", "min_length", "max_length")
    assert [tuple(column[key] for key in told) for column in birds["columns"]] == [
        ("id", 0, 1, 3, None, None),
        ("name", 0, None, None, 4, 9),
        ("family", 0, None, None, 4, 4),
        ("wingspan", 1, 18, 24, None, None),
        ("described", 1, "1758-01-01", "1758-01-01", None, None),
    ]


def test_info_as_csv_lists_the_columns_of_all_tables(program: Program) -> None:
    header, *lines = program.read("info", "birds", "--csv").splitlines()
    assert header == (
        "table,column,type,format,required,references,"
        "null_count,minimum,maximum,min_length,max_length,unit,deprecated,description"
    )
    assert len(lines) == 7
    assert "birds,wingspan,integer,default,0,,1,18,24,,,,,In centimetres" in lines
    (code,) = program.read("info", "birds.families.code", "--csv", "--no-header").splitlines()
    assert code == "families,code,string,default,1,,0,,,4,4,,,"


def test_info_of_a_table_or_a_column_is_the_part_of_the_whole(program: Program) -> None:
    page = program.read("info", "birds.families")
    assert page.startswith("families: 2 rows. A family of birds.\n  code  string(4)   key")
    assert page.rstrip("\n") in program.read("info", "birds")
    assert program.read("info", "birds.birds.wingspan") == (
        "birds.wingspan\n\n"
        "Type    integer\nValues  18 to 24\nNULL    1 of 3 rows (33.3%)\nAbout   In centimetres\n"
    )
    whole = program.json("info", "birds")
    table = program.json("info", "birds.birds")
    assert table in whole["tables"]  # type: ignore[call-overload,index]
    assert program.json("info", "birds.birds.family") in table["columns"]  # type: ignore[call-overload,index]


def test_a_table_or_column_that_is_not_there_is_told_with_the_nearest(program: Program) -> None:
    assert program.refuse("info", "birds.bird") == (
        "Error: Dataset 'birds' has no table 'bird'.\nHint: Did you mean 'birds'?\n"
    )
    assert program.refuse("info", "birds.birds.wings") == (
        "Error: Table 'birds' of dataset 'birds' has no column 'wings'.\n"
        "Hint: Did you mean 'wingspan'?\n"
    )
    assert "Its columns: code, name." in program.refuse("info", "birds.families.x")


def test_a_dataset_whose_manifest_holds_no_ranges_is_described_without(program: Program) -> None:
    page = program.read("info", "colours")
    assert "  warmth  any  may be NULL\n" in page
    colour = program.json("info", "colours.colour.warmth")
    assert colour["minimum"] is colour["null_count"] is None  # type: ignore[call-overload,index]


def test_info_of_a_packed_dataset_extracts_nothing(program: Program) -> None:
    assert "packed with zstd" in program.read("info", "colours")
    assert not (program.home / "cache").exists()


def test_info_can_be_the_citation_alone(program: Program) -> None:
    entry = program.read("info", "birds", "--bibtex")
    assert entry.startswith("@misc{birds,\n")
    assert entry.endswith("}\n")
    assert "howpublished = {Python package birds-data}" in entry


def test_path_is_one_line_that_names_the_file(program: Program) -> None:
    assert program.read("path", "birds") == f"{program.site / 'birds_data' / 'birds.db'}\n"
    extracted = Path(program.read("path", "colours").strip())
    assert extracted.read_bytes().startswith(b"SQLite format 3\0")
    assert extracted.is_relative_to(program.home / "cache")


def test_a_missing_file_is_told_with_the_line_that_mends_it(
    lone_program: Program, tmp_path: Path
) -> None:
    wheel = Wheel().carry(make_database(tmp_path / "colours.db"))
    del wheel.files["colours_data/colours.db"]
    wheel.install(lone_program.site)
    told = lone_program.refuse("path", "colours")
    assert "colours.db does not exist.\nHint: " in told
    assert "Reinstall" in told


@pytest.mark.parametrize("option", [["--json"], ["--bibtex"], []])
def test_info_of_a_manifest_with_little_in_it_still_works(
    lone_program: Program, tmp_path: Path, option: list[str]
) -> None:
    wheel = Wheel().carry(make_database(tmp_path / "colours.db"))
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file])
    kept = {key: raw[key] for key in ("name", "resources", "microcosm-sqlite")}
    wheel.put(file, json.dumps(kept)).install(lone_program.site)
    assert "colours" in lone_program.read("info", "colours", *option)


def test_a_card_is_one_html_page_in_utf_8(program: Program) -> None:
    page = program.read("card", "birds")
    assert page.startswith("<!")
    assert page.rstrip().endswith("</html>")
    assert "Birds for tests" in page
    assert "Did you mean 'birds'?" in program.refuse("card", "bird", code=3)


def test_a_card_of_a_wheel_is_that_of_the_dataset_once_installed(
    program: Program, birds_wheel: Path
) -> None:
    assert program.read("card", birds_wheel) == program.read("card", "birds")
    assert "does not exist" in program.refuse("card", "none.whl")


def test_browsing_serves_the_datasets_until_it_is_interrupted(program: Program) -> None:
    pytest.importorskip("datasette")
    # What Datasette is made of warns of its own.
    lenient = program.with_variables({"PYTHONWARNINGS": "default"})
    process = lenient.start("browse", "birds", "--port", "0", "--no-open")
    assert process.stderr is not None
    told = ""
    while not (found := re.search(r"http://\S+", told)):
        line = process.stderr.readline()
        assert line, told
        told += line
    with urlopen(f"{found.group()}birds/families.json?_shape=array") as answer:
        assert b"Crows" in answer.read()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode in (0, 130)


def test_an_unknown_dataset_is_told_before_anything_is_served(program: Program) -> None:
    assert "'birds'" in program.refuse("browse", "bird", code=3)
    assert "--port" in program.refuse("browse", "--port", "70000", code=2)


def test_without_datasette_the_line_that_installs_it_is_told(program: Program) -> None:
    (program.home / "datasette.py").write_text("raise ModuleNotFoundError(name='datasette')\n")
    bare = program.with_variables({"PYTHONPATH": f"{program.home}:{program.site}"})
    assert "microcosm-sqlite[browse]" in bare.refuse("browse", "birds")


@pytest.fixture
def damaged(lone_program: Program, tmp_path: Path) -> Program:
    """One sound dataset and one in which a byte of a row was changed after it was published."""
    sound = make_database(tmp_path / "sound.db")
    Wheel("sound-data").carry(sound, name="sound", package="sound_data").install(lone_program.site)
    Wheel().carry(make_database(tmp_path / "colours.db")).install(lone_program.site)
    file = lone_program.site / "colours_data" / "colours.db"
    content = file.read_bytes()
    assert content.count(b"crimson") == 2  # the row and its index entry
    file.write_bytes(content.replace(b"crimson", b"crimsoN"))
    return lone_program


def test_sound_datasets_are_told_in_one_line_each(program: Program) -> None:
    header, *lines = program.read("verify").splitlines()
    assert header == "DATASET\tSTATUS\tCHECK\tMESSAGE"
    assert [line.split("\t")[:2] for line in lines] == [["birds", "ok"], ["colours", "ok"]]


def test_damage_is_a_finding_with_exit_code_1_and_the_line_that_mends_it(damaged: Program) -> None:
    done = damaged.run("verify", code=1)
    assert re.search(r"^colours\tfailed\tV03\t.*colours\.db", done.stdout, re.MULTILINE)
    assert re.search(r"^sound\tok\t", done.stdout, re.MULTILINE)
    assert "Error: 1 of 2 datasets failed verification.\nHint: " in done.stderr
    assert "pip install --force-reinstall --no-deps colours-data" in done.stderr
    assert damaged.run("verify", "sound").stderr == ""
    assert "1 of 1 dataset failed" in damaged.run("verify", "colours", code=1).stderr


def test_as_json_every_check_is_told(damaged: Program) -> None:
    colours, sound = json.loads(damaged.run("verify", "--json", code=1).stdout)
    assert (colours["subject"], colours["ok"]) == ("colours", False)
    assert (sound["subject"], sound["ok"]) == ("sound", True)
    assert {each["status"] for each in sound["outcomes"]} <= {"ok", "skipped"}


def test_verbose_shows_the_checks_that_hold_as_well(program: Program) -> None:
    lines = program.read("verify", "birds", "--verbose", "--no-header").splitlines()
    codes = [line.split("\t")[2] for line in lines]
    assert codes == sorted(codes)
    assert len(codes) > 10
    assert "models" in program.read("verify", "birds", "--models", "-v").lower()


def test_a_wheel_is_verified_without_installing_it(program: Program, birds_wheel: Path) -> None:
    assert f"{birds_wheel.name}\tok" in program.read("verify", birds_wheel)
    assert "does not exist" in program.refuse("verify", "nowhere.whl")


def test_what_cannot_be_used_at_all_is_a_negative_finding(lone_program: Program) -> None:
    Wheel("torn-data").enter("no equals sign").install(lone_program.site)
    assert "torn_data-2026.1.dist-info" in lone_program.run("verify", code=1).stderr


def test_an_unknown_name_is_not_a_finding(program: Program) -> None:
    assert "Did you mean 'birds'?" in program.refuse("verify", "bird", code=3)


def test_the_doctor_describes_the_environment_and_its_datasets(program: Program) -> None:
    page = program.read("doctor")
    assert re.search(r"^SQLite +\d+\.\d+", page, re.MULTILINE)
    assert re.search(r"^birds +1\.0 +\d+\.\d kB +packaged +birds-data$", page, re.MULTILINE)
    assert re.search(r"^colours .* compressed ", page, re.MULTILINE)
    found = program.json("doctor")
    assert isinstance(found, dict)
    assert found["ok"] is True


def test_the_doctor_tells_what_is_wrong_with_the_line_that_mends_it(
    lone_program: Program, tmp_path: Path
) -> None:
    Wheel().carry(make_database(tmp_path / "colours.db")).install(lone_program.site)
    (lone_program.site / "colours_data" / "colours.db").write_bytes(b"version https://git-lfs")
    done = lone_program.run("doctor", code=1)
    assert "colours" in done.stdout
    assert "a Git LFS pointer" in done.stderr
    assert "\nHint: " in done.stderr
    assert json.loads(lone_program.run("doctor", "--json", code=1).stdout)["ok"] is False


def test_info_reads_the_rows_where_it_is_asked_to_describe_them(program: Program) -> None:
    page = program.read("info", "birds.birds", "--describe")
    assert page.splitlines()[0] == "birds: 3 rows"
    assert page.splitlines()[1].split()[:5] == ["column", "type", "count", "missing", "unique"]
    found = program.json("info", "birds", "--describe")
    assert {each["table"] for each in found} == {"birds", "families"}  # type: ignore[index,union-attr]
    (one,) = program.json("info", "birds.birds.id", "--describe")  # type: ignore[misc]
    assert (one["count"], one["min"], one["50%"], one["max"]) == (3, 1, 2.0, 3)


def test_what_info_counts_is_spelled_as_exports_spell_it(
    lone_program: Program, tmp_path: Path
) -> None:
    rows = "INSERT INTO t VALUES ('1970-01-01 01:30:00.000000', '2020-01-01', 1);"
    schema = f"CREATE TABLE t (lasts TEXT, day TEXT, is_good INTEGER); {rows}"
    wheel = Wheel().carry(make_database(tmp_path / "colours.db", schema=schema))
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file])
    for field, type_ in zip(
        raw["resources"][0]["schema"]["fields"], ("duration", "date", "boolean"), strict=True
    ):
        field["type"] = type_
    wheel.put(file, json.dumps(raw)).install(lone_program.site)
    found = lone_program.json("info", "colours.t", "--describe")
    tops = [each["top"] for each in found]  # type: ignore[index,union-attr]
    assert tops == ["PT1H30M", "2020-01-01", 1]


def test_verify_says_what_to_name_in_place_of_a_folder(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "my project"
    empty = folder / "empty"
    empty.mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    assert "a database with .db, .sqlite, .sqlite3." in program.refuse("verify", empty, code=3)
    told = program.refuse("verify", folder, code=3)
    assert f"It is a project, which `microcosm-sqlite check '{folder}'` checks." in told
    (folder / "pyproject.toml").unlink()
    files = [make_database(folder / "colours.db"), make_database(folder / "dist" / "a.whl")]
    told = program.refuse("verify", folder, code=3)
    assert f"Hint: Name a file in it: {files[0]}, {files[1]}." in told
    assert "colours.db" in program.run("verify", files[0]).stdout
