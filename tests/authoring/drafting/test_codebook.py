"""What columns mean reaches models, manifest, card and the program, from codebooks of two kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.codebook import read_codebook, read_labels
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.from_files.descriptions import describe_columns
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.catalog.manifest_tables import Field, Table
from microcosm_sqlite.errors import SourceError
from tests.support.drafts import build
from tests.support.programs import run, tool

CSV = '''table,column,description,unit,labels
people,,One row is a person,,
people,Body-Weight,"Weight at birth, or ""wt""",kg,
,sex,Sex as registered,,1=male; 2=female
people,ghost,nobody,,
'''
PACKAGE = {
    "resources": [
        {
            "name": "persons",
            "path": "people.csv",
            "description": "One row is a person",
            "schema": {
                "fields": [
                    {
                        "name": "body_weight",
                        "title": 'Weight at birth, or "wt"',
                        "unit": "kg",
                    },
                    {
                        "name": "sex",
                        "description": "Sex as registered",
                        "categories": [
                            {"value": 1, "label": "male"},
                            {"value": 2, "label": "female"},
                        ],
                    },
                ]
            },
        }
    ]
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    rows = (f"{at},{at % 7 + 50.5},{at % 2 + 1},{at}" for at in range(1, 40))
    (folder / "people.csv").write_text(
        "\n".join(["id,Body-Weight,sex,plain", *rows, ""]), encoding="utf-8"
    )
    return folder


def write_codebook(kind: str, folder: Path) -> Path:
    names = {"csv": "codes.csv", "semicolons": "codes.txt", "package": "datapackage.json"}
    file = folder / names[kind]
    text = json.dumps(PACKAGE) if kind == "package" else CSV
    if kind == "semicolons":
        text = "\ufeff" + text.replace("; ", "|").replace(",", ";").replace("birth;", "birth,")
    file.write_text(text, encoding="utf-8")
    return file


def read_table(project: Path, name: str = "people") -> Table:
    build(project)
    (manifest,) = project.glob("src/*/datapackage.json")
    return Manifest.loads(manifest.read_bytes()).tables[name]


def check_format(project: Path) -> None:
    run(tool("ruff"), "check", "--no-cache", project)
    run(tool("ruff"), "format", "--no-cache", "--check", project)


def check_described(table: Table) -> None:
    fields: dict[str, Field] = {field.name: field for field in table.fields}
    assert table.description == "One row is a person"
    weight, sex = fields["Body_Weight"], fields["sex"]
    assert (weight.description, weight.unit) == ('Weight at birth, or "wt"', "kg")
    assert sex.categories == [{"value": 1, "label": "male"}, {"value": 2, "label": "female"}]
    assert sex.about == "Sex as registered; 1 = male, 2 = female"
    assert not fields["plain"].about


@pytest.mark.parametrize("kind", ["csv", "semicolons", "package"])
def test_a_codebook_describes_the_tables_of_a_new_project(
    files: Path, tmp_path: Path, kind: str
) -> None:
    """A data package that lies beside the files is taken without being asked for."""
    codebook = write_codebook(kind, files)
    given = None if kind == "package" else codebook
    draft = draft_project(tmp_path / "folk-data", files, codebook=given)
    told = [each for each in draft.decisions if "codebook" in each]
    assert told == (
        [] if kind == "package" else ["the codebook describes ghost of people, which is not there"]
    )
    check_format(draft.path)
    check_described(read_table(draft.path))


def test_added_tables_and_columns_of_before_are_described(files: Path, tmp_path: Path) -> None:
    project = draft_project(tmp_path / "folk-data", files).path
    codebook = write_codebook("csv", tmp_path)
    done = refresh_project(project, [], codebook=codebook, apply=True)
    assert done.is_applied, done.spell()
    (tmp_path / "Visits.csv").write_text("visit,sex\na,1\nb,2\n", encoding="utf-8")
    add_tables(project, [tmp_path / "Visits.csv"], codebook=codebook)
    check_format(project)
    table = read_table(project)
    table.description = table.description.removesuffix(".")
    check_described(table)
    assert read_table(project, "Visits").fields[-1].labels == {"1": "male", "2": "female"}
    assert not refresh_project(project, [], codebook=codebook, apply=True).is_new


def test_what_an_author_wrote_otherwise_is_left_alone(files: Path, tmp_path: Path) -> None:
    project = draft_project(tmp_path / "folk-data", files).path
    models = project / "src/folk_data/models.py"
    text = models.read_text("utf-8").replace(
        "sex: Mapped[int] = mapped_column(Integer)", "sex: Mapped[int] = mapped_column( Integer )"
    )
    models.write_text(text, encoding="utf-8")
    done = refresh_project(project, [], codebook=write_codebook("csv", tmp_path), apply=True)
    assert done.is_applied
    assert any(line.startswith("people.sex: is not described again") for line in done.report)
    assert "mapped_column( Integer )" in models.read_text("utf-8")


def test_what_a_file_says_itself_gives_way_to_the_codebook(files: Path, tmp_path: Path) -> None:
    table = infer_folder(files).tables["people"]
    codebook = read_codebook(write_codebook("csv", tmp_path))
    found = codebook.find_column(["people"], ["sex"])
    describe_columns(table, {"sex": found, "Body-Weight": found})
    assert table.columns["sex"].described == table.columns["Body_Weight"].described == found


BAD = {
    "words.json": ("[1, 2]", "not a Data Package"),
    "cut.json": ('{"resources": [', "is not JSON"),
    "odd.csv": ("name,age\nx,1\n", "not a codebook"),
    "empty.csv": ("", "no header"),
    "latin.csv": (b"column,description\nx,M\xfcnchen\n", "not UTF-8 at byte 22"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_codebook_is_refused(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=message):
        read_codebook(tmp_path / name)


def test_labels_are_read_from_one_cell() -> None:
    assert read_labels("1=a=b | 2 = c\n;x") == {"1": "a=b", "2": "c"}


def write_survey(folder: Path, sex: str, labels: dict[int, str]) -> Path:
    pyreadstat = pytest.importorskip("pyreadstat")
    folder.mkdir()
    frame = pandas.DataFrame({"id": range(30), "sex": [1, 2, 1] * 10})
    pyreadstat.write_dta(
        frame,
        folder / "survey.dta",
        column_labels=["Person", sex],
        variable_value_labels={"sex": labels},
    )
    return folder / "survey.dta"


@pytest.mark.parametrize("is_own", [False, True])
def test_labels_that_change_in_a_labelled_file_are_taken_unless_the_author_wrote_others(
    tmp_path: Path, *, is_own: bool
) -> None:
    write_survey(tmp_path / "first", "Sex", {1: "M", 2: "F"})
    project = draft_project(tmp_path / "p-data", tmp_path / "first").path
    models = project / "src" / "p_data" / "models.py"
    if is_own:
        models.write_text(models.read_text("utf-8").replace('"Sex"', '"As registered"'), "utf-8")
    before = models.read_text("utf-8")
    second = write_survey(tmp_path / "second", "Gender", {1: "M", 2: "F", 3: "D"})
    done = refresh_project(project, [second], apply=True)
    assert done.is_applied
    told = "  sex: the file now describes it differently: 'Gender', labels 1=M, 2=F, 3=D"
    assert any(line.startswith(told) for line in done.report)
    after = models.read_text("utf-8")
    assert (after == before) == is_own
    if not is_own:
        assert 'comment="Gender", info={"labels": {"1": "M", "2": "F", "3": "D"}}' in after
    build(project)


def test_what_a_codebook_describes_that_is_not_there_is_told_by_a_refresh(tmp_path: Path) -> None:
    for folder, header in (("first", "id"), ("second", "id,size")):
        rows = [",".join([str(at)] * (header.count(",") + 1)) for at in range(9)]
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "people.csv").write_text("\n".join([header, *rows, ""]))
    project = draft_project(tmp_path / "p-data", tmp_path / "first").path
    codes = tmp_path / "codes.csv"
    codes.write_text("table,column,description\npeople,size,Height\npeople,ghost,nobody\n")
    done = refresh_project(project, [tmp_path / "second"], codebook=codes)
    (line,) = [line for line in done.report if "ghost" in line]
    assert not any("size" in told and "codebook" in told for told in done.report), done.report
    assert line
