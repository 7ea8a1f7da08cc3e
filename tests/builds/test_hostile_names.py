"""Whatever strangers call things, drafts are the code that harmless names would make."""

from __future__ import annotations

import ast
import json
import sqlite3
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import cast

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microcosm_sqlite.authoring.comparing.revisions import Revision
from microcosm_sqlite.authoring.comparing.schema_steps import Step
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.drafted_model import DraftedModel
from microcosm_sqlite.authoring.drafting.from_databases import dataset_models
from microcosm_sqlite.authoring.drafting.from_databases.draft import (
    draft_databases,
    read_databases,
)
from microcosm_sqlite.authoring.drafting.from_files.inference import infer_folder
from microcosm_sqlite.authoring.drafting.from_files.inferred import declare_models
from microcosm_sqlite.authoring.drafting.model_names import name_attributes, name_classes
from microcosm_sqlite.authoring.drafting.model_writer import ModelWriter
from microcosm_sqlite.authoring.drafting.project_context import write_stores
from microcosm_sqlite.catalog.installed import InstalledDataset
from microcosm_sqlite.catalog.manifest_tables import Table
from microcosm_sqlite.common.sql import quote_identifier, quote_text
from tests.support.drafts import check_style
from tests.support.hostile import (
    HARMLESS,
    HOSTILE,
    MARK,
    NUMBER_OF_NAMES,
    PAYLOADS,
    RUN,
    TEXTS,
    find_markdown_shape,
    find_shape_of_values,
    spread,
)

slow_example = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class Shape(ast.NodeTransformer):
    """Takes texts, and the names that the module made itself, out of a tree."""

    def __init__(self, tree: ast.Module) -> None:
        self.made: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.made.add(node.name)
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("hostile_data."):
                self.made |= {each.name for each in node.names}
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.made.add(node.target.id)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.made.add(node.targets[0].id)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        is_fixed = node.id not in self.made or node.id.startswith("__")
        return node if is_fixed else ast.Name("made", node.ctx)

    def visit_alias(self, node: ast.alias) -> ast.alias:
        return ast.alias("made") if node.name in self.made else node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = "Made"
        return self.generic_visit(node)


def find_shape(source: str) -> str:
    tree = ast.parse(source)
    shape = Shape(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "relationship":
            for keyword in node.keywords:
                check_evaluated(keyword, shape.made)
    return ast.dump(shape.visit(tree))


def check_evaluated(keyword: ast.keyword, made: set[str]) -> None:
    """Texts that SQLAlchemy evaluates hold names that the module made, and nothing else."""
    assert keyword.arg is not None
    if keyword.arg == "back_populates" or not isinstance(keyword.value, ast.Constant):
        return
    if isinstance(keyword.value.value, str):
        listed = ast.parse(keyword.value.value, mode="eval").body
        assert isinstance(listed, ast.List)
        for each in listed.elts:
            assert isinstance(each, ast.Attribute)
            assert isinstance(each.value, ast.Name)
            assert {each.value.id, each.attr} <= made


def run(source: str, base: str) -> None:
    """Import a module and let SQLAlchemy evaluate what it would; nothing of the names runs."""
    sys.modules["hostile_models"] = module = ModuleType("hostile_models")
    exec(compile(source, "models.py", "exec"), vars(module))
    vars(module)[base].registry.configure()
    assert MARK not in sys.modules


def write_tables(names: list[str]) -> str:
    """Models of tables that use whatever a table of SQLAlchemy can have."""
    (parent, child, key, number, label, comment, check, ordinal, index, part, other, where) = names[
        :12
    ]
    metadata = sa.MetaData()
    first = sa.Table(
        parent,
        metadata,
        sa.Column(key, sa.String(3), primary_key=True, comment=comment),
        sa.Column(number, sa.Text(collation=other), unique=True),
        sa.Column(label, sa.Enum(*names[12:16])),
    )
    second = sa.Table(
        child,
        metadata,
        sa.Column(part, sa.Integer, sa.Computed(sa.text(where.replace(":", "\\:")))),
        sa.Column(ordinal, sa.Numeric(10, 2), index=True),
        sa.Column(key, None, sa.ForeignKey(first.columns[key]), comment=label),
        sa.PrimaryKeyConstraint(ordinal, part),
        sa.UniqueConstraint(part, ordinal),
        sa.CheckConstraint(sa.text(where.replace(":", "\\:")), name=check),
    )
    second.columns[key].type = sa.Text()
    condition = sa.text(where.replace(":", "\\:"))
    sa.Index(index, second.columns[part], sqlite_where=condition)
    classes = name_classes([parent, child], "HostileData")
    writer = ModelWriter("HostileData", classes.values())
    writer.write(
        [
            DraftedModel(table, classes[table.name], name_attributes(table.columns.keys()))
            for table in (first, second)
        ],
        [f"CREATE VIEW v AS SELECT {quote_text(name)}" for name in names[16:20]],
    )
    find_shape(write_stores(classes, package="hostile_data"))
    return writer.write_module("Tables.", dataset="hostile", description=names[20])


@slow_example
@given(HOSTILE)
def test_tables_of_sqlalchemy(names: list[str]) -> None:
    # A dot in a name is the one thing that a reference of SQLAlchemy cannot have.
    names = [name.replace(".", ",") for name in names]
    assert find_shape(write_tables(names)) == find_shape(write_tables(HARMLESS))


def make_database(path: Path, names: list[str]) -> None:
    quoted = [quote_identifier(name) for name in names]
    book, link, author, key, name, label, text, boss, collated = quoted[:9]
    labels = ", ".join(map(quote_text, names[9:11]))
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"CREATE TABLE {book} ({key} INTEGER PRIMARY KEY, {name} TEXT UNIQUE, "
            f"{boss} TEXT REFERENCES {book} ({name}), {label} TEXT CHECK ({label} IN ({labels})));"
            f"CREATE TABLE {author} ({key} INTEGER PRIMARY KEY, {text} BLOB, "
            f"{collated} TEXT DEFAULT {quote_text(names[11])});"
            f"CREATE TABLE {link} ({key} INTEGER NOT NULL REFERENCES {book} ({key}), "
            f"{text} INTEGER NOT NULL REFERENCES {author} ({key}), PRIMARY KEY ({text}, {key}));"
            f"CREATE INDEX {quoted[12]} ON {book} ({name}) WHERE {name} <> {quote_text(names[13])};"
            f"CREATE VIEW {quoted[14]} AS SELECT {quote_text(names[15])} AS {quoted[16]};"
        )


def write_database(names: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "hostile.db")
        make_database(path, names)
        (Path(folder) / "scratch").mkdir()
        databases, _ = read_databases(path, Path(folder, "scratch"))
    classes: dict[str, str] = {}
    draft_databases(databases, "HostileData", classes)
    writer = ModelWriter("HostileData", classes.values())
    for database in databases:
        writer.write(database.models, database.found.views.values())
    return writer.write_module("Tables.", dataset="hostile", description="Tables")


@pytest.mark.slow
@slow_example
@given(HOSTILE)
def test_an_existing_database(names: list[str]) -> None:
    source = write_database([name.replace(".", ",") for name in names])
    assert find_shape(source) == find_shape(write_database(HARMLESS))
    run(source, "HostileData")


def write_manifest(names: list[str]) -> str:
    table, other, key, text, label, comment = names[:6]
    fields = [
        {"name": key, "type": "integer", "description": comment},
        {"name": text, "type": "string", "constraints": {"maxLength": 3, "minLength": names[6]}},
        {"name": label, "type": "string", "constraints": {"enum": names[7:9]}},
    ]
    raw = {
        "name": "t",
        "schema": {
            "fields": fields,
            "primaryKey": [key],
            "uniqueKeys": [[text, label]],
            "foreignKeys": [{"fields": [text], "reference": {"resource": other, "fields": [key]}}],
        },
    }
    tables = {name: Table({**raw, "dialect": {"table": name}}) for name in (table, other)}
    dataset = SimpleNamespace(
        name=names[9], tables=tables, connect=lambda: sqlite3.connect(":memory:")
    )
    return dataset_models.draft_models(cast("InstalledDataset", dataset))


# The manifest's reader refuses halves of characters.
WHOLE_TEXTS = TEXTS.filter(lambda text: text == text.encode("utf-8", "ignore").decode("utf-8"))


@slow_example
@given(st.lists(WHOLE_TEXTS, min_size=NUMBER_OF_NAMES, max_size=NUMBER_OF_NAMES).map(spread))
def test_the_manifest_of_a_dataset(names: list[str]) -> None:
    assert find_shape(write_manifest(names)) == find_shape(write_manifest(HARMLESS))


@pytest.mark.parametrize("length", [f"3), {RUN}, (1", True, -1, 1.5, [3], {"a": RUN}])
def test_a_length_that_is_none_is_not_written(length: object) -> None:
    table = Table(
        {"name": "t", "schema": {"fields": [{"name": "a", "type": "string"}], "primaryKey": ["a"]}}
    )
    table.fields[0].constraints["maxLength"] = length  # which the manifest's reader refuses
    dataset = SimpleNamespace(
        name="d", tables={"t": table}, connect=lambda: sqlite3.connect(":memory:")
    )
    source = dataset_models.draft_models(cast("InstalledDataset", dataset))
    assert "a: Mapped[str] = mapped_column(Text, primary_key=True)" in source


def write_files(folder: Path, names: list[str]) -> None:
    lines = [dict(zip(names[:4], (f"{n}", names[10 + n % 2], n % 3 + 1, None), strict=True))
             for n in range(1, 61)]  # fmt: skip
    (folder / "hostile.jsonl").write_text("\n".join(map(json.dumps, lines)))


def write_inferred(names: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), names)
        tables = infer_folder(Path(folder)).tables
    classes = name_classes(tables, "HostileData")
    writer = ModelWriter("HostileData", classes.values())
    writer.write(declare_models(tables, classes))
    return writer.write_module("Tables.", dataset="hostile", description="Tables")


@slow_example
@given(HOSTILE)
def test_files(names: list[str]) -> None:
    # Texts are labels only where they are printable and one word.
    labels = ["".join(filter(str.isprintable, name)).strip()[:40].strip() for name in names[10:12]]
    names = [*names[:10], *labels]
    source = write_inferred(names)
    assert find_shape(source) == find_shape(write_inferred(HARMLESS))
    run(source, "HostileData")


def revise(names: list[str]) -> str:
    steps = [
        Step(f"{names[0]}: {names[1]}", (f"SELECT {quote_text(names[2])}\n",), (names[3],), ()),
        Step(f"{names[4]}: {names[5]}", (quote_text(names[6]),), (), (names[7],)),
    ]
    return Revision("v1", names[8], steps, steps[::-1]).render()


@slow_example
@given(HOSTILE)
def test_revisions(names: list[str]) -> None:
    assert find_shape(revise(names)) == find_shape(revise(HARMLESS))


def draft(names: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a database and a file with these names."""
    folder = tmp_path_factory.mktemp("hostile")
    make_database(folder / "hostile.db", names)
    write_files(folder, names)
    draft = draft_project(tmp_path_factory.mktemp("drafts") / "hostile-data", folder)
    assert all(line.isprintable() for line in draft.report)
    return draft.path


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.slow)])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = spread((PAYLOADS * 2)[request.param : request.param + NUMBER_OF_NAMES])
    return draft([name.replace(".", ",") for name in names], tmp_path_factory)


@pytest.fixture(scope="module")
def harmless_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draft(HARMLESS, tmp_path_factory)


def read_shapes(project: Path) -> dict[str, object]:
    """Every file of a project as what reads it understands it, but for its texts."""
    shapes: dict[str, object] = {}
    for path in sorted(project.rglob("*")):
        name = path.relative_to(project).as_posix()
        if path.suffix == ".py":
            shapes[name] = find_shape(path.read_text("utf-8"))
        elif path.suffix in (".yml", ".yaml", ".cff"):
            shapes[name] = find_shape_of_values(yaml.safe_load(path.read_text("utf-8")))
        elif path.suffix == ".md":
            shapes[name] = find_markdown_shape(path.read_text("utf-8"))
        elif path.suffix == ".toml":
            shapes[name] = find_shape_of_values(tomllib.loads(path.read_text("utf-8")))
        elif path.is_file():
            shapes[name] = ""
    return shapes


def test_every_file_of_a_project_has_the_shape_of_a_harmless_one(
    project: Path, harmless_project: Path
) -> None:
    assert read_shapes(project) == read_shapes(harmless_project)


def list_rows(card: str) -> Iterator[list[str]]:
    for line in card.splitlines():
        if line.startswith("| "):
            yield line.replace("\\|", "").strip("| ").split(" | ")


@pytest.mark.slow
def test_every_file_of_a_project_is_well_formed(project: Path, tmp_path: Path) -> None:
    for path in project.rglob("*.py"):
        ast.parse(path.read_text("utf-8"))
    settings_of_tools = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    hook = settings_of_tools["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    assert set(hook) == {"microcosm-sqlite"}
    card = (project / "README.md").read_text("utf-8")
    assert [len(row) for row in list_rows(card)] == [2] * 5
    assert "<script>" not in card.replace("\\<script\\>", "")
    assert '"SELECT count(*) FROM hostile"' in card
    check_style(project, tmp_path)


def test_the_models_of_a_project_run_nothing(project: Path) -> None:
    run((project / "src/hostile_data/models.py").read_text("utf-8"), "HostileData")
