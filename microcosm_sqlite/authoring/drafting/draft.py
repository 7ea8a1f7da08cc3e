"""A dataset project drafted from a folder of files: ``microcosm-sqlite new DIR --from FOLDER``."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from microcosm_sqlite.authoring.drafting.code_layout import quote
from microcosm_sqlite.authoring.drafting.database_text import ModelWriter
from microcosm_sqlite.authoring.drafting.drafted_card import Summary, report, summarise, write_card
from microcosm_sqlite.authoring.drafting.from_databases.draft import (
    DatabaseDraft,
    DatabaseModels,
    read_databases,
    report_databases,
)
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import Inference
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.model_text import write_models, write_stores
from microcosm_sqlite.authoring.drafting.scaffold import scaffold
from microcosm_sqlite.authoring.drafting.settings_text import write_tables
from microcosm_sqlite.authoring.sources.finding import split_name


@dataclass(frozen=True)
class Draft:
    """A project that was drafted.

    Attributes:
        path: Where it is.
        report: What was inferred and how sure it is, as lines to show to the author.
    """

    path: Path
    report: tuple[str, ...]


def draft_project(
    directory: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    null_values: Collection[str] = (),
    **answers: str,
) -> Draft:
    """Write a project whose tables are those of a folder of files.

    They may be CSV, TSV, JSON Lines or Parquet, plain or compressed: types, lengths, keys,
    references and enumerations are inferred from every row, and the files are copied as they are;
    what the build has to know of how they are written goes into its settings. Or they may be
    SQLite databases, whose schema is taken over and whose rows are copied by `VACUUM INTO`.

    Args:
        directory: Where to write; new or empty.
        folder: The files, one for each table, and databases; or one database.
        null_values: Texts that mean that there is no value, besides the empty field.
        answers: Answers to the template's questions, as for `scaffold`.

    Raises:
        SourceError: There is no file that can be read; nothing was written.
        SettingsError: An answer cannot be used, or the directory is not empty.
        MissingDependencyError: cookiecutter is not installed, or sqlacodegen for a database.
    """
    with TemporaryDirectory(prefix="microcosm-sqlite-") as scratch:
        found = Path(folder)
        databases, refused = read_databases(found, Path(scratch))
        inference = Inference(refused=refused)
        if found.is_dir():
            taken = [name for database in databases for name in database.found.row_counts]
            inference = infer_folder(found, null_values, taken=taken, refused=refused)
        project = scaffold(directory, **answers)
        _write_sources(project / "sources", inference, databases)
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["microcosm-sqlite"]
    package = hook["models"].removesuffix(".models")
    source = project / "src" / package
    models = _draft_models(source, inference, databases)
    _write_code(source, hook["dataset"], settings["project"]["description"], inference, models)
    summaries = summarise(inference, models)
    _write_tests(project / "tests", package, summaries)
    _write_settings(project / "pyproject.toml", inference, null_values)
    write_card(project / "README.md", hook["dataset"], summaries)
    return Draft(project, (*report_databases(models), *report(inference)))


def _write_sources(
    sources: Path, inference: Inference, databases: Collection[DatabaseDraft]
) -> None:
    for example in sources.iterdir():
        example.unlink()
    for table in inference.tables.values():
        path = table.file.path
        stem = split_name(path)[0]
        shutil.copyfile(path, sources / f"{table.name}{path.name[len(stem) :].lower()}")
    for database in databases:
        shutil.copyfile(database.snapshot, sources / database.snapshot.name)


def _draft_models(
    source: Path, inference: Inference, databases: Collection[DatabaseDraft]
) -> DatabaseModels:
    text = (source / "models.py").read_text("utf-8")
    base = re.findall(r"^class (\w+)\(DataSet", text, flags=re.MULTILINE)[0]
    models = DatabaseModels(base, name_classes(inference.tables, base))
    for database in databases:
        models.add(database)
    return models


def _write_code(
    source: Path, dataset: str, description: str, inference: Inference, models: DatabaseModels
) -> None:
    writer = ModelWriter(models.base)
    for database, drafted in models.drafted:
        writer.write(drafted, database.found.views)
    text = write_models(inference.tables, writer, dataset=dataset, description=description)
    (source / "models.py").write_text(text, encoding="utf-8")
    stores = write_stores(models.classes, package=source.name)
    (source / "stores.py").write_text(stores, encoding="utf-8")


def _write_tests(tests: Path, package: str, tables: Iterable[Summary]) -> None:
    counts = "".join(f"    {quote(table.name)}: {table.row_count},\n" for table in tables)
    dataset = tests / "test_dataset.py"
    text = dataset.read_text("utf-8")
    told = f"ROW_COUNTS = {{\n{counts}}}"
    text = re.sub(r"^ROW_COUNTS = .*$", lambda _: told, text, flags=re.MULTILINE)
    dataset.write_text(text, encoding="utf-8")
    (tests / "test_stores.py").write_text(_STORE_TESTS.format(package=package), encoding="utf-8")


_STORE_TESTS = '''"""The stores answer with models."""

from __future__ import annotations

from typing import Any

import pytest
from microcosm_sqlite import Store

from {package} import stores

STORES = [value for name, value in vars(stores).items() if name[:-5] and name.endswith("Store")]


@pytest.mark.parametrize("store_class", STORES)
def test_a_store_counts_and_reads_its_rows(store_class: type[Store[Any]]) -> None:
    store = store_class()
    first = store.first()
    assert (first is None) == (store.count() == 0)
    assert first is None or isinstance(first, store.model_class)
'''


def _write_settings(pyproject: Path, inference: Inference, null_values: Collection[str]) -> None:
    text = pyproject.read_text("utf-8")
    # The example's origin is not that of the author's files.
    text = re.sub(r"\[\[tool\.hatch\S+\.origins\]\]\n(?:\S.*\n)+\n", "", text)
    if null_values:
        sources = 'sources = "sources"\n'
        listed = json.dumps([*null_values], ensure_ascii=False)  # which is TOML as well
        text = text.replace(sources, f"{sources}null-values = {listed}\n")
    tables = write_tables(inference.tables)
    text = text.replace("\n[tool.pytest.ini_options]", f"{tables}\n[tool.pytest.ini_options]")
    pyproject.write_text(text, encoding="utf-8")
