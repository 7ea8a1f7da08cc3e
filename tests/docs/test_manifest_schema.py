"""The JSON schema of the manifest takes what builds write, and refuses what readers refuse."""

from __future__ import annotations

import json
import re
import zipfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.manifest import EXTENSION, Manifest
from microcosm_sqlite.errors import ManifestError
from tests.support.projects import make_project
from tests.support.shards import Shards
from tests.support.wheels import make_database

jsonschema = pytest.importorskip("jsonschema")

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "_static" / "manifest.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    project = make_project(tmp_path_factory.mktemp("birds"))
    (project / "CHANGELOG.md").write_text("## 1.0\n\n- First version.\n")
    return build_dataset(ProjectSettings.from_pyproject(project)).manifest.raw


def test_what_a_build_writes_is_taken(built: dict[str, Any], tmp_path: Path) -> None:
    VALIDATOR.validate(built)
    VALIDATOR.validate(Shards(make_database(tmp_path / "colours.db"), 3).raw)


def test_what_a_wheel_carries_is_taken(birds_wheel: Path) -> None:
    with zipfile.ZipFile(birds_wheel) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith("datapackage.json"))
        VALIDATOR.validate(json.loads(wheel.read(name)))


FIELD = ["resources", 0, "schema", "fields", 0]
WRONG = {
    "a number for a name": (["name"], 3),
    "a text for tables": (["resources"], "birds"),
    "a number for a description": (["resources", 0, "description"], 3),
    "a table without a name": (["resources", 0], {}),
    "a later format": ([EXTENSION, "format"], 99),
    "a size below zero": ([EXTENSION, "bytes"], -1),
    "a hash of another kind": ([EXTENSION, "hash"], "md5:00"),
    "no database": ([EXTENSION, "resource"], None),
    "a list for a title": (["title"], []),
    "half a count": (["resources", 0, "rowCount"], 1.5),
    "one end of a range": (["resources", 0, "rowidRange"], [1]),
    "a text for a flag": (
        ["resources", 0, "schema", "fields", 0, "constraints"],
        {"required": "y"},
    ),
    "changes that are texts": ([EXTENSION, "changes"], ["more"]),
    "a number for a change": ([EXTENSION, "changes"], [{"version": 1}]),
    "a licence that is a text": (["licenses"], ["CC0-1.0"]),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_readers_refuse_is_refused(built: dict[str, Any], case: str) -> None:
    (*places, last), value = WRONG[case]
    wrong = deepcopy(built)
    parent: Any = wrong
    for place in places:
        parent = parent[place]
    parent[last] = value
    with pytest.raises(ManifestError):
        Manifest.loads(json.dumps(wrong))
    assert not VALIDATOR.is_valid(wrong)


def test_the_page_and_the_schema_have_the_same_keys_of_ours() -> None:
    page = (DOCS / "reference" / "manifest.md").read_text("utf-8")
    parts = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    for section, definition in (
        ("The file", "file"),
        ("A shard", "shard"),
        ("A columnar twin", "twin"),
    ):
        cells = re.findall(r"^\| (`[^|]+) \|", sections[section], re.MULTILINE)
        told = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
        assert told == set(SCHEMA["$defs"][definition]["properties"])
