"""Where this project differs from 2.0.0 on purpose: each check fails there and passes here.

Each docstring gives the reason in a line.
"""
# ruff: noqa: PT017

from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy import Column, Integer, String

from microcosm_sqlite import DataSet, Store

Base = DataSet.create("box")


class Thing(Base):
    __tablename__ = "thing"

    id = Column(Integer, primary_key=True)
    name = Column(String)


class Lid(Base):
    __tablename__ = "lid"

    id = Column(Integer, primary_key=True)


class ThingStore(Store):
    model_class = Thing


def make_context(folder):
    config = {"paths": {"box": str(folder / "box.db")}}
    graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=config))
    Thing.recreate_all(graph)
    context = Thing.new_context(graph).open()
    context.session.add_all([Thing(id=1, name="a"), Thing(id=2, name="b")])
    context.commit()
    return context


def check_keywords_filter_where_no_fields_are_declared(folder):
    """A filter that is ignored returns every row, or deletes it."""
    make_context(folder)
    assert [thing.id for thing in ThingStore().search(name="b")] == [2]


def check_a_keyword_that_is_no_column_is_refused(folder):
    """The same, for a slip of the pen."""
    make_context(folder)
    for call in (ThingStore().search, ThingStore().delete):
        try:
            call(nmae="b")
        except TypeError:
            continue
        raise AssertionError
    assert ThingStore().count() == 2


def check_a_keyword_that_is_none_of_the_declared_fields_is_refused(folder):
    """The same, where the store declares the fields that it filters by."""

    class NamedStore(ThingStore):
        auto_filter_fields = (Thing.name,)

    make_context(folder)
    for call in (NamedStore().search, NamedStore().count, NamedStore().delete):
        try:
            call(nmae="b")
        except TypeError as error:
            assert "'name'" in str(error)
            continue
        raise AssertionError
    assert ThingStore().count() == 2


def check_a_criterion_on_a_table_that_nothing_relates_is_refused(folder):
    """SQL pairs each row with each of the other table: every row is found, or none."""
    context = make_context(folder)
    context.session.add(Lid(id=1))
    context.commit()
    try:
        ThingStore().search(Lid.id == 1)
    except TypeError as error:
        assert "Lid" in str(error)
    else:
        raise AssertionError


def check_delete_needs_something_that_chooses_rows(folder):
    """A value that happens to be None must not empty a table."""
    make_context(folder)
    for criteria in ({"name": None}, {}):
        try:
            ThingStore().delete(**criteria)
        except ValueError:
            continue
        raise AssertionError
    assert ThingStore().count() == 2


def check_a_write_that_nobody_would_commit_is_refused(folder):
    """A store outside of contexts answers with success, and the row is never written."""
    from microcosm_sqlite.errors import DatasetError

    make_context(folder).close()
    try:
        ThingStore().create(Thing(id=3))
    except DatasetError as error:
        assert "context" in str(error)
    else:
        raise AssertionError


def check_disposing_of_connections_leaves_other_data_sets_alone(folder):
    """An engine that was never asked for need not be made in order to be disposed of."""
    from microcosm_sqlite import dispose_sqlite_connections

    context = make_context(folder)
    DataSet.create("never_used")
    dispose_sqlite_connections(context.graph)
    assert "never_used" not in context.graph.sqlite.datasets


def check_a_context_holds_on_to_its_own_session(folder):
    """Committing one context must not commit another that was opened later."""
    outer = make_context(folder)
    mine = outer.session
    with Thing.new_context(outer.graph):
        assert outer.session is mine


def check_a_missing_model_is_told_when_a_store_is_made(folder):
    """The error says how to name one."""

    class Empty(Store):
        pass

    try:
        Empty()
    except TypeError as error:
        assert "Store[Model]" in str(error)


def check_an_unusable_file_is_an_error_of_ours(folder):
    """SQLite says "unable to open database file" for a dozen causes."""
    from microcosm_sqlite.errors import SQLiteError

    config = {"paths": {"box": str(folder / "none" / "box.db")}}
    graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=config))
    try:
        Thing.create_all(graph)
    except SQLiteError as error:
        assert "folder" in str(error)
