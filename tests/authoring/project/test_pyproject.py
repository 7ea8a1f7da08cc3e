"""Whatever is wrong with a project's settings or models is one clear error."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.pyproject import (
    extend_hook_table,
    find_hook_table,
    require_extras,
)
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.publishing.publication import check_publication
from microcosm_sqlite.errors import SettingsError
from tests.support.projects import MODELS, make_project

HEAD = "requires-python"
AUTHORS = 'authors = [{ name = "The microcosm-sqlite authors" }]'
SETTINGS = [
    (AUTHORS, 'authors = "me"', r"Key `authors` in \[project\] of .* must be a list"),
    (AUTHORS, 'authors = ["me"]', r"Key `authors\[0\]` .* must be a table"),
    (AUTHORS, "authors = [{name = 3}]", r"Key `authors\[0\]\.name` .* must be text"),
    ('license = "CC0-1.0"', "license = 3", "Key `license` .* must be text or a table"),
    ('license = "CC0-1.0"', "license = {text = 3}", r"Key `license\.text` .* must be text"),
    ('version = "1.0"', "version = 1.0", "Key `version` .* must be text"),
    ('version = "1.0"', 'dynamic = "version"', "Key `dynamic` .* must be a list"),
    ('version = "1.0"', 'dynamic = ["version"]', "The dynamic version of p cannot be told"),
    ('"Birds for tests"', "3", "Key `description` .* must be text"),
    (HEAD, f"readme = {{text = 3}}\n{HEAD}", r"Key `readme\.text` .* must be text"),
    (HEAD, f"classifiers = [3]\n{HEAD}", r"Key `classifiers\[0\]` .* must be text"),
    (HEAD, f"dependencies = 3\n{HEAD}", "Key `dependencies` .* must be a list"),
    (HEAD, f"license-files = [3]\n{HEAD}", r"Key `license-files\[0\]` .* must be text"),
    (HEAD, f"optional-dependencies = {{a = 'b'}}\n{HEAD}", r"Key `optional-dependencies\.a`"),
    ("[build-system]", "[build-system", "is not valid TOML"),
    ("hooks.microcosm-sqlite]", "hooks.other]", r"has no table \[tool\.hatch"),
    ('dataset = "birds"\n', "", "Option `dataset` .* is required"),
    ('dataset = "birds"\n', "datasets = 'birds'\n", "does not exist. Did you mean `dataset`?"),
    ('dataset = "birds"\n', "dataset = 'a b'\n", 'must be letters, digits, .* not "a b"'),
    ('models = "birds_data.models"', "models = 3", "Option `models` .* must be a non-empty string"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), SETTINGS)
def test_a_wrong_setting_is_told_by_name(tmp_path: Path, old: str, new: str, told: str) -> None:
    root = make_project(tmp_path / "p")
    file = root / "pyproject.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(SettingsError, match=told):
        ProjectSettings.from_pyproject(root)
    with pytest.raises(SettingsError, match=told):
        check_publication(root)


def test_a_file_in_another_encoding_is_told(tmp_path: Path) -> None:
    root = make_project(tmp_path / "p")
    (root / "pyproject.toml").write_bytes(b"# \xff")
    with pytest.raises(SettingsError, match=r"pyproject\.toml is not valid TOML"):
        ProjectSettings.from_pyproject(root)


FILE = r"src/birds_data/models\.py, line"
OTHER = """

class Egg(DataSet.create("eggs")):
    __tablename__ = "eggs"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
RELATED = """
    eggs: Mapped[list[Egg]] = __import__("sqlalchemy").orm.relationship()
"""


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (MODELS + "\n1 / 0\n", f"{FILE} 34: ZeroDivisionError: division by zero"),
        (MODELS + "\nimport sys; sys.exit(3)\n", f"{FILE} 34: SystemExit: 3"),
        (MODELS + "\ndef (\n", f"{FILE} 34: SyntaxError"),
        ("import json\n\njson.loads('')\n", f"{FILE} 3: JSONDecodeError"),
        (MODELS + "\nclass Egg(Base):\n    pass\n", f"{FILE} 34: InvalidRequestError: Class .*Egg"),
        (MODELS.replace("primary_key=True)\n    name: Mapped[str] = mapped_column(String(40))",
                        "index=True)"), f"{FILE} 14: ArgumentError"),
        (MODELS + RELATED, "do not fit together: .* 'Egg'"),
        (MODELS.replace("Family.code)", "'eggs.id')"), "do not fit together: .* table 'eggs'"),
        (MODELS.replace('"birds")', '"bees")') + OTHER, "declares tables in several MetaData"),
        ("import sqlalchemy\n", "declares no tables of dataset `birds`"),
    ],
)  # fmt: skip
def test_models_that_cannot_be_used_are_told_with_the_authors_own_line(
    tmp_path: Path, models: str, told: str
) -> None:
    root = make_project(tmp_path / "p", models=models)
    with pytest.raises(SettingsError, match=told):
        build_dataset(ProjectSettings.from_pyproject(root))


def test_tables_of_another_dataset_in_the_same_module_are_left_alone(tmp_path: Path) -> None:
    built = build_dataset(
        ProjectSettings.from_pyproject(make_project(tmp_path / "p", models=MODELS + OTHER))
    )
    assert set(built.manifest.tables) == {"birds", "families"}


def test_a_models_module_that_is_not_there_is_told(tmp_path: Path) -> None:
    root = make_project(tmp_path / "p")
    (root / "src" / "birds_data" / "models.py").unlink()
    with pytest.raises(SettingsError, match=r"ModuleNotFoundError: No module named 'birds_data\.m"):
        build_dataset(ProjectSettings.from_pyproject(root))


WHEEL, BUILD = "tool.hatch.build.targets.wheel.hooks.microcosm-sqlite", "tool.hatch.build.hooks"
ADDED = {"tables.birds": ['csv.delimiter = ";"'], 'tables."two words"': ["infinity = true"]}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "text",
    [
        f'[{WHEEL}]\ndataset = "birds"',
        f'[{BUILD}.microcosm-sqlite] # here\ndataset = "birds"\n\n\n# on uv\n[tool.uv]\na = 1',
        f'[{WHEEL}]\na = 1\n[{WHEEL}.tables.birds]\nb = [\n  "-",\n]\n\n[project]\nname = "x"',
        f'[{WHEEL}]\ndataset = "birds"\n[[{WHEEL}.origins]]\ntitle = "[a]"\n\n[x]\n["y z"]\n',
    ],
)
def test_settings_are_added_and_all_lines_stay(text: str, end: str) -> None:
    text = text.replace("\n", end)
    extended = extend_hook_table(text, ADDED)
    hook = find_hook_table(tomllib.loads(extended), Path())
    assert hook["tables"]["birds"]["csv"] == {"delimiter": ";"}
    assert hook["tables"]["two words"] == {"infinity": True}
    lines = iter(extended.splitlines())
    assert all(line in lines for line in text.splitlines())
    assert extended.count("\n") == extended.count(end)
    assert extend_hook_table(text, {}) == text


@pytest.mark.parametrize(
    "text",
    [
        f"[{WHEEL}]\ntables = {{birds = {{infinity = true}}}}",
        '[tool.hatch.build.hooks]\nmicrocosm-sqlite = {dataset = "birds"}',
        f'[{WHEEL}]\ntables.birds.csv.delimiter = ","',
        f'[{WHEEL}]\n[{WHEEL}.tables.birds]\ncsv.delimiter = ","',
    ],
)
def test_settings_that_leave_no_place_are_told_what_to_add(text: str) -> None:
    with pytest.raises(SettingsError, match="no place for more") as caught:
        extend_hook_table(text, ADDED)
    assert '[tables.birds]; csv.delimiter = ";"' in caught.value.hint


@pytest.mark.parametrize(
    ("requires", "becomes"),
    [
        ('["hatchling", "microcosm-sqlite[build]>=3"]', "microcosm-sqlite[build,excel]>=3"),
        ('["microcosm_sqlite"]', "microcosm-sqlite[excel]"),
        ("[\"Microcosm.SQLite [build] >=3; python_version>'3'\"]", "[build,excel] >=3; python"),
        ('["microcosm-sqlite[build,excel]"]', "microcosm-sqlite[build,excel]"),
    ],
)
def test_builds_require_extras(requires: str, becomes: str) -> None:
    text = f"# mine\n[build-system]\nrequires = {requires}\n\n[project]\nname = 'x'\n"
    extended = require_extras(text, ["excel"])
    assert becomes in extended
    assert require_extras(extended, ["excel"]) == extended
    assert require_extras(text, []) == text
    assert [line for line in extended.split("\n") if "requires" not in line] == [
        line for line in text.split("\n") if "requires" not in line
    ]


@pytest.mark.parametrize(
    "text",
    ["", "[build-system]\nrequires = ['microcosm-sqlite']\n", "[build-system]\nrequires = ['x']\n"],
)
def test_what_cannot_be_extended_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match="the extra excel to be built") as raised:
        require_extras(text, ["excel"])
    assert 'Write "microcosm-sqlite[' in raised.value.hint
