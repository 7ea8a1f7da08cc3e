"""`graph.sqlite_dumper` writes what `graph.sqlite_builder` reads back."""

from __future__ import annotations

from datetime import date, datetime
from io import StringIO
from typing import Any

import pytest

import microcosm_sqlite.dumpers.csv
from microcosm_sqlite.dumpers import CSVDumper, SQLiteDumper
from tests.support.garden import Base, Bed, BedStore, Colour, Plant, PlantStore, read


def dump(dumper: CSVDumper, **options: Any) -> list[str]:
    stream = StringIO()
    dumper.dump(stream, **options)
    return stream.getvalue().splitlines()


def fill(graph: Any, *beds: tuple[int, str]) -> None:
    with Base.new_context(graph) as context:
        for id_, name in beds:
            BedStore().create(Bed(id=id_, name=name))
        context.commit()


def test_the_names_of_2_0_0_are_there(graph: Any) -> None:
    assert microcosm_sqlite.dumpers.csv.CSVDumper is CSVDumper
    assert isinstance(graph.sqlite_dumper, SQLiteDumper)


def test_columns_come_in_the_order_of_the_model_and_rows_by_key(graph: Any) -> None:
    fill(graph, (2, "east"), (1, "west"))
    dumper = graph.sqlite_dumper.csv(PlantStore())
    assert dump(dumper)[0].split(",") == [
        "id", "bed_id", "label", "height", "count", "colour", "is_old", "thorny",
        "planted", "seen", "photo",
    ]  # fmt: skip
    assert dump(graph.sqlite_dumper.csv(BedStore())) == ["id,name", "1,west", "2,east"]
    assert dump(graph.sqlite_dumper.csv(PlantStore(), model_cls=Bed)) == [
        "id,name",
        "1,west",
        "2,east",
    ]


def test_items_fields_and_header_can_be_chosen(graph: Any) -> None:
    fill(graph, (1, "west"))
    dumper = graph.sqlite_dumper.csv(BedStore())
    items = [Bed(id=7, name="south")]
    assert dump(dumper, items=items) == ["id,name", "7,south"]
    assert dump(dumper, field_names=["name"], extras_action="ignore") == ["name", "west"]
    assert dump(dumper, custom_header={"id": "Number", "name": "Name"}) == ["Number,Name", "1,west"]
    with pytest.raises(ValueError, match="not in fieldnames"):
        dump(dumper, field_names=["name"])


def test_defaults_fill_what_items_have_no_value_for(graph: Any) -> None:
    fill(graph, (1, "west"))
    dumper = graph.sqlite_dumper.csv(BedStore()).default(source="me", name="unused")
    assert dump(dumper, field_names=["id", "name", "source"]) == ["id,name,source", "1,west,me"]
    dumper = graph.sqlite_dumper.csv(PlantStore()).default(count=0)
    assert dump(dumper, items=[Plant(id=1, label="a")])[1] == "1,,a,,0,,,,,,"


def test_rows_of_the_open_context_are_seen_before_they_are_committed(graph: Any) -> None:
    with Base.new_context(graph):
        BedStore().create(Bed(id=3, name="north"))
        assert dump(graph.sqlite_dumper.csv(BedStore())) == ["id,name", "3,north"]
    assert dump(graph.sqlite_dumper.csv(BedStore())) == ["id,name"]


def test_what_is_dumped_is_built_again_as_it_was(graph: Any) -> None:
    fill(graph, (1, "west"))
    with Base.new_context(graph) as context:
        store = PlantStore()
        store.create(
            Plant(id=1, bed_id=1, label="a,\n\"b'", height=0.1, count=0, colour=Colour.BLUE,
                  is_old=True, thorny=False, planted=date(2020, 1, 2),
                  seen=datetime(2020, 1, 2, 3, 4, 5, 6), photo=b"\x00\xff")
        )  # fmt: skip
        store.create(Plant(id=2, label="", colour=None))
        context.commit()
    before = read(graph, Plant)
    stream = StringIO(newline="")
    graph.sqlite_dumper.csv(PlantStore()).dump(stream)
    stream = StringIO(stream.getvalue().replace("label", "plant_label", 1), newline="")
    graph.sqlite_builder.csv(Plant, delete_before_load=True).build(stream)
    assert read(graph, Plant) == before
