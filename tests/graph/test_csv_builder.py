"""`graph.sqlite_builder` does what 2.0.0 did, without what was wrong with it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

import microcosm_sqlite.builders.csv
from microcosm_sqlite.builders import CSVBuilder, SQLiteBuilder
from microcosm_sqlite.errors import SourceValueError
from tests.support.garden import (
    Base,
    Bed,
    BedStore,
    Constructed,
    Defaulting,
    Plant,
    Validated,
    Watched,
    read,
)

SEEN = "2020-01-02 03:04:05.000000"


def test_the_names_of_2_0_0_are_there(graph: Any) -> None:
    assert microcosm_sqlite.builders.csv.CSVBuilder is CSVBuilder
    assert isinstance(graph.sqlite_builder, SQLiteBuilder)
    builder = graph.sqlite_builder.csv(Bed, bulk_mode=True, commit_on_insert=True)
    assert builder.bulk() is builder
    assert builder.default(a=1) is builder


def test_rows_of_a_file_become_rows_of_the_table(graph: Any, tmp_path: Path) -> None:
    path = tmp_path / "beds.csv"
    path.write_text("id,name\n2,east\n1,west\n")
    with path.open() as stream:
        graph.sqlite_builder.csv(Bed).build(stream)
    assert read(graph, Bed) == [(1, "west"), (2, "east")]
    with Base.new_context(graph):
        assert [bed.name for bed in BedStore().search()] == ["west", "east"]


@pytest.mark.parametrize("one_by_one", [False, True])
def test_every_type_is_stored_as_the_models_store_it(graph: Any, one_by_one: bool) -> None:
    text = (
        "id,plant_label,height,count,colour,is_old,thorny,planted,seen,photo,unknown\n"
        "1,007,1.5,12,RED,true,yes,2020-01-02,2020-01-02T03:04:05Z,\\xff00,x\n"
        "2,NULL,,,,,,,,,x\n"
    )
    builder = graph.sqlite_builder.csv(Plant, commit_on_insert=one_by_one)
    builder.build(StringIO(text))
    assert read(graph, Plant) == [
        (1, None, "007", 1.5, 12, "RED", 1, 1, "2020-01-02", SEEN, b"\xff\0"),
        (2, None, "NULL", *[None] * 8),
    ]  # fmt: skip


def test_lines_from_anywhere_will_do(graph: Any) -> None:
    graph.sqlite_builder.csv(Bed).build(line for line in ("id,name", "1,west\n", '2,"a\n', 'b"'))
    assert read(graph, Bed) == [(1, "west"), (2, "a\nb")]


def test_a_stream_is_read_from_where_it_stands(graph: Any) -> None:
    stream = StringIO("a comment\nid,name\n1,west\n")
    stream.readline()
    graph.sqlite_builder.csv(Bed).build(stream)
    assert read(graph, Bed) == [(1, "west")]


def test_rows_are_added_to_those_that_are_there_unless_these_are_deleted(graph: Any) -> None:
    graph.sqlite_builder.csv(Bed).build(StringIO("id,name\n1,west\n"))
    graph.sqlite_builder.csv(Bed).build(StringIO("name\neast\n"))
    assert read(graph, Bed) == [(1, "west"), (2, "east")]
    graph.sqlite_builder.csv(Bed, delete_before_load=True).build(StringIO("id,name\n5,south\n"))
    assert read(graph, Bed) == [(5, "south")]


def test_a_failed_load_deletes_nothing(graph: Any) -> None:
    graph.sqlite_builder.csv(Bed).build(StringIO("id,name\n1,west\n"))
    builder = graph.sqlite_builder.csv(Bed, delete_before_load=True)
    with pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: bed\.name"):
        builder.build(StringIO("id,name\n2,east\n3,east\n"))
    with pytest.raises(SourceValueError, match="line 2, column `id`: 'two' is not a whole number"):
        builder.build(StringIO("id,name\ntwo,east\n"))
    assert read(graph, Bed) == [(1, "west")]
    graph.sqlite_builder.csv(Bed).build(StringIO("name\neast\n"))
    assert read(graph, Bed) == [(1, "west"), (2, "east")]


def test_bulk_loads_check_foreign_keys_at_the_end(graph: Any) -> None:
    plants = "id,bed_id,plant_label\n1,1,rose\n"
    pairs = [(Plant, StringIO(plants)), (Bed, StringIO("id,name\n1,west\n"))]
    graph.sqlite_builder.csv(Base).bulk().build(pairs)
    assert read(graph, Plant)[0][:3] == (1, 1, "rose")
    assert read(graph, Bed) == [(1, "west")]


def test_the_error_of_a_bulk_load_is_the_real_one_and_leaves_no_session(graph: Any) -> None:
    plants = "id,bed_id,plant_label\n1,9,rose\n"
    with pytest.raises(IntegrityError, match="FOREIGN KEY constraint failed"):
        graph.sqlite_builder.csv(Base).bulk().build([(Plant, StringIO(plants))])
    with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
        graph.sqlite_builder.csv(Base).bulk().build([(Bed, StringIO("id,name\n1,a\n2,a\n"))])
    assert Base.session is None
    assert read(graph, Plant) == read(graph, Bed) == []


@pytest.mark.parametrize("one_by_one", [False, True])
def test_defaults_keep_their_value_even_zero_and_empty_text(graph: Any, one_by_one: bool) -> None:
    builder = graph.sqlite_builder.csv(Plant, commit_on_insert=one_by_one)
    builder.default(count=0, is_old=False, plant_label="", nothing=1)
    builder.build(StringIO("id,height\n1,\n"))
    ((_, _, label, height, count, _, is_old, *_),) = read(graph, Plant)
    assert (label, height, count, is_old) == ("", None, 0, 0)


def test_the_header_goes_before_a_default(graph: Any) -> None:
    builder = graph.sqlite_builder.csv(Plant).default(count=5)
    builder.build(StringIO("id,plant_label,count\n1,rose,\n2,oak,3\n"))
    assert [row[4] for row in read(graph, Plant)] == [None, 3]


def test_short_rows_end_in_null_and_long_ones_are_cut(graph: Any) -> None:
    graph.sqlite_builder.csv(Plant).build(StringIO("id,plant_label,count\n1,rose\n2,oak,3,4\n\n"))
    assert [(row[0], row[2], row[4]) for row in read(graph, Plant)] == [
        (1, "rose", None),
        (2, "oak", 3),
    ]


def test_rows_committed_one_by_one_stay_when_a_later_one_fails(graph: Any) -> None:
    builder = graph.sqlite_builder.csv(Bed, commit_on_insert=True)
    with pytest.raises(IntegrityError):
        builder.build(StringIO("id,name\n1,west\n2,west\n"))
    assert read(graph, Bed) == [(1, "west")]


def test_code_of_the_models_runs_for_each_row(graph: Any) -> None:
    build = graph.sqlite_builder.csv
    build(Validated).build(StringIO("id,name,day\n1,rose,2020-01-02\n"))
    build(Constructed).build(StringIO("id,name\n1,rose\n"))
    build(Watched).build(StringIO("id,name\n1,rose\n"))
    assert read(graph, Validated) == [(1, "ROSE", "2020-01-02")]
    assert read(graph, Constructed) == [(1, "rose!")]
    assert read(graph, Watched) == [(1, "rose, watched")]


def test_defaults_of_the_models_work_as_they_do_for_instances(graph: Any) -> None:
    build = graph.sqlite_builder.csv
    build(Defaulting).build(StringIO("id,name\n1,\n2,me\n"))
    build(Defaulting).build(StringIO("id,serial,fixed\n3,1,2\n"))
    build(Defaulting).default(serial=9).build(StringIO("id\n4\n"))
    assert read(graph, Defaulting) == [
        (1, "nobody", 42, 7),
        (2, "me", 42, 7),
        (3, "nobody", 1, 2),
        (4, "nobody", 9, 7),
    ]


@pytest.mark.parametrize("model", [Plant, Validated])
def test_a_wrong_value_is_told_with_line_column_and_value(graph: Any, model: Any) -> None:
    column = "planted" if model is Plant else "day"
    with pytest.raises(SourceValueError) as raised:
        graph.sqlite_builder.csv(model).build(StringIO(f"id,{column}\n1,\n2,soon\n"))
    error = raised.value
    assert (error.file, error.line, error.column, error.value) == (
        "the CSV input", 3, column, "soon",
    )  # fmt: skip
    assert read(graph, model) == []


def test_the_shortcut_is_taken_where_nobody_can_tell(graph: Any) -> None:
    from microcosm_sqlite.graph.csv_builder import can_skip_instances

    with Base.new_context(graph) as context:
        taken = {
            model.__name__: can_skip_instances(model, {"id", "name"}, context.session)
            for model in (Bed, Plant, Validated, Constructed, Watched, Defaulting)
        }
    assert taken == {
        "Bed": True,
        "Plant": True,
        "Validated": False,
        "Constructed": False,
        "Watched": False,
        "Defaulting": False,
    }
