"""New editions are matched to sources by the names of tables, sources and upstream."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.project.source_options import Nested
from microcosm_sqlite.authoring.sources.matching import find_parts, match_editions
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.errors import SettingsError

INSIDE = Nested(table="orders", field="items", row="order_id")
ORDERS = SourceFile(Path("sources/orders.jsonl"), "sources/orders.jsonl", "jsonl")
ITEMS = SourceFile(ORDERS.path, "sources/orders.jsonl#items", "jsonl", nested=INSIDE)
SOURCES = {
    "orders": (ORDERS,),
    "orders_items": (ITEMS,),
    "flights": tuple(
        SourceFile(Path(f"sources/flights/{n}.csv"), f"sources/flights/{n}.csv", "csv")
        for n in (1, 2)
    ),
}
UPSTREAM = {"orders": "all-orders.jsonl", "flights": "Flights of the year"}


@pytest.mark.parametrize("name", ["orders.jsonl", "all-orders.jsonl", "orders.json"])
def test_a_file_is_for_all_tables_that_are_made_of_it(name: str) -> None:
    [found] = match_editions([Path(name)], SOURCES, UPSTREAM)
    assert found == (Path(name), ["orders", "orders_items"], ORDERS)


def test_what_is_called_otherwise_is_for_none_and_two_for_one_are_refused() -> None:
    assert [*match_editions([Path("order.csv")], SOURCES, {})] == [(Path("order.csv"), [], None)]
    files = [Path("orders.jsonl"), Path("all-orders.jsonl")]
    with pytest.raises(SettingsError, match=r"are both for orders\.jsonl"):
        list(match_editions(files, SOURCES, UPSTREAM))


@pytest.mark.parametrize(
    ("name", "table"),
    [("flights", "flights"), ("Flights of the year", "flights"), ("orders", ""), ("trips", "")],
)
def test_a_folder_has_the_parts_of_the_table_that_is_called_so(name: str, table: str) -> None:
    assert find_parts(Path(name), SOURCES, UPSTREAM) == table
