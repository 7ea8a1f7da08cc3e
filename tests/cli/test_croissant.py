from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program


@pytest.fixture
def folder(program: Program) -> Path:
    program.run("export", "birds", "--to", "croissant", "-o", "out")
    return program.home / "out"


def test_it_tells_of_files_records_and_where_the_data_came_from(folder: Path) -> None:
    described = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert described["license"] == ["https://spdx.org/licenses/CC0-1.0"]
    assert described["citeAs"].startswith("@misc{birds,")
    for file in described["distribution"]:
        content = (folder / file["contentUrl"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["contentSize"] == f"{len(content)} B"
    birds, families = described["recordSet"]
    assert birds["key"] == [{"@id": "birds/id"}]
    fields = {field["name"]: field for field in birds["field"]}
    assert list(fields) == ["id", "name", "family", "wingspan", "described"]
    assert fields["family"]["references"] == {"field": {"@id": "families/code"}}
    assert fields["wingspan"]["dataType"] == "cr:Int64"
    assert fields["described"]["dataType"] == "sc:Date"
    assert fields["name"]["source"] == {
        "fileObject": {"@id": "birds.csv"},
        "extract": {"column": "name"},
    }
    assert families["description"] == "A family of birds."


def test_a_dataset_without_manifest_facts_can_be_described(program: Program) -> None:
    program.run("export", "colours.colour", "--to", "croissant", "-o", "out")
    described = json.loads((program.home / "out" / "croissant.json").read_text())
    assert described["name"] == "colours"
    assert "license" not in described


@pytest.mark.filterwarnings("default::DeprecationWarning")  # of what mlcroissant is made of
def test_mlcroissant_reads_the_records(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    monkeypatch.chdir(folder)
    records = list(mlcroissant.Dataset("croissant.json").records("families"))
    assert [record["families/name"] for record in records] == [b"Tits", b"Crows"]
