"""The component ``sqlite`` takes its configuration as texts of the environment spell it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from microcosm.api import create_object_graph, load_from_dict

from microcosm_sqlite.graph.component import SQLiteBindFactory
from microcosm_sqlite.orm.answering import binds_of


def make(**sqlite: Any) -> Any:
    """The component of a new object graph with this configuration."""
    graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=sqlite))
    graph.use("sqlite")
    graph.lock()
    return graph.sqlite


def test_the_component_is_what_data_sets_use_that_are_not_installed() -> None:
    component = make()
    assert isinstance(component, SQLiteBindFactory)
    assert binds_of(None, "birds") is component


def test_a_data_set_is_at_the_path_of_its_name_or_else_at_the_path_for_all(tmp_path: Path) -> None:
    component = make(path=str(tmp_path / "all.db"), paths={"birds": str(tmp_path / "birds.db")})
    for name, file in (("birds", "birds.db"), ("nests", "all.db")):
        engine, _ = component(name)
        with engine.connect() as connection:
            (_, _, path), *_ = connection.exec_driver_sql("PRAGMA database_list").all()
        assert Path(path).name == file
    component.dispose()


@pytest.mark.parametrize(
    ("spelled", "enforced"), [("False", 0), ("no", 0), (False, 0), ("True", 1), ("1", 1)]
)
def test_flags_are_read_in_any_spelling(spelled: object, enforced: int) -> None:
    component = make(use_foreign_keys=spelled)
    engine, _ = component("birds")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == enforced
    component.dispose()


def test_a_flag_that_spells_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="maybe"):
        make(use_foreign_keys="maybe")
