"""A dataset project drafted from a folder of files: ``microcosm-sqlite new DIR --from FOLDER``."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from microcosm_sqlite.authoring.inference import infer_folder
from microcosm_sqlite.authoring.inferred import Inference
from microcosm_sqlite.authoring.model_text import write_models, write_stores
from microcosm_sqlite.authoring.reporting import report
from microcosm_sqlite.authoring.scaffold import scaffold
from microcosm_sqlite.authoring.settings_text import write_tables
from microcosm_sqlite.authoring.sources import split_name


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

    They may be CSV, TSV, JSON Lines or Parquet, plain or compressed. Types, lengths, keys,
    references and enumerations are inferred from every row. Files are copied as they are; what the
    build has to know of how they are written goes into its settings.

    Args:
        directory: Where to write; new or empty.
        folder: The files, one for each table.
        null_values: Texts that mean that there is no value, besides the empty field.
        answers: Answers to the template's questions, as for `scaffold`.

    Raises:
        SourceError: There is no file that can be read; nothing was written.
        SettingsError: An answer cannot be used, or the directory is not empty.
        MissingDependencyError: cookiecutter is not installed.
    """
    inference = infer_folder(Path(folder), null_values)
    project = scaffold(directory, **answers)
    settings = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    hook = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["microcosm-sqlite"]
    package = hook["models"].removesuffix(".models")
    _write_sources(project / "sources", inference)
    _write_code(project, package, hook["dataset"], settings["project"]["description"], inference)
    _write_tests(project / "tests", package, inference)
    _write_settings(project / "pyproject.toml", inference, null_values)
    _write_card(project / "README.md", hook["dataset"], inference)
    return Draft(project, tuple(report(inference)))


def _write_sources(sources: Path, inference: Inference) -> None:
    for example in sources.iterdir():
        example.unlink()
    for table in inference.tables.values():
        path = table.file.path
        stem = split_name(path)[0]
        shutil.copyfile(path, sources / f"{table.name}{path.name[len(stem) :].lower()}")


def _write_code(
    project: Path, package: str, dataset: str, description: str, inference: Inference
) -> None:
    source = project / "src" / package
    models = source / "models.py"
    base = re.findall(r"^class (\w+)\(DataSet", models.read_text("utf-8"), flags=re.MULTILINE)[0]
    models.write_text(
        write_models(inference.tables, base=base, dataset=dataset, description=description),
        encoding="utf-8",
    )
    (source / "stores.py").write_text(
        write_stores(inference.tables, base=base, package=package), encoding="utf-8"
    )


def _write_tests(tests: Path, package: str, inference: Inference) -> None:
    counts = "".join(f'    "{name}": {t.row_count},\n' for name, t in inference.tables.items())
    dataset = tests / "test_dataset.py"
    text = dataset.read_text("utf-8")
    text = re.sub(r"^ROW_COUNTS = .*$", f"ROW_COUNTS = {{\n{counts}}}", text, flags=re.MULTILINE)
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


def _write_card(card: Path, dataset: str, inference: Inference) -> None:
    text = card.read_text("utf-8")
    first = next(iter(inference.tables))
    query = f'microcosm-sqlite query {dataset} "'
    text = re.sub(rf'(?<={query}).*(?=")', f"SELECT * FROM {first} LIMIT 5", text)
    text = text.replace("SELECT count(*) FROM elements", f"SELECT count(*) FROM {first}")
    for heading, body in (
        ("What it holds", _card_of_tables(inference)),
        ("What it does not hold", _card_of_gaps(inference)),
        ("Where it comes from", _card_of_sources(inference)),
    ):
        start, end = _find_section(text, heading)
        text = f"{text[:start]}{body}\n\n{text[end:]}"
    card.write_text(text, encoding="utf-8")


def _find_section(text: str, heading: str) -> tuple[int, int]:
    start = text.index(f"## {heading}\n\n") + len(f"## {heading}\n\n")
    return start, text.index("\n## ", start) + 1


def _card_of_tables(inference: Inference) -> str:
    rows = [
        f"| {name} | {table.row_count:,} | {', '.join(table.primary_key) or 'row number'} |"
        for name, table in inference.tables.items()
    ]
    return "\n".join(["| table | rows | key |", "|---|---|---|", *rows])


def _card_of_gaps(inference: Inference) -> str:
    gaps = [
        f"- {name}: no value in some rows of {', '.join(nullable)}."
        for name, table in inference.tables.items()
        if (nullable := [c.name for c in table.columns.values() if c.is_nullable])
    ]
    return "\n".join(gaps) or "Every column of every table has a value in every row."


def _card_of_sources(inference: Inference) -> str:
    request = "Say here who made these files, from what, and under which terms:"
    files = [f"- `{table.file.path.name}`" for table in inference.tables.values()]
    return "\n".join([request, "", *files])
