"""What is exported as a Data Package describes the files beside it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.support.program import Program


@pytest.fixture
def package(program: Program) -> Path:
    program.run("export", "birds", "--to", "datapackage", "-o", "package")
    return program.home / "package"


def describe(folder: Path) -> dict[str, object]:
    return json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_the_descriptor_tells_of_the_files_beside_it(package: Path) -> None:
    described = describe(package)
    assert described["licenses"] == [{"name": "CC0-1.0"}]
    assert "microcosm-sqlite" not in described
    birds, families = described["resources"]  # type: ignore[misc]
    for each in (birds, families):
        content = (package / each["path"]).read_bytes()
        assert each["bytes"] == len(content)
        assert each["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
        header = content.decode().splitlines()[0].split(",")
        assert header == [field["name"] for field in each["schema"]["fields"]]
        assert {"dialect", "indexes", "rowidRange"}.isdisjoint(each)
    assert birds["schema"]["foreignKeys"][0]["reference"]["resource"] == "families"


def test_an_empty_text_is_told_apart_from_null_where_null_cannot_be(package: Path) -> None:
    birds, _ = describe(package)["resources"]  # type: ignore[misc]
    fields = {field["name"]: field for field in birds["schema"]["fields"]}
    assert fields["name"]["missingValues"] == []
    assert "missingValues" not in fields["wingspan"]


def test_one_table_alone_refers_to_no_other(program: Program) -> None:
    assert "--output" in program.refuse("export", "birds.birds", "--to", "datapackage", code=2)
    program.run("export", "birds.birds", "--to", "datapackage", "-o", "package")
    (birds,) = describe(program.home / "package")["resources"]  # type: ignore[misc]
    assert "foreignKeys" not in birds["schema"]


@pytest.mark.heavy
def test_frictionless_finds_nothing_wrong(package: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    assert frictionless.validate(str(package / "datapackage.json")).valid
