"""Keys that lead into another dataset are checked when both are installed."""

from __future__ import annotations

import shutil
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite import dataset, errors, register
from microcosm_sqlite.catalog.registry import find_requirements
from microcosm_sqlite.catalog.verifying.checklist import Outcome
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.support.crossing import (
    AIRPORTS,
    FLIGHTS,
    KEY,
    edit_manifest,
    make_airports,
    make_flights,
)


def check(name: str = "flights") -> Outcome:
    (outcome,) = (each for each in dataset(name).verify().outcomes if each.code == "V14")
    return outcome


def test_keys_into_an_installed_dataset_hold(site: Path, tmp_path: Path) -> None:
    make_airports(tmp_path).install(site)
    make_flights(tmp_path).install(site)
    assert dataset("flights").verify().ok
    assert check().status == check("airports").status == "ok"
    manifest = dataset("flights").manifest
    assert manifest is not None
    assert manifest.tables["flights"].foreign_keys == []
    assert manifest.tables["flights"].external_keys == [KEY]
    assert repr(manifest.requires["airports"]) == "<Requirement airports: airports-data>=2.1,<3>"


@pytest.mark.parametrize("compression", ["zstd", "xz"])
def test_a_compressed_dataset_is_referred_to(site: Path, tmp_path: Path, compression: str) -> None:
    make_airports(tmp_path, compression=compression).install(site)
    make_flights(tmp_path).install(site)
    assert check().status == "ok"


def test_a_dataset_that_is_missing_is_what_to_install(site: Path, tmp_path: Path) -> None:
    make_flights(tmp_path).install(site)
    outcome = check()
    assert (outcome.status, outcome.message) == ("failed", "dataset 'airports' is not installed")
    assert outcome.hint == "Run: pip install 'airports-data>=2.1,<3'"
    with closing(dataset("flights").connect()) as connection:  # no reason not to open it
        assert connection.execute("SELECT count(*) FROM flights").fetchone() == (3,)


@pytest.mark.parametrize(
    ("version", "accepts", "message"),
    [
        ("3.0", ">=2.1,<3", "airports-data 3.0 is installed, and >=2.1,<3 is required"),
        ("2.0.9", ">=2.1,==2.*", "airports-data 2.0.9 is installed, and >=2.1,==2.* is required"),
        ("2.2", "about 2", "airports-data 2.2 cannot be compared with what is required: ..."),
        ("two", ">=2.1", "airports-data two is installed, and >=2.1 is required"),
    ],
)
def test_a_version_that_is_not_accepted_is_said(
    site: Path, tmp_path: Path, version: str, accepts: str, message: str
) -> None:
    make_airports(tmp_path, version=version).install(site)
    make_flights(tmp_path, accepts=accepts).install(site)
    outcome = check()
    assert outcome.status == "failed"
    assert outcome.message.startswith(message.removesuffix("..."))
    assert outcome.hint == f"Run: pip install 'airports-data{accepts}'"


@pytest.mark.parametrize("version", ["2.1", "2.9", "2.2rc1"])
def test_versions_in_the_range_are_accepted(site: Path, tmp_path: Path, version: str) -> None:
    make_airports(tmp_path, version=version).install(site)
    make_flights(tmp_path).install(site)
    assert check().status == "ok"


def test_rows_that_lead_nowhere_are_counted_and_one_is_shown(site: Path, tmp_path: Path) -> None:
    make_airports(tmp_path, version="2.2").install(site)
    more = "INSERT INTO flights VALUES (4, 'ORD', NULL), (5, 'ORD', NULL), (6, 'jfk', NULL);"
    make_flights(tmp_path, schema=FLIGHTS + more).install(site)
    assert check().message == (
        "3 references of flights to rows of airports.airports that are not there, such as "
        "origin='ORD' (built with airports 2.1, here is 2.2)"
    )


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("CREATE TABLE places (faa TEXT PRIMARY KEY);", "dataset airports has no table airports"),
        ("CREATE TABLE airports (iata TEXT PRIMARY KEY);", "airports.airports has no column faa"),
        ("CREATE TABLE airports (faa TEXT);", "(faa) is not a primary or unique key of airports"),
        (
            """CREATE TABLE airports (faa TEXT);
            CREATE UNIQUE INDEX some ON airports (faa) WHERE faa > 'K';""",
            "(faa) is not a primary or unique key of airports",
        ),
    ],
)
def test_what_is_referred_to_must_be_a_key_of_the_other_file(
    site: Path, tmp_path: Path, schema: str, message: str
) -> None:
    make_airports(tmp_path, schema=schema).install(site)
    make_flights(tmp_path).install(site)
    assert check().message.startswith(f"flights (origin): {message}")


@pytest.mark.parametrize(
    "declared",
    [
        "faa TEXT UNIQUE",
        "faa TEXT COLLATE NOCASE, PRIMARY KEY (FAA)",
        "faa TEXT PRIMARY KEY) WITHOUT ROWID; CREATE TABLE other (id INTEGER",
        "faa TEXT); CREATE UNIQUE INDEX every ON airports (faa",
    ],
)
def test_any_key_of_the_other_table_will_do(site: Path, tmp_path: Path, declared: str) -> None:
    schema = f"CREATE TABLE airports ({declared}); INSERT INTO airports VALUES ('EWR'), ('JFK');"
    make_airports(tmp_path, schema=schema).install(site)
    make_flights(tmp_path).install(site)
    assert check().status == "ok", check()


def test_values_are_compared_as_the_other_table_compares_them(site: Path, tmp_path: Path) -> None:
    schema = (
        "CREATE TABLE airports (faa TEXT COLLATE NOCASE PRIMARY KEY);"
        "INSERT INTO airports VALUES ('ewr'), ('jfk');"
    )
    make_airports(tmp_path, schema=schema).install(site)
    make_flights(tmp_path).install(site)
    assert check().status == "ok"


def key_of(*fields: str, **reference: Any) -> dict[str, Any]:
    return {"fields": list(fields), "reference": {**KEY["reference"], **reference}}  # type: ignore[dict-item]


def test_a_key_of_several_columns_leads_somewhere_as_a_whole(site: Path, tmp_path: Path) -> None:
    schema = (
        "CREATE TABLE airports (faa TEXT, gate TEXT, PRIMARY KEY (gate, faa));"
        "INSERT INTO airports VALUES ('JFK', 'A1'), ('EWR', 'B2');"
    )
    make_airports(tmp_path, schema=schema).install(site)
    wheel = make_flights(tmp_path, schema=FLIGHTS + "INSERT INTO flights VALUES (4, 'EWR', 'A1');")
    key = key_of("origin", "gate", fields=["faa", "gate"])
    edit_manifest(wheel, keys=[key], accepts="").install(site)
    assert check().message.startswith("1 reference of flights")
    assert "origin='EWR', gate='A1'" in check().message


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (key_of("origin", "gate"), "it has 2 columns but refers to 1"),
        (key_of("origin", package="main"), "dataset 'main' is not installed"),
        (key_of("origin", resource='air"; --'), "has no table air"),
        (key_of('no"ne'), "no such column"),
    ],
)
def test_a_hostile_key_is_a_finding(
    site: Path, tmp_path: Path, key: dict[str, Any], message: str
) -> None:
    make_airports(tmp_path).install(site)
    edit_manifest(make_flights(tmp_path), keys=[key], accepts="").install(site)
    assert check().status == "failed"
    assert message in check().message


def test_a_wheel_is_not_to_blame_for_what_is_installed_beside_it(
    site: Path, tmp_path: Path
) -> None:
    wheel = make_flights(tmp_path).pack(tmp_path)
    (missing,) = (each for each in verify_wheel(wheel).outcomes if each.code == "V14")
    assert (missing.status, missing.message) == (
        "skipped",
        "datasets that it refers to are not installed here: dataset 'airports' is not installed",
    )
    make_airports(tmp_path).install(site)
    assert verify_wheel(wheel).ok
    assert [each.status for each in verify_wheel(wheel).outcomes if each.code == "V14"] == ["ok"]


def test_a_registered_file_stands_for_the_dataset(site: Path, tmp_path: Path) -> None:
    make_flights(tmp_path).install(site)
    make_airports(tmp_path)
    shutil.copy(tmp_path / "airports" / "airports.db", tmp_path / "mine.db")
    register("airports", tmp_path / "mine.db")
    assert check().status == "ok"


def test_datasets_may_refer_to_each_other(site: Path, tmp_path: Path) -> None:
    airports = make_airports(tmp_path, schema=AIRPORTS + "CREATE TABLE flights (id INTEGER);")
    back = {**KEY, "fields": ["id"], "reference": {**KEY["reference"], "package": "flights"}}  # type: ignore[dict-item]
    edit_manifest(airports, keys=[back], accepts="").install(site)
    make_flights(tmp_path).install(site)
    assert list(find_requirements(dataset("flights"))) == ["airports"]


def test_memory_does_not_grow_with_the_tables(site: Path, tmp_path: Path) -> None:
    numbers = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
    make_airports(
        tmp_path, schema=f"{AIRPORTS}INSERT INTO airports {numbers} SELECT i, i FROM n;"
    ).install(site)
    make_flights(
        tmp_path,
        schema=f"{FLIGHTS}INSERT INTO flights {numbers} SELECT i + 9, i + 1, NULL FROM n;",
    ).install(site)
    tracemalloc.start()
    assert check().message.startswith("1 reference of flights")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        (["airport"], errors.DatasetNotFoundError, "Did you mean 'airports'"),
        (["main"], errors.QueryError, "SQLite keeps this name for itself"),
        (["Temp"], errors.QueryError, "SQLite keeps this name for itself"),
        (["airports", "AIRPORTS"], errors.QueryError, "differ in upper and lower case only"),
        ([f"d{n}" for n in range(11)], errors.QueryError, "too many attached databases"),
    ],
)
def test_what_cannot_be_attached_is_said(
    site: Path, tmp_path: Path, names: list[str], error: type[Exception], words: str
) -> None:
    make_airports(tmp_path).install(site)
    make_flights(tmp_path).install(site)
    for name in ("main", "Temp", "AIRPORTS", *(f"d{n}" for n in range(11))):
        register(name, tmp_path / "airports" / "airports.db")
    with pytest.raises(error, match=words):
        dataset("flights").connect(attach=names)


@pytest.mark.parametrize(
    "attach", ["airports", ["airports"], ("airports", "airports"), ["flights", "airports"]]
)
def test_a_name_alone_or_twice_or_its_own_is_attached(
    site: Path, tmp_path: Path, attach: Any
) -> None:
    make_airports(tmp_path).install(site)
    make_flights(tmp_path).install(site)
    connection = dataset("flights").connect(attach=attach)
    query = "SELECT count(*) FROM flights JOIN airports.airports ON faa = origin"
    assert connection.execute(query).fetchone() == (2,)
    connection.close()
