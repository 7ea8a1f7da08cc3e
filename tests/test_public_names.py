"""What is public is said once, in ``__all__``; everything else may move without notice."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from inspect import getmembers_static, isclass
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest

import microcosm_sqlite
from microcosm_sqlite import errors
from microcosm_sqlite.errors import MissingDependencyError
from tests.docs.snippets import PAGES, read_files, read_python

PUBLIC = {
    "microcosm_sqlite": [
        "DataSet",
        "InstalledDataset",
        "Location",
        "Manifest",
        "Outcome",
        "Page",
        "Problem",
        "Report",
        "SessionContext",
        "Store",
        "dataset",
        "datasets",
        "dispose_sqlite_connections",
        "problems",
        "provenance",
        "register",
        "unregister",
    ],
    "microcosm_sqlite.aio": [
        "AsyncSessionContext",
        "AsyncStore",
        "async_engine",
        "dispose_async_engines",
    ],
    "microcosm_sqlite.alembic": [
        "get_alembic_environment_options",
        "get_migrations_dir",
        "make_alembic_config",
        "patch_script_directory",
    ],
    "microcosm_sqlite.builders": ["CSVBuilder", "SQLiteBuilder"],
    "microcosm_sqlite.builders.csv": ["CSVBuilder"],
    "microcosm_sqlite.cmd.check_migration": ["StaleDBError", "main"],
    "microcosm_sqlite.cmd.migrate": ["main"],
    "microcosm_sqlite.constants": ["naming_convention"],
    "microcosm_sqlite.context": ["SessionContext"],
    "microcosm_sqlite.dataset": ["DataSet", "DataSetMeta", "dispose_sqlite_connections"],
    "microcosm_sqlite.dumpers": ["CSVDumper", "SQLiteDumper"],
    "microcosm_sqlite.dumpers.csv": ["CSVDumper"],
    "microcosm_sqlite.errors": sorted(
        name for name, value in vars(errors).items() if isclass(value)
    ),
    "microcosm_sqlite.exporting": [
        "FORMATS",
        "draw_mermaid",
        "export_folder",
        "export_table",
        "read_models",
        "read_sql",
        "write_rows",
        "write_table",
    ],
    "microcosm_sqlite.factories": ["SQLiteBindFactory", "check_health"],
    "microcosm_sqlite.frames": [
        "ColumnSummary",
        "Copy",
        "DatasetQuery",
        "TableSummary",
        "read_batches",
        "read_table",
        "split_range",
    ],
    "microcosm_sqlite.fulltext": [
        "FullTextIndex",
        "create_full_text_indexes",
        "full_text_index",
    ],
    "microcosm_sqlite.identifiers": ["new_object_id"],
    "microcosm_sqlite.manifest": ["Field", "Manifest", "Requirement", "Table"],
    "microcosm_sqlite.models": ["IdentityMixin"],
    "microcosm_sqlite.mypy_plugin": ["plugin"],
    "microcosm_sqlite.spark": ["DatasetSource"],
    "microcosm_sqlite.stores": ["GetOrCreateSession", "Store", "get_session"],
    "microcosm_sqlite.subsetting": [
        "OutsideRows",
        "Recipe",
        "Size",
        "Subset",
        "read_conditions",
        "write_subset",
    ],
    "microcosm_sqlite.testing": ["override"],
    "microcosm_sqlite.types": ["EnumType", "Truthy"],
}
ROOMS = {"authoring", "catalog", "cli", "common", "graph", "interop", "orm"}
# By Python, PyInstaller, hatchling and pytest.
CALLED_BY_NAME = {"__main__", "_pyinstaller", "hatch_plugin", "pytest_plugin"}
WITHOUT_NAMES = {"cmd"}  # only modules
FIRST_LINE = re.compile(r"Import path for users; the code is in `(microcosm_sqlite\.[\w.]+)`\.")
OLD_PATHS = [
    name
    for name in PUBLIC
    if name.count(".") and not name.endswith(("errors", "plugin")) and ".cmd." not in name
]


def load(module: str) -> ModuleType:
    try:
        return import_module(module)
    except MissingDependencyError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_says_which_names_are_public(module: str) -> None:
    loaded = load(module)
    assert loaded.__all__ == PUBLIC[module]
    assert all(hasattr(loaded, name) for name in PUBLIC[module])


def test_every_module_beside_the_rooms_is_public() -> None:
    found = {module.name for module in iter_modules(microcosm_sqlite.__path__)}
    public = {name.split(".")[1] for name in PUBLIC if "." in name}
    assert found == public | ROOMS | CALLED_BY_NAME


@pytest.mark.parametrize("module", OLD_PATHS)
def test_an_import_path_names_where_its_code_is(module: str) -> None:
    said = FIRST_LINE.fullmatch(load(module).__doc__ or "")
    assert said
    import_module(said[1])


def test_the_names_of_the_package_are_listed_and_importable() -> None:
    assert dir(microcosm_sqlite) == microcosm_sqlite.__all__
    names: dict[str, object] = {}
    exec("from microcosm_sqlite import *", names)
    assert set(names) - {"__builtins__"} == set(microcosm_sqlite.__all__)


def imports_of(page: Path) -> set[str]:
    """The modules and names of this package that the Python on a page imports."""
    found: set[str] = set()
    for source in [read_python(page), *read_files(page).values()]:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] == "microcosm_sqlite"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_import_only_what_is_public(page: Path) -> None:
    public = {f"{module}.{name}" for module, names in PUBLIC.items() for name in names}
    assert imports_of(page) <= public | set(PUBLIC)


def documented_names() -> set[str]:
    """Every name of this package that the reference spells out, or takes over from a module."""
    names: set[str] = set()
    for page in (PAGES[0].parent / "docs" / "reference").rglob("*.md"):
        text = page.read_text("utf-8")
        current = re.search(r"currentmodule:: (\S+)", text)
        for name in re.findall(r"auto\w+:: (\w+)$", text, re.MULTILINE):
            assert current, page
            names.add(f"{current[1]}.{name}")
        names |= set(re.findall(r"microcosm_sqlite(?:\.\w+)+", text))
        for line in re.findall(r"^\| `microcosm_sqlite.*$", text, re.MULTILINE):
            modules, said, *_ = line.strip("|").split("|")
            for module in re.findall(r"`([\w.]+)`", modules):
                names |= {f"{module}.{name}" for name in re.findall(r"`(\w+)`", said)}
        for module in re.findall(r"automodule:: (\S+)\n +:members:", text):
            names |= {f"{module}.{name}" for name in PUBLIC[module]}
    return names


def test_every_public_name_is_in_the_reference() -> None:
    public = {f"{module}.{name}" for module, names in PUBLIC.items() for name in names}
    assert public - documented_names() == set()


def test_no_property_reads_as_a_type_in_the_reference() -> None:
    # Napoleon takes "Version of the data: ..." for the type "Version of the data".
    for module, names in PUBLIC.items():
        if module == "microcosm_sqlite.spark":
            continue
        for name in names:
            thing = getattr(load(module), name)
            for key, value in getmembers_static(thing) if isclass(thing) else ():
                if isinstance(value, property) and value.__doc__ and not key.startswith("_"):
                    assert ": " not in value.__doc__.splitlines()[0], f"{module}.{name}.{key}"


ORDERS = {
    "the function": "import microcosm_sqlite as m; find = m.dataset",
    "the function, after Store": "from microcosm_sqlite import Store, dataset as find",
    "the function, before Store": "from microcosm_sqlite import dataset as find, Store",
    "the function, after all": (
        "from microcosm_sqlite import *; import microcosm_sqlite.stores, microcosm_sqlite.aio,"
        "microcosm_sqlite.builders, microcosm_sqlite.factories, microcosm_sqlite.cmd.migrate;"
        "from microcosm_sqlite import dataset as find"
    ),
    "the module": "import microcosm_sqlite.dataset as find; assert find.DataSet",
    "the module, imported first": (
        "from microcosm_sqlite.dataset import DataSet; import microcosm_sqlite as m;"
        "find = m.dataset; assert find.DataSet is DataSet"
    ),
    "the module, imported last": (
        "import microcosm_sqlite as m; from microcosm_sqlite.dataset import DataSet;"
        "find = m.dataset; assert find.DataSet is DataSet is m.DataSet"
    ),
}


@pytest.mark.parametrize(("meant", "program"), ORDERS.items(), ids=ORDERS)
def test_dataset_is_the_function_unless_the_module_is_imported(meant: str, program: str) -> None:
    kind = "module" if meant.startswith("the module") else "function"
    program += (
        f"\nassert type(find).__name__.lower().endswith({kind!r}), find"
        "\nfrom microcosm_sqlite.errors import DatasetNotFoundError"
        "\ntry: find('no such dataset')"
        "\nexcept DatasetNotFoundError: pass"
        "\nelse: raise AssertionError"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
