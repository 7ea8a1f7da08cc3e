"""A mistake in the configuration is told by its key, before anything is opened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from microcosm.api import create_object_graph, load_from_dict

from microcosm_sqlite.errors import ConfigurationError, DatasetFileMissingError

if TYPE_CHECKING:
    from pathlib import Path


def use(**configuration: Any) -> Any:
    graph = create_object_graph("t", testing=True, loader=load_from_dict(sqlite=configuration))
    graph.use("sqlite")
    return graph.sqlite


@pytest.mark.parametrize(
    ("configuration", "told"),
    [
        ({"paths": "books=b.db"}, r"sqlite\.paths is 'books=b\.db', which does not map"),
        ({"paths": ["b.db"]}, r"sqlite\.paths is \['b\.db'\], which does not map"),
        ({"paths": {"books": 3}}, r"sqlite\.paths\['books'\] is 3, which is not a path"),
        ({"path": 3}, r"sqlite\.path is 3, which is not a path"),
        ({"path": None}, r"sqlite\.path is None, which is not a path"),
        ({"pathes": {"books": "b.db"}}, r"sqlite\.pathes is not a key .* Did you mean paths"),
        ({"readonly": "true"}, r"sqlite\.readonly is not a key .* Did you mean read_only"),
        *(
            ({"timeout": value}, r"sqlite\.timeout is .*, which is not a number of seconds")
            for value in ("soon", -1, "nan", "inf", None, True)
        ),
        *(
            ({flag: "ja"}, rf"sqlite\.{flag} is 'ja', which is neither true nor false")
            for flag in ("autocommit", "echo", "read_only", "untrusted", "use_foreign_keys")
        ),
    ],
)
def test_the_key_and_the_value_are_named(configuration: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        use(**configuration)


def test_other_keys_are_the_business_of_the_application() -> None:
    assert use(retention_days=3).paths.configured == {}


def test_it_is_a_value_error_as_before() -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        use(echo="perhaps")


@pytest.mark.parametrize("configured", [{}, {"books": "b.db"}])
def test_paths_are_a_dictionary_as_before(configured: dict[str, str], airports: Path) -> None:
    paths = use(paths=configured).paths
    plain = {**configured, "airports": str(airports)}
    assert isinstance(paths, dict)
    assert paths == dict(paths) == {**paths} == paths.copy() == plain
    for options in ({}, {"indent": 1}, {"sort_keys": True}):
        assert json.loads(json.dumps(paths, **options)) == plain
    assert repr(paths) == repr(plain)
    assert paths | {"more": "m.db"} == {**plain, "more": "m.db"}
    assert sorted(paths.values()) == sorted(plain.values())
    paths.update(films="f.db")
    assert paths.setdefault("films", "g.db") == paths.pop("films") == "f.db"
    assert len(paths) == len(plain)


@pytest.mark.parametrize("configured", [{}, {"books": "b.db"}])
def test_the_configuration_itself_serialises(configured: dict[str, str]) -> None:
    loader = load_from_dict(sqlite={"paths": configured})
    graph = create_object_graph("t", testing=True, loader=loader)
    graph.use("sqlite")
    assert json.loads(json.dumps(graph.config.sqlite.paths)) == configured


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("sqlite:////data/b.db", "Write the path of a file, not a URL."),
        ("sqlite+pysqlite:///b.db", "Write the path of a file, not a URL."),
        ("https://example.org/data/b.db", "Write the path of a file, not a URL."),
        ("~/nowhere/b.db", "~ and variables in it are not replaced."),
        ("$HOME/nowhere/b.db", "~ and variables in it are not replaced."),
        ("nowhere/b.db", "Create the folder, or correct the path."),
    ],
)
def test_what_is_no_path_of_a_file_is_told(path: str, hint: str) -> None:
    engine, _ = use(paths={"books": path})("books")
    with pytest.raises(DatasetFileMissingError, match="neither be opened nor created") as refused:
        engine.connect()
    assert refused.value.hint.endswith(hint)
