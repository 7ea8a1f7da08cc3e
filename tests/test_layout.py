"""Tests are found by path: `microcosm_sqlite/a/b.py` is tested in `tests/a/test_b.py`."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PACKAGE = "microcosm_sqlite"

CROSS_CUTTING = {
    "benchmarks": "what hot paths cost",
    "builds": "whole builds, from sources of any format to rows that are read",
    "cli/program": "what holds for all commands, and what a terminal shows",
    "compat": "programs that were written for 2.0.0",
    "docs": "the documentation, and the docstrings",
    "examples": "the example project",
    "faults": "faults that are provoked on purpose",
    "interop/clusters": "processes on several hosts",
    "servers": "web services and workers that many clients ask at once",
    "template": "the project template",
    "wheels": "wheels that pip installs, and applications that are frozen",
}
"""Folders of tests that are about more than one module."""

ABOUT_THE_REPOSITORY = {
    "test_hostile_names",
    "test_layout",
    "test_private_names",
    "test_public_names",
    "test_workflow",
}
"""Tests of rules that hold for all modules alike."""

PROGRAMS = {"heavy.py", "matrix.py"}
"""What the Makefile runs."""

TESTED_THROUGH = {
    "authoring/comparing/test_comparison": ("row_changes schema_changes schemas shapes"),
    "common/test_arguments": "orm.arguments",
    "authoring/comparing/test_revisions": "schema_steps",
    "authoring/drafting/from_databases/test_draft": "fitting models name_clashes",
    "authoring/drafting/from_databases/test_snapshots": "authoring.comparing.removed_calls",
    "authoring/drafting/from_files/test_encodings": "languages",
    "authoring/drafting/from_files/test_guess": "column_kind plain_texts tally",
    "authoring/drafting/from_files/test_hints": "odd_rows sentinels",
    "authoring/drafting/from_files/test_repairing": "file_rows loose_rows sections views",
    "authoring/drafting/from_files/test_source_tree": "raw_files",
    "authoring/drafting/from_files/test_keys": "key_search",
    "authoring/drafting/from_files/test_number_styles": "authoring.values.date_formats",
    "authoring/drafting/from_files/test_inference": (
        "dialect_fit dialects file_kind inferred judging"
    ),
    "authoring/drafting/test_adding": "added_models known_sources",
    "authoring/drafting/test_code_layout": "module_text",
    "authoring/drafting/test_codebook": "from_files.descriptions authoring.sources.meanings",
    "authoring/drafting/test_draft": ("draft_check drafted_model project_context report"),
    "authoring/drafting/test_fetching": "addresses downloads",
    "authoring/drafting/test_model_writer": "model_parts",
    "authoring/drafting/test_refreshing": (
        "changes edition_advice edition_files editions given_files"
    ),
    "authoring/finishing/test_describe": "fields",
    "catalog/test_manifest": "manifest_tables",
    "catalog/test_results": "described_columns",
    "catalog/test_statement_errors": "dataset_connection",
    "cli/commands/test_projects": "drafting fetching",
    "authoring/loading/test_connections": "bulk",
    "authoring/loading/test_parallel": "authoring.loading.children",
    "authoring/loading/test_load": ("table_load authoring.values.rules"),
    "authoring/publishing/test_publication": "fitness_checks wheel_checks",
    "authoring/sources/test_databases": "records",
    "authoring/sources/test_finding": "formats",
    "authoring/sources/test_archives": "authoring.drafting.source_files",
    "authoring/sources/test_members": "contents authoring.drafting.from_databases.finding",
    "authoring/sources/test_dbase": "dbase_values memos",
    "authoring/sources/test_shapes": "companions",
    "authoring/sources/test_workbooks": "cell_formats workbook_notes workbook_parts",
    "authoring/sharding/test_shard_wheels": "authoring.finishing.wheel_files part_wheels",
    "authoring/subsetting/test_subset": "conditions authoring.project.recipe selection tables",
    "authoring/test_build": "progress",
    "authoring/values/test_kind_values": "authoring.values.json_documents parsing suspicions",
    "catalog/cache/test_joining": "part_files",
    "catalog/test_shards": "parts",
    "catalog/cache/test_extraction": "folders private_files",
    "catalog/test_edition_choice": "edition",
    "catalog/verifying/test_run": "checklist checks model_columns",
    "cli/commands/test_datasets": "cli.pages interop.descriptions",
    "cli/commands/test_comparing": "catalog.opening",
    "cli/commands/test_querying": "cli.output",
    "cli/test_app": "microcosm_sqlite.cli",
    "interop/card/test_page": "charts origins rows tables",
    "interop/exporting/test_files": "answers declarations interop.exporting",
    "interop/test_columnar": "catalog.files twin_files",
    "interop/test_notebook": "catalog.table_frames",
    "interop/test_queries": "catalog.query_frames",
    "interop/test_reader": "adbc_reader",
    "interop/test_scan": "selections",
    "orm/test_aio": "async_contexts async_engines",
    "orm/test_binds": "answering",
    "orm/test_data_sets": "microcosm_sqlite.dataset",
    "orm/test_engines": "memory",
    "orm/test_migrations": "cmd.check_migration cmd.migrate",
    "orm/test_overriding": "catalog.overrides overridden",
    "wheels/test_cold_start": "microcosm_sqlite",
    "wheels/test_edition_wheels": "authoring.subsetting.edition_wheel",
    "wheels/test_frozen": "_pyinstaller",
}
"""Modules without a test of their own, by the test that exercises them.

Names are relative to the folder of the test, or to the package.
"""


def find_modules() -> dict[str, Path]:
    """All modules by their dotted names; a package is a module too."""
    modules = {}
    for path in (ROOT / PACKAGE).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


MODULES = find_modules()
TEST_FILES = sorted(
    path.relative_to(TESTS) for path in TESTS.rglob("test_*.py") if "support" not in path.parts
)
"""The files that pytest collects, relative to `tests`."""

pytestmark = pytest.mark.once


def mirror(module: str) -> Path:
    """Where the test of a module is, relative to `tests`."""
    *folders, name = module.split(".")[1:] or [PACKAGE]
    return Path(*folders, f"test_{name}.py")


def is_cross_cutting(test: Path) -> bool:
    folders = {parent.as_posix() for parent in test.parents}
    return not folders.isdisjoint(CROSS_CUTTING) or test.stem in ABOUT_THE_REPOSITORY


def read_table() -> dict[str, Path]:
    """TESTED_THROUGH as modules by their dotted names, each with its test."""
    table = {}
    for name, modules in TESTED_THROUGH.items():
        test = Path(f"{name}.py")
        for module in modules.split():
            near = ".".join([PACKAGE, *test.parent.parts, module])
            anywhere = [f"{PACKAGE}.{module}", module]
            table[next((name for name in [near, *anywhere] if name in MODULES), near)] = test
    return table


@cache
def has_behaviour(module: str) -> bool:
    """Whether a module defines anything that runs, and is no mere import path."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    return any(isinstance(node, definitions) for node in ast.walk(tree))


@cache
def find_mentioned(path: Path) -> frozenset[str]:
    """The modules that a file imports, or names in full in its text."""
    text = path.read_text("utf-8")
    names = set(re.findall(rf"\b{PACKAGE}(?:\.\w+)*", text))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names & MODULES.keys())


def find_exercised(test: Path) -> set[str]:
    """What a test mentions or mirrors, and what those modules mention in turn."""
    exercised = {module for module in MODULES if mirror(module) == test}
    exercised |= find_mentioned(TESTS / test)
    for _ in range(2):
        exercised |= set().union(*(find_mentioned(MODULES[module]) for module in exercised))
    return exercised


def test_every_test_mirrors_a_module_or_is_about_several() -> None:
    mirrors = set(map(mirror, MODULES))
    assert [
        test.as_posix() for test in TEST_FILES if test not in mirrors and not is_cross_cutting(test)
    ] == [], "move these to the paths of their modules, or into a folder of CROSS_CUTTING"


def test_every_module_is_tested_at_its_path_or_through_another_module() -> None:
    tested = {module for module in MODULES if mirror(module) in TEST_FILES}
    assert [
        module
        for module in MODULES
        if has_behaviour(module) and module not in tested | set(read_table())
    ] == [], "write tests for these, or name in TESTED_THROUGH what exercises them"


def test_what_modules_are_tested_through_is_there_and_reaches_them() -> None:
    table = read_table()
    assert [
        f"{module} through {test}"
        for module, test in table.items()
        if module not in MODULES or test not in TEST_FILES or module not in find_exercised(test)
    ] == []
    assert [module for module in table if mirror(module) in TEST_FILES] == [], "not needed"


def test_every_cross_cutting_folder_is_there() -> None:
    assert [folder for folder in CROSS_CUTTING if not any((TESTS / folder).glob("test_*.py"))] == []


def test_helpers_that_tests_share_are_in_one_folder() -> None:
    """What a folder of cross-cutting tests alone needs may stand in it."""
    strays = [
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if path.name != "conftest.py" and not path.name.startswith("test_")
        if path.relative_to(TESTS).parts[0] not in {"support", *CROSS_CUTTING, *PROGRAMS}
    ]
    assert strays == [], "move these to tests/support"
    assert [
        f"{test.as_posix()} imports {name}"
        for test in TEST_FILES
        for name in re.findall(
            r"^from (tests\S*\.test_\w+) ", (TESTS / test).read_text("utf-8"), re.MULTILINE
        )
    ] == []
