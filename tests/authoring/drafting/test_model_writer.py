"""Whatever columns are called, the models of a draft are importable and in good style."""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from hypothesis import given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import declare_models
from microcosm_sqlite.authoring.drafting.model_names import name_classes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.drafting.project_context import write_stores
from tests.support.programs import tool

CHECK = [
    "check",
    "--isolated",
    "--line-length=100",
    "--select=B,D,E,F,I,N,RUF,SIM,UP,W",
    "--ignore=D203,D213,E501,RUF001,RUF002,RUF003",
    "--config=lint.isort.known-first-party=['birds_data']",
]
FORMAT = ["format", "--isolated", "--line-length=100", "--check"]

headers = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "id",
                "class",
                "metadata",
                "int",
                "dt",
                "Any",
                "firstName",
                "İx",
                "",
                "%",
                "都市" * 15,
                "how often do you " * 6,
            ]
        ),
        st.text(st.characters(exclude_categories=["C", "M", "Z"]), max_size=30),
    ),
    min_size=1,
    max_size=12,
).filter(lambda header: "".join(header).strip() != "")
cells = st.sampled_from(["1", "", "1.5", "x", "true", "2013-01-31", "9999999999", "a" * 99])


@settings(max_examples=20, deadline=None)
@given(st.lists(headers, min_size=1, max_size=3), st.data())
def test_drafted_modules_are_importable_and_in_good_style(
    tables: list[list[str]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, header in enumerate(tables):
            row = data.draw(st.lists(cells, min_size=len(header), max_size=len(header)))
            with Path(folder, f"t{number}.csv").open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([header, row])
        found = infer_folder(Path(folder)).tables
    classes = name_classes(found, "BirdsData")
    writer = ModelWriter("BirdsData", classes.values())
    writer.write(declare_models(found, classes))
    models = writer.write_module("Tables of birds.", dataset="birds", description="Birds")
    stores = write_stores(classes, package="birds_data")
    # SQLAlchemy resolves annotations in the module that `sys.modules` has.
    sys.modules["drafted_models"] = module = ModuleType("drafted_models")
    exec(compile(models, "models.py", "exec"), vars(module))
    for text in (models, stores):
        for command in (CHECK, FORMAT):
            done = subprocess.run(
                [tool("ruff"), *command, "-"],
                cwd=tempfile.gettempdir(),  # not where the library is the project's own package
                input=text,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + text
