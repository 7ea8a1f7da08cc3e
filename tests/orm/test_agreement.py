"""Models and the opened file: do they agree?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import DateTime, ForeignKey, Integer, LargeBinary, Numeric, String
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import mapped_column

from microcosm_sqlite.catalog.registry import dataset
from microcosm_sqlite.catalog.structure import describe_structure
from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import SchemaMismatchError
from microcosm_sqlite.orm.engines import create_readwrite_engine
from microcosm_sqlite.orm.schema_check import check_agreement, describe_models
from microcosm_sqlite.stores import Store
from tests.catalog.workshop import Wheel, make_database

SCHEMA = """
CREATE TABLE colour (
    id INTEGER NOT NULL, name VARCHAR(20) NOT NULL, warmth FLOAT, seen DATETIME,
    CONSTRAINT pk_colour PRIMARY KEY (id)
);
INSERT INTO colour VALUES (1, 'red', 0.9, '2020-01-01 00:00:00.000000');
CREATE TABLE unknown_to_models (id INTEGER PRIMARY KEY);
CREATE VIEW warm AS SELECT id, name FROM colour WHERE warmth > 0.5;
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data wheel, installed."""
    database = make_database(tmp_path / "work" / "colours.db", schema=SCHEMA)
    site = tmp_path / "site"
    site.mkdir()
    Wheel().carry(database).install(site)
    monkeypatch.syspath_prepend(str(site))
    return "colours"


def declare(**tables: dict[str, Any]) -> Any:
    """A new data set of this name with these tables, and a store on the first."""
    base = DataSet.create("colours")
    models = [
        type(name, (base,), {"__tablename__": name, "__module__": __name__, **columns})
        for name, columns in tables.items()
    ]
    return type("AnyStore", (Store,), {"model_class": models[0]})


def key() -> Any:
    return mapped_column(Integer, primary_key=True)


def test_models_that_agree_are_used_without_a_look_at_the_file(
    installed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = dataset(installed)
    base = DataSet.create("colours")

    class Colour(base):  # type: ignore[misc,valid-type]
        __tablename__ = "colour"
        id = key()
        name = mapped_column(String(20), nullable=False)

    class Shade(base):  # type: ignore[misc,valid-type]
        __tablename__ = "shade"
        colour_id = mapped_column(ForeignKey("colour.id"), primary_key=True)
        number = mapped_column(Integer, primary_key=True)
        code = mapped_column(LargeBinary)

    engine = create_readwrite_engine(":memory:")
    base.metadata.create_all(engine)
    with engine.connect() as connection:
        driver_connection: Any = connection.connection.dbapi_connection
        built = describe_structure(driver_connection)
    tables = list(base.metadata.tables.values())
    assert describe_models(tables, sqlite.dialect()) == built

    from microcosm_sqlite.catalog.structure import fingerprint

    assert found.manifest is not None
    monkeypatch.setattr(found.manifest, "fingerprint", fingerprint(built))
    monkeypatch.setattr(type(found), "connect", None)
    check_agreement(base, found, sqlite.dialect())


def test_models_may_ask_for_less_and_in_other_words(installed: str, make_graph: Any) -> None:
    store = declare(
        colour={
            "id": key(),
            "name": mapped_column(String),
            "warmth": mapped_column(Numeric),
            "seen": mapped_column(DateTime),
        },
        warm={"id": key()},
    )()
    with store.model_class.new_context(make_graph()):
        assert store.one().seen == datetime(2020, 1, 1)
    assert store.one().name == "red"


def test_a_mismatch_names_what_differs_both_versions_and_the_cure(
    installed: str, make_graph: Any
) -> None:
    store = declare(
        colour={
            "id": key(),
            "name": mapped_column(Integer),
            "warmth": mapped_column(String),
            "hue": mapped_column(Integer),
        },
        paint={"id": key()},
    )()
    for graph in (make_graph(), None):
        for _ in range(2):
            with pytest.raises(SchemaMismatchError) as error:
                store.model_class.new_session(graph)
    text = str(error.value)
    assert "Dataset 'colours' 2026.1 (colours-data 2026.1)" in text
    assert f"the models in {__name__}" in text
    assert "colour.name is VARCHAR(20) in the file and INTEGER in the model" in text
    assert "colour.warmth is FLOAT in the file and VARCHAR in the model" in text
    assert "colour.hue is not there" in text
    assert "table paint is not there" in text
    assert "pip install --upgrade colours-data" in text


def test_models_of_the_same_wheel_are_to_be_reinstalled(
    installed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "microcosm_sqlite.orm.schema_check._distribution_of", lambda _: "colours-data 2025.1"
    )
    store = declare(paint={"id": key()})()
    with pytest.raises(SchemaMismatchError, match=r"colours-data 2025\.1.*--force-reinstall"):
        store.count()


def test_configured_paths_are_not_looked_at(
    installed: str, make_graph: Any, tmp_path: Path
) -> None:
    store = declare(paint={"id": key()})()
    graph = make_graph(paths={"colours": tmp_path / "mine.db"})
    store.model_class.create_all(graph)
    with store.model_class.new_context(graph):
        assert store.count() == 0


def test_a_wheel_without_a_manifest_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_graph: Any
) -> None:
    make_database(tmp_path / "site" / "old_data" / "old.db", schema=SCHEMA)
    wheel = Wheel("old-data").enter("colours = old_data:path")
    wheel.put(
        "old_data/__init__.py",
        "from pathlib import Path\n"
        "def path(graph):\n"
        "    assert graph.metadata.name\n"
        "    return str(Path(__file__).parent / 'old.db')\n",
    )
    wheel.install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    store = declare(paint={"id": key()}, colour={"id": key()})()
    graph = make_graph()
    with store.model_class.new_context(graph) as context:
        assert context.session.query(store.model_class.metadata.tables["colour"]).count() == 1
    assert graph.sqlite["colours"] == str(tmp_path / "site" / "old_data" / "old.db")
