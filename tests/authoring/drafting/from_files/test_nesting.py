"""Objects within fields are tables that refer to the rows they were in, from draft to refresh."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.drafts import build, check_style

Rows = list[dict[str, Any]]


def make_orders(count: int = 40) -> Rows:
    return [
        {
            "id": n,
            "buyer": {"name": f"N{n}", "age": n},
            "items": [{"sku": f"A{n}-{k}", "price": k + 0.5} for k in range(n % 4)] or None,
            "tags": ["a"],
        }
        for n in range(1, count)
    ]


def write_lines(folder: Path, rows: Rows, name: str = "orders") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def write_array(folder: Path, rows: Rows) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "orders.json").write_text(json.dumps(rows, indent=1), "utf-8")
    return folder


def write_parquet(folder: Path, rows: Rows) -> Path:
    pa = pytest.importorskip("pyarrow")
    folder.mkdir(exist_ok=True)
    table = pa.Table.from_pylist(rows)
    pytest.importorskip("pyarrow.parquet").write_table(table, folder / "orders.parquet")
    return folder


def write_geojson(folder: Path, rows: Rows) -> Path:
    folder.mkdir(exist_ok=True)
    features = [{"type": "Feature", "geometry": None, "properties": row} for row in rows]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "orders.geojson").write_text(text, "utf-8")
    return folder


def ask(project: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(build(project))) as connection:
        return connection.execute(query).fetchall()


ITEMS = "SELECT order_id, position, sku, price FROM orders_items ORDER BY 1, 2"
BUYERS = "SELECT order_id, name, age FROM orders_buyer ORDER BY 1"


@pytest.mark.parametrize("write", [write_lines, write_array, write_parquet, write_geojson])
def test_objects_and_lists_of_objects_are_tables_of_their_own(
    tmp_path: Path, write: Callable[[Path, Rows], Path]
) -> None:
    rows = make_orders()
    drafted = draft_project(tmp_path / "t-data", write(tmp_path / "in", rows))
    assert ask(drafted.path, ITEMS) == [
        (row["id"], at, item["sku"], item["price"])
        for row in rows
        for at, item in enumerate(row["items"] or (), start=1)
    ]
    assert ask(drafted.path, BUYERS) == [
        (row["id"], row["buyer"]["name"], row["buyer"]["age"]) for row in rows
    ]
    [columns] = {tuple(row[1:3]) for row in ask(drafted.path, "SELECT 1, id, tags FROM orders")[:1]}
    assert columns == (1, '["a"]')
    keys = ask(drafted.path, 'SELECT "table", "to" FROM pragma_foreign_key_list(\'orders_items\')')
    assert keys == [("orders", "id")]
    assert "orders: items: its objects are the rows of table orders_items" in drafted.decisions
    assert len([*(drafted.path / "sources").iterdir()]) == 1


@pytest.mark.slow
def test_what_is_written_for_them_has_the_style_of_a_project(tmp_path: Path) -> None:
    drafted = draft_project(tmp_path / "t-data", write_lines(tmp_path / "in", make_orders()))
    check_style(drafted.path, tmp_path / "style")


def test_rows_without_a_key_are_referred_to_by_their_numbers(tmp_path: Path) -> None:
    rows: Rows = [
        {"text": "same", "lines": [{"position": 7 + k, "log_id": "x"} for k in range(2)]}
        for _ in range(30)
    ]
    drafted = draft_project(tmp_path / "t-data", write_lines(tmp_path / "in", rows, "logs"))
    query = "SELECT logs.id, log_id_2, position_2, position, log_id FROM logs JOIN logs_lines AS l "
    found = ask(drafted.path, f"{query} ON logs.id = l.log_id_2")
    assert found == [(n, n, k + 1, 7 + k, "x") for n in range(1, 31) for k in range(2)]


KEPT: dict[str, Rows] = {
    "too few": [{"id": n, "a": [{"b": n}]} for n in range(9)],
    "lists with others": [{"id": n, "a": [{"b": n}, None]} for n in range(30)],
    "lists of lists": [{"id": n, "a": [[{"b": n}]]} for n in range(30)],
    "objects beside lists": [{"id": n, "a": [{"b": n}] if n % 2 else {"b": n}} for n in range(30)],
    "texts of objects": [{"id": n, "a": "{}" if n % 2 else {"b": n}} for n in range(30)],
    "objects beside texts": [{"id": n, "a": {"b": n} if n % 2 else "b"} for n in range(30)],
    "keys that are values": [{"id": n, "a": {f"k{n}": n}} for n in range(30)],
    "empty objects": [{"id": n, "a": {}} for n in range(30)],
    "empty lists": [{"id": n, "a": []} for n in range(30)],
}


@pytest.mark.parametrize("case", KEPT)
def test_what_are_no_records_stays_json(tmp_path: Path, case: str) -> None:
    rows = KEPT[case]
    drafted = draft_project(tmp_path / "t-data", write_lines(tmp_path / "in", rows, "t"))
    texts = [text for (text,) in ask(drafted.path, "SELECT a FROM t")]
    assert [*map(read_back, texts)] == [row["a"] for row in rows]


def read_back(text: str) -> Any:
    """A value as it was, whether its column is JSON or text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_nothing_and_an_empty_list_are_told_apart_in_the_report(tmp_path: Path) -> None:
    rows = make_orders()
    rows[0]["items"] = []
    drafted = draft_project(tmp_path / "t-data", write_lines(tmp_path / "in", rows))
    told = "; null in 9 rows and [] in 1 row both have none there"
    assert (
        f"orders: items: its objects are the rows of table orders_items{told}" in drafted.decisions
    )


def test_a_table_that_is_left_out_stays_json(tmp_path: Path) -> None:
    folder = write_lines(tmp_path / "in", make_orders())
    drafted = draft_project(tmp_path / "t-data", folder, exclude=["orders_items"])
    [(text,)] = ask(drafted.path, "SELECT items FROM orders WHERE id = 1")
    assert json.loads(text) == make_orders()[0]["items"]
    assert len(ask(drafted.path, BUYERS)) == 39
    with pytest.raises(SettingsError, match="No table is called `orders_item`"):
        draft_project(tmp_path / "u-data", folder, exclude=["orders_item"])


def test_nested_tables_are_added_and_refreshed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/birds.csv").write_text("name\ntit\nowl\n")
    project = draft_project(tmp_path / "t-data", tmp_path / "in").path
    add_tables(project, [write_lines(tmp_path / "more", make_orders())])
    before = ask(project, ITEMS)
    news = make_orders(45)
    for row in news:
        row["items"] = [{**item, "sale": True} for item in row["items"] or ()]
    write_lines(tmp_path / "more", news)
    done = refresh_project(project, [tmp_path / "more"], apply=True)
    assert done.is_applied, done.spell()
    assert "  sale: a new column, boolean" in done.report
    assert "orders_items: orders.jsonl, 66 rows, 60 before" in done.report
    assert ask(project, ITEMS)[: len(before)] == before
    assert {row for (row,) in ask(project, "SELECT DISTINCT sale FROM orders_items")} == {1}
    again = refresh_project(project, [tmp_path / "more"], apply=True)
    assert not again.is_new


def test_what_is_no_object_any_more_is_told_with_its_line(tmp_path: Path) -> None:
    rows = make_orders()
    project = draft_project(tmp_path / "t-data", write_lines(tmp_path / "in", rows)).path
    rows[3]["items"] = "none"
    write_lines(project / "sources", rows)
    told = r"orders\.jsonl#items, line 4, field `items`: neither an object nor a list of objects"
    with pytest.raises(SourceError, match=told):
        build(project)
    rows[3]["items"] = None
    for row in rows:
        del row["buyer"]
    write_lines(project / "sources", rows)
    with pytest.raises(SourceError, match="has no field buyer"):
        build(project)
