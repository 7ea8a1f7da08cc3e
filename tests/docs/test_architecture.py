"""The map of the packages says what the linter's contracts say, and names files that exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from pkgutil import iter_modules

import pytest

import microcosm_sqlite

ROOT = Path(__file__).parents[2]
PACKAGE = Path(microcosm_sqlite.__file__).parent
PAGE = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
PICTURE = (ROOT / "docs" / "images" / "packages.svg").read_text("utf-8")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = {each["id"]: each for each in SETTINGS["tool"]["importlinter"]["contracts"]}
TABLES = {"packages": "package", "authoring": "step of `authoring/`"}

pytestmark = pytest.mark.once


def read_contract(name: str) -> list[set[str]]:
    """The layers of a contract, from above."""
    return [set(re.findall(r"\w+", layer)) for layer in CONTRACTS[name]["layers"]]


def read_table(head: str) -> list[set[str]]:
    """The names in the first column of a table of the page, from above."""
    _, rows = PAGE.split(f"| {head} | what it holds |\n| --- | --- |\n")
    cells = re.findall(r"^\| (.+?) \|", rows.split("\n\n")[0], re.MULTILINE)
    return [set(re.findall(r"`(\w+)/?`", cell)) for cell in cells]


@pytest.mark.parametrize("contract", TABLES)
def test_the_map_has_the_order_of_the_contract(contract: str) -> None:
    assert read_table(TABLES[contract]) == read_contract(contract)


def test_the_picture_has_the_order_of_the_map() -> None:
    drawn = re.findall(r'font-weight="600"[^>]*>(\w+)', PICTURE)
    layers = read_table(TABLES["packages"])
    assert len(drawn) == len(layers)
    assert all(name in layer for name, layer in zip(drawn, layers, strict=True))


@pytest.mark.parametrize("file", sorted(set(re.findall(r"`([\w/]+\.py)`", PAGE))))
def test_the_files_on_the_way_exist(file: str) -> None:
    assert (PACKAGE / file).is_file() or file == "__init__.py"


def test_every_folder_of_modules_has_its_order_in_a_contract() -> None:
    ordered = {folder for each in CONTRACTS.values() for folder in each.get("containers", [])}
    for init in PACKAGE.rglob("__init__.py"):
        modules = [module.name for module in iter_modules([str(init.parent)])]
        name = ".".join(init.parent.relative_to(PACKAGE.parent).parts)
        assert len(modules) < 2 or name in ordered | WITHOUT_ORDER, name


WITHOUT_ORDER = {
    "microcosm_sqlite._pyinstaller",  # one hook
    "microcosm_sqlite.cli.commands",  # groups of commands
    "microcosm_sqlite.cmd",  # two programs
}
