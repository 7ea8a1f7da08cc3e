"""Stores: queries and writes on one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Query, mapped_column

from microcosm_sqlite.dataset import DataSet
from microcosm_sqlite.errors import (
    DuplicateModelError,
    ModelIntegrityError,
    ModelNotFoundError,
    MultipleModelsFoundError,
)
from microcosm_sqlite.stores import GetOrCreateSession, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Library(DataSet, name="library"):
    """Books."""


class Book(Library):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(unique=True)
    author: Mapped[str]
    year: Mapped[int | None] = mapped_column(CheckConstraint("year > 1400", name="year"))


BOOKS = [
    Book(id=1, title="Emma", author="Austen", year=1815),
    Book(id=2, title="Persuasion", author="Austen", year=1817),
    Book(id=3, title="Ulysses", author="Joyce", year=1922),
    Book(id=4, title="Nameless", author="Anon", year=None),
]


class BookStore(Store[Book]):
    pass


class OldBookStore(Store):
    auto_filter_fields = (Book.author, Book.year)

    @property
    def model_class(self) -> type[Book]:
        return Book

    def _order_by(self, query: Query[Book], **kwargs: Any) -> Query[Book]:
        return query.order_by(Book.title.desc())


class PickyStore(Store):
    model_class = Book

    def _filter(self, query: Query[Book], after: int | None = None, **kwargs: Any) -> Query[Book]:
        if after is not None:
            query = query.filter(Book.year > after)
        return super()._filter(query, **kwargs)


@pytest.fixture(autouse=True)
def context(make_graph: Callable[..., Any]) -> Iterator[Any]:
    graph = make_graph()
    Book.create_all(graph)
    with Book.new_context(graph) as context:
        context.session.add_all(
            Book(id=book.id, title=book.title, author=book.author, year=book.year) for book in BOOKS
        )
        context.commit()
        yield context


def titles(books: list[Book]) -> list[str]:
    return [book.title for book in books]


@pytest.mark.parametrize("store_class", [BookStore, OldBookStore, PickyStore])
def test_the_model_is_named_by_type_argument_property_or_attribute(store_class: Any) -> None:
    assert store_class().model_class is Book
    assert store_class().count() == 4


def test_a_store_without_a_model_cannot_be_made() -> None:
    class Nothing(Store[Any]):
        pass

    with pytest.raises(TypeError, match=r"class Nothing\(Store\[Model\]\)"):
        Nothing()


def test_keywords_filter_by_any_column_where_none_are_declared() -> None:
    assert titles(BookStore().search(author="Austen", year=1817)) == ["Persuasion"]


def test_a_keyword_that_is_none_does_not_filter() -> None:
    assert BookStore().count(author="Austen", year=None) == 2


def test_declared_fields_filter_and_others_are_left_to_hooks() -> None:
    store = OldBookStore()
    assert titles(store.search(author="Austen", title="Emma")) == ["Persuasion", "Emma"]
    assert store.count(year=1922) == 1


def test_hooks_decide_what_keywords_mean() -> None:
    assert titles(PickyStore().search(after=1816)) == ["Persuasion", "Ulysses"]


def test_expressions_and_keywords_add_up() -> None:
    store = BookStore()
    assert titles(store.search(Book.year > 1815, Book.title.like("P%"), author="Austen")) == [
        "Persuasion"
    ]
    assert store.count(Book.year.is_(None)) == 1
    assert store.exists(Book.year < 1500) is False
    assert store.exists(author="Joyce") is True


def test_search_pages_in_the_order_of_the_store() -> None:
    store = OldBookStore()
    assert titles(store.search()) == ["Ulysses", "Persuasion", "Nameless", "Emma"]
    assert titles(store.search(offset=1, limit=2)) == ["Persuasion", "Nameless"]
    assert titles(store.search(1, 2)) == ["Persuasion", "Nameless"]
    assert titles(store.search(offset=3)) == ["Emma"]
    assert store.first(offset=2).title == "Nameless"
    assert store.first(2).title == "Nameless"


def test_first_is_a_match_or_none() -> None:
    assert OldBookStore().first(author="Austen").title == "Persuasion"
    assert OldBookStore().first(author="Nobody") is None
    assert OldBookStore().search_first(author="Joyce").title == "Ulysses"


def test_one_is_the_only_match() -> None:
    assert BookStore().one(id=3).author == "Joyce"
    assert BookStore().one_or_none(id=9) is None


def test_an_error_says_model_data_set_and_criteria() -> None:
    store = BookStore()
    with pytest.raises(ModelNotFoundError, match=r"No Book .*library.* has id=9") as missing:
        store.one(id=9)
    assert missing.value.status_code == 404
    with pytest.raises(MultipleModelsFoundError, match=r"Several Book.*book\.year > .*author='Aus"):
        store.one(Book.year > 1800, author="Austen")
    with pytest.raises(MultipleModelsFoundError):
        store.one_or_none(author="Austen")


def test_create_adds_and_delete_removes() -> None:
    store = BookStore()
    book = store.create(Book(id=5, title="Dubliners", author="Joyce"))
    assert store.one(id=5) is book
    assert store.delete(author="Joyce") is True
    assert store.count() == 3
    with pytest.raises(ModelNotFoundError, match="author='Joyce'"):
        store.delete(author="Joyce")


class Elsewhere(DataSet, name="elsewhere"):
    """Another dataset."""


class Visitor(Elsewhere):
    __tablename__ = "visitors"
    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.mark.parametrize("wrong", [{"id": 1}, None, Book, "Emma", Visitor(id=1)])
def test_what_is_no_row_of_the_dataset_is_not_stored(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"A store of Book takes an instance .* dataset 'library'"):
        BookStore().create(wrong)
    assert BookStore().count() == 4


@pytest.mark.parametrize("key", [{"id": 1, "title": "x"}, {"id": 9, "title": "Emma"}])
def test_a_repeated_key_is_a_duplicate(key: dict[str, Any]) -> None:
    with pytest.raises(DuplicateModelError, match=r"Book in dataset 'library': UNIQUE") as error:
        BookStore().create(Book(author="x", **key))
    assert error.value.status_code == 409
    assert BookStore().count() == 4


@pytest.mark.parametrize(
    "columns",
    [{"title": "x", "author": None}, {"title": "UNIQUE constraint", "author": "x", "year": 1}],
)
def test_another_broken_constraint_is_no_duplicate(columns: dict[str, Any]) -> None:
    with pytest.raises(ModelIntegrityError) as error:
        BookStore().create(Book(**columns))
    assert type(error.value) is ModelIntegrityError
    assert error.value.__cause__ is not None


def test_flushing_translates_errors_of_other_writes() -> None:
    store = BookStore()
    with pytest.raises(DuplicateModelError), store.flushing():
        store.session.add(Book(id=1, title="x", author="x"))


def test_sessions_come_from_the_function_that_the_store_was_given(context: Any) -> None:
    seen: list[Any] = []

    def give(store: Store[Any]) -> Any:
        seen.append(store)
        return context.session

    store = BookStore(give)
    assert store.count() == 4
    assert seen[0] is store
    assert GetOrCreateSession(context.graph)(store) is context.session


@pytest.mark.parametrize(
    "search",
    [
        lambda store, criterion: store.count(criterion),
        lambda store, criterion: store.exists(criterion),
        lambda store, criterion: store.first(criterion),
        lambda store, criterion: store.one_or_none(criterion),
        lambda store, criterion: store.search(Book.id == 1, criterion),
        lambda store, criterion: list(store.stream(criterion)),
        lambda store, criterion: list(store.rows("id", where=criterion)),
        lambda store, criterion: store.page(criterion),
        lambda store, criterion: store.delete(criterion),
    ],
    ids=["count", "exists", "first", "one", "search", "stream", "rows", "page", "delete"],
)
def test_what_python_has_compared_is_no_criterion(
    search: Callable[[Store[Book], Any], Any],
) -> None:
    for criterion in (Book.year is None, Book.year is not None):
        with pytest.raises(TypeError, match=rf"not {criterion}: Python compares by `is`"):
            search(BookStore(), criterion)
    assert BookStore().count() == len(BOOKS)


def test_an_offset_and_a_limit_are_taken_by_position_as_in_2_0_0() -> None:
    assert [book.id for book in BookStore().search(1, 2)] == [2, 3]
    assert len(BookStore().search(0)) == len(BookStore().search(None, None)) == len(BOOKS)
