"""Of several editions the one that is asked for is used, else the full one, else the only one."""

from __future__ import annotations

from pathlib import Path
from pickle import dumps, loads
from typing import Any

import pytest

from microcosm_sqlite import dataset, datasets, problems
from microcosm_sqlite.catalog.doctor import diagnose
from microcosm_sqlite.catalog.edition_choice import VARIABLE
from microcosm_sqlite.errors import (
    AmbiguousDatasetError,
    DatasetError,
    DatasetNotFoundError,
    ManifestError,
    QueryError,
)
from tests.support.wheels import Wheel


def install(database: Path, site: Path, edition: str = "", **more: Any) -> None:
    name = f"colours-data-{edition}" if edition else "colours-data"
    package = name.replace("-", "_")
    extension: dict[str, Any] = {}
    if edition:
        extension["edition"] = {
            "name": edition,
            "dataset": "colours",
            "version": "2026.1",
            "distribution": "colours-data",
            "rowCounts": {"colour": 300, "shade": 700},
            **more,
        }
    Wheel(name).carry(database, package=package, **extension).install(site)


@pytest.mark.parametrize(
    ("installed", "variable", "wanted", "chosen"),
    [
        (["", "lite"], "", "", ""),
        (["lite"], "", "", "lite"),
        (["", "lite"], "lite", "", "lite"),
        (["", "lite"], "other=lite", "", ""),
        (["", "lite"], "other=x, colours=lite", "", "lite"),
        (["", "lite"], "lite,colours=full", "", ""),
        (["", "lite"], "lite", "full", ""),
        (["", "lite"], "", "lite", "lite"),
        ([""], "lite", "", ""),
        (["lite"], "tiny", "", "lite"),
        (["lite", "tiny"], "tiny", "", "tiny"),
        ([""], "colours=lite", "", DatasetNotFoundError),
        ([""], "", "lite", DatasetNotFoundError),
        (["lite"], "full", "", DatasetNotFoundError),
        (["lite", "tiny"], "", "", AmbiguousDatasetError),
    ],
)
def test_which_edition_is_used(
    database: Path,
    site: Path,
    monkeypatch: pytest.MonkeyPatch,
    installed: list[str],
    variable: str,
    wanted: str,
    chosen: str | type[DatasetError],
) -> None:
    for edition in installed:
        install(database, site, edition)
    monkeypatch.setenv(VARIABLE, variable)
    if not isinstance(chosen, str):
        with pytest.raises(chosen) as caught:
            dataset("colours", edition=wanted)
        assert "colours-data" in caught.value.message
        if not wanted:
            assert "colours" not in datasets()
            assert [problem.message for problem in problems()] == [caught.value.message]
        return
    found = dataset("colours", edition=wanted)
    assert found.edition == chosen
    found.connect().close()
    if not wanted:
        assert datasets() == {"colours": found}
        assert not problems()
    assert loads(dumps(found)).edition == chosen or wanted == "full"


def test_two_full_ones_stay_an_error_that_names_both(database: Path, site: Path) -> None:
    install(database, site)
    install(database, site, "lite")
    Wheel("other-data").carry(database, package="other_data").install(site)
    with pytest.raises(AmbiguousDatasetError) as caught:
        dataset("colours")
    assert "colours-data 2026.1" in caught.value.message
    assert "other-data 2026.1" in caught.value.message
    assert "lite" not in caught.value.message
    assert dataset("colours", edition="lite").edition == "lite"


def test_what_an_edition_lacks_is_told_with_the_command_that_brings_it(
    database: Path, site: Path
) -> None:
    install(database, site, "lite")
    told = "Edition 'lite' has 6 of 1,000 rows. For all: pip install 'colours-data==2026.1'"
    connection = dataset("colours").connect()
    for sql in ("SELECT * FROM hue", "SELECT hue FROM colour"):
        with pytest.raises(QueryError) as caught:
            connection.execute(sql)
        assert caught.value.hint.endswith(told)
    connection.close()
    with pytest.raises(DatasetNotFoundError, match=r"colours-data==2026\.1"):
        dataset("colours", edition="full")


def test_doctor_tells_editions_of_several_versions(database: Path, site: Path) -> None:
    install(database, site)
    package = "colours_data_lite"
    wheel = Wheel("colours-data-lite", "2025.1")
    edition = {"name": "lite", "dataset": "colours", "version": "2025.1"}
    wheel.carry(database, package=package, edition=edition).install(site)
    (entry,) = diagnose().datasets
    assert entry["edition"] == ""
    (problem,) = diagnose().problems
    assert "colours-data 2026.1 and colours-data-lite 2025.1" in problem.message


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"dataset": "birds"}, "an edition of 'birds'"),
        ({"name": "full"}, "cannot be called 'full'"),
        ({"name": 3}, "'name'"),
        ({"rowCounts": {"colour": -1}}, "colour"),
        ({"rowCounts": []}, "rowCounts"),
        ({"distribution": "x'; touch gone; '"}, "is not a name or version of a distribution"),
        ({"version": "1'$(touch gone)'"}, "is not a name or version of a distribution"),
    ],
)
def test_a_manifest_that_lies_is_refused_and_hides_no_full_one(
    database: Path, site: Path, broken: dict[str, Any], said: str
) -> None:
    install(database, site, "lite", **broken)
    with pytest.raises(ManifestError, match=said):
        dataset("colours").manifest  # noqa: B018
    install(database, site)
    with pytest.raises(AmbiguousDatasetError):
        dataset("colours")


def test_an_object_graph_and_a_test_choose_one(database: Path, site: Path) -> None:
    from microcosm.api import create_object_graph, load_from_dict

    from microcosm_sqlite.errors import ConfigurationError
    from microcosm_sqlite.testing import override

    install(database, site)
    install(database, site, "lite")

    def make_graph(editions: object) -> Any:
        loader = load_from_dict(sqlite={"editions": editions})
        graph = create_object_graph("example", testing=True, loader=loader)
        graph.use("sqlite")
        return graph

    for editions, package in (({}, "colours_data"), ({"colours": "lite"}, "colours_data_lite")):
        assert Path(make_graph(editions).sqlite.paths["colours"]).parent.name == package
    with pytest.raises(DatasetNotFoundError, match="'tiny'"):
        make_graph({"colours": "tiny"}).sqlite("colours")
    with pytest.raises(ConfigurationError, match="editions"):
        make_graph("lite")
    with override("colours", edition="lite") as found:
        assert found.edition == dataset("colours").edition == "lite"
