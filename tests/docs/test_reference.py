"""The reference names all that there is: checks, variables, errors; and menus reach every page."""

from __future__ import annotations

import re
from importlib.metadata import version
from inspect import isclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from microcosm_sqlite import errors
from tests.docs import checks

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MENU = re.compile(r"^```\{toctree\}\n(?P<body>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
RANGE = re.compile(r"microcosm-sqlite(?:\[[\w,]+\])? ?(?:[<>=~!]=?|===)[^\"'`\s)]+")


def read_package() -> str:
    files = sorted((ROOT / "microcosm_sqlite").rglob("*.py"))
    return "".join(file.read_text("utf-8") for file in files)


def test_the_page_on_checks_is_what_the_checks_say() -> None:
    assert checks.PAGE.read_text(encoding="utf-8") == checks.render()


def test_every_environment_variable_is_explained() -> None:
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    explained = set(re.findall(r"^\| `(MICROCOSM_SQLITE_\w+)` \|", page, re.MULTILINE))
    assert explained == set(re.findall(r"\bMICROCOSM_SQLITE_[A-Z_]+\b", read_package()))


def test_every_code_that_is_mentioned_is_that_of_a_check() -> None:
    known = set(re.findall(r"^\| ([VP]\d\d) ", checks.render(), re.MULTILINE))
    for page in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        assert set(re.findall(r"\b[VP]\d\d\b", page.read_text("utf-8"))) <= known, page


def test_the_page_on_errors_has_every_class_from_its_module() -> None:
    page = (DOCS / "reference" / "errors.md").read_text("utf-8")
    assert ".. automodule:: microcosm_sqlite.errors\n   :members:\n" in page
    classes = [each for each in vars(errors).values() if isclass(each)]
    raised = [each for each in classes if issubclass(each, Exception)]
    assert all(each.__doc__ for each in raised)  # autodoc leaves out what has no docstring


def test_a_menu_reaches_every_page() -> None:
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    reached = {"index.md"}
    for page in DOCS.rglob("*.md"):
        for menu in MENU.finditer(page.read_text("utf-8")):
            lines = [line for line in menu["body"].splitlines() if line and line[0] != ":"]
            folder = page.parent.relative_to(DOCS)
            reached |= {(folder / f"{line}.md").as_posix() for line in lines}
    assert {page for page in pages if "_build" not in page} == reached


def test_the_changelog_begins_with_this_version_and_its_date() -> None:
    heading = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heading
    assert re.fullmatch(
        rf"{re.escape(version('microcosm-sqlite'))} - \d{{4}}-\d\d-\d\d", heading[1]
    )


WRITTEN = [
    *DOCS.rglob("*.md"),
    *(ROOT / "examples").rglob("pyproject.toml"),
    *(ROOT / "dataset_template").rglob("pyproject.toml"),
    *(ROOT / "dataset_template").rglob("*.yml"),
]


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_every_range_of_versions_that_is_written_takes_this_one(file: Path) -> None:
    for found in RANGE.findall(file.read_text("utf-8")):
        specifier = Requirement(found).specifier
        assert specifier.contains(version("microcosm-sqlite"), prereleases=True), found
