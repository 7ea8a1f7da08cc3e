"""A dataset project drafted from a folder of files: ``microcosm-sqlite new DIR --from FOLDER``."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from microcosm_sqlite.authoring.guessing import TEXT
from microcosm_sqlite.authoring.inference import infer_folder
from microcosm_sqlite.authoring.inferred import Inference, InferredTable
from microcosm_sqlite.authoring.model_text import name_classes, write_models, write_stores
from microcosm_sqlite.authoring.scaffold import scaffold
from microcosm_sqlite.authoring.sniffing import RawFile, TypedFile


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

    They may be CSV, TSV, JSON Lines or Parquet, plain or compressed. Types, lengths, keys and
    references are inferred from every row. Files are copied; CSV that the build could not read as
    it is (another encoding or delimiter, headers that name no column) is written anew.

    Args:
        directory: Where to write; new or empty.
        folder: The files, one for each table.
        null_values: Texts that mean that there is no value, besides the empty field.
        answers: Answers to the template's questions, as for `scaffold`.

    Raises:
        SourceError: A file cannot be read; nothing was written.
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
    _write_settings(project / "pyproject.toml", null_values)
    _write_card(project / "README.md", hook["dataset"], inference)
    return Draft(project, tuple(_report(inference)))


def _write_sources(sources: Path, inference: Inference) -> None:
    for example in sources.iterdir():
        example.unlink()
    for table in inference.tables.values():
        raw = table.file
        if isinstance(raw, TypedFile) or raw.is_plain:
            suffixes = raw.path.name[len(raw.path.name.split(".")[0]) :]
            shutil.copyfile(raw.path, sources / f"{table.name}{suffixes}")
        else:
            _write_anew(raw, sources / f"{table.name}.csv")


def _write_anew(raw: RawFile, target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as stream, raw.open_rows() as rows:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(raw.names)
        writer.writerows(rows)


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


def _write_settings(pyproject: Path, null_values: Collection[str]) -> None:
    text = pyproject.read_text("utf-8")
    # The example's origin is not that of the author's files.
    text = re.sub(r"\[\[tool\.hatch\S+\.origins\]\]\n(?:\S.*\n)+\n", "", text)
    if null_values:
        sources = 'sources = "sources"\n'
        listed = json.dumps([*null_values], ensure_ascii=False)  # which is TOML as well
        text = text.replace(sources, f"{sources}null-values = {listed}\n")
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


def _report(inference: Inference) -> Iterator[str]:
    classes = name_classes(inference.tables, "")
    for name, table in inference.tables.items():
        yield f"{name}: {table.row_count:,} rows, model {classes[name]}"
        yield f"  key: {_describe_key(table)}"
        for column in table.columns.values():
            yield f"  {column.name}: {_describe_column(table, column.name)}"
        raw = table.file
        if isinstance(raw, RawFile) and not raw.is_plain:
            yield f"  sources/{name}.csv is {raw.path.name} written anew: {_changes(raw)}"
    for name, reason in inference.left_out.items():
        yield f"left out: {name}, {reason}"


def _describe_key(table: InferredTable) -> str:
    if not table.primary_key:
        return "none found, so rows are numbered"
    return f"{', '.join(table.primary_key)} (differs in all {table.row_count:,} rows)"


def _describe_column(table: InferredTable, name: str) -> str:
    column = table.columns[name]
    is_text = column.kind == TEXT and column.length
    parts = [f"text of up to {column.length} characters" if is_text else column.kind]
    parts += ["may be empty"] if column.is_nullable else []
    parts += ["unique"] if column.is_unique else []
    if column.reference:
        parts.append(f"refers to {'.'.join(column.reference)} ({column.evidence})")
    return ", ".join(parts)


def _changes(raw: RawFile) -> str:
    changes = [f"encoding {raw.encoding}"] if raw.encoding != "utf-8" else []
    changes += [f"delimiter {raw.delimiter!r}"] if raw.delimiter != "," else []
    changes += ["column names"] if raw.header != raw.names else []
    return ", ".join(changes)
