"""What public functions say of arguments of a wrong type, or that are empty, in one table."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy.orm import Mapped, mapped_column, relationship

import microcosm_sqlite
from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.aio import AsyncSessionContext, AsyncStore
from microcosm_sqlite.common.arguments import read_number
from microcosm_sqlite.errors import DatasetError
from microcosm_sqlite.interop.reader import split_scan
from microcosm_sqlite.interop.scan import plan_scan

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[["Subjects"], Any]


class Library(DataSet, name="library"):
    """Books."""


class Book(Library):
    """A book, of which another may be a translation."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    origin_id: Mapped[int | None]
    translations = relationship(
        "Book", primaryjoin="foreign(Book.origin_id) == Book.id", viewonly=True
    )


class BookStore(Store[Book]):
    """Books, prepared or through SQLAlchemy's query."""


class Subjects:
    """A registered dataset of three books, and stores of them."""

    def __init__(self, path: Path) -> None:
        graph = create_object_graph(
            "library", testing=True, loader=load_from_dict(sqlite={"paths": {"library": str(path)}})
        )
        graph.use("sqlite")
        Library.create_all(graph)
        with SessionContext(graph, Book) as context:
            for title in ("Emma", "Heidi", "Momo"):
                BookStore(graph).create(Book(title=title))
            context.commit()
        Library.dispose(graph)
        self.graph = graph
        self.dataset = microcosm_sqlite.register("library", path)
        self.store = BookStore()


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subjects]:
    """One library for all calls, since none of them changes it."""
    made = Subjects(tmp_path_factory.mktemp("library") / "library.db")
    yield made
    microcosm_sqlite.unregister("library")


NO_GRAPH = "An object graph is expected, or None for installed datasets, not 'x'."
NO_MODEL = "A context takes an object graph or None, then a model or its base, not "
NO_STORE = "AsyncStore takes a store, such as AsyncStore(FlightStore()), not "
NO_STORE_GRAPH = (
    "A store takes an object graph, or a function that gives a session, or nothing for installed "
    "datasets, not "
)
NO_AFTER = "after must be the `after` of the page before, a tuple of id, not "
NO_BY = "by must be a list of attributes, such as [Book.id], not "
NOT_OPEN = "This context is not open, and so has no session. Enter it first: "
NO_PARAMS = "params must be a list of values, or a mapping of names to values, not "

CALLS: dict[str, tuple[Call, str]] = {
    # The names and paths of datasets.
    "dataset(None)": (
        lambda _: microcosm_sqlite.dataset(None),  # type: ignore[arg-type]
        "The name of a dataset is a string, not None.",
    ),
    "register(None)": (
        lambda _: microcosm_sqlite.register(None, "x.db"),  # type: ignore[arg-type]
        "The name of a dataset is a string, not None.",
    ),
    "register('')": (
        lambda _: microcosm_sqlite.register("", "x.db"),
        "The name of a dataset cannot be empty: ''.",
    ),
    "register(path='')": (
        lambda _: microcosm_sqlite.register("mine", ""),
        "A path cannot be empty.",
    ),
    "register(path=None)": (
        lambda _: microcosm_sqlite.register("mine", None),
        "a path must be a string, a path or a resource, not None",
    ),
    "DataSet.create('')": (
        lambda _: DataSet.create(""),
        "The name of a dataset cannot be empty: ''.",
    ),
    "DataSet.create(' ')": (
        lambda _: DataSet.create(" "),
        "The name of a dataset cannot be empty: ' '.",
    ),
    "DataSet.create(5)": (
        lambda _: DataSet.create(5),  # type: ignore[arg-type]
        "The name of a dataset is a string, not 5.",
    ),
    "class (name='')": (
        lambda _: type(DataSet)("Mine", (DataSet,), {}, name=""),
        "The name of a dataset cannot be empty: ''.",
    ),
    "class (name=None)": (
        lambda _: type(DataSet)("Mine", (DataSet,), {}, name=None),
        "The name of a dataset is a string, not None.",
    ),
    # Graphs, models and stores.
    "SessionContext(None, int)": (
        lambda _: SessionContext(None, int),  # type: ignore[arg-type]
        f"{NO_MODEL}<class 'int'>.",
    ),
    "SessionContext(None, 'library')": (
        lambda _: SessionContext(None, "library"),  # type: ignore[arg-type]
        f"{NO_MODEL}'library'.",
    ),
    "SessionContext(Book, None)": (
        lambda _: SessionContext(Book, None),  # type: ignore[arg-type]
        f"{NO_MODEL}None.",
    ),
    "SessionContext(None, a path)": (
        lambda _: SessionContext(None, Path("x.db")),  # type: ignore[arg-type]
        f"{NO_MODEL}{Path('x.db')!r}.",
    ),
    "SessionContext(None, an installed dataset)": (
        lambda on: SessionContext(None, on.dataset),  # type: ignore[arg-type]
        f"{NO_MODEL}<InstalledDataset library registered>.",
    ),
    "SessionContext('x', Book)": (lambda _: SessionContext("x", Book).open(), NO_GRAPH),
    "SessionContext.lock, not open": (
        lambda _: SessionContext(None, Book).lock(),
        f"{NOT_OPEN}`with context:`, or `async with context:`.",
    ),
    "AsyncSessionContext(None, int)": (
        lambda _: AsyncSessionContext(None, int),  # type: ignore[arg-type]
        f"{NO_MODEL}<class 'int'>.",
    ),
    "AsyncSessionContext('x', Book)": (lambda _: AsyncSessionContext("x", Book).open(), NO_GRAPH),
    "AsyncSessionContext.lock, not open": (
        lambda _: AsyncSessionContext(None, Book).lock(),
        f"{NOT_OPEN}`with context:`, or `async with context:`.",
    ),
    "new_session('x')": (lambda _: Book.new_session("x"), NO_GRAPH),
    "create_all('x')": (lambda _: Book.create_all("x"), NO_GRAPH),
    "dispose_sqlite_connections('x')": (
        lambda _: microcosm_sqlite.dispose_sqlite_connections("x"),
        NO_GRAPH,
    ),
    "Store(None)": (
        lambda _: BookStore(None),  # type: ignore[arg-type]
        f"{NO_STORE_GRAPH}None.",
    ),
    "Store('x')": (
        lambda _: BookStore("x"),  # type: ignore[arg-type]
        f"{NO_STORE_GRAPH}'x'.",
    ),
    "Store[int]": (
        lambda _: Store[int],  # type: ignore[type-var]
        "A store is of a model, not of int: Store[Model].",
    ),
    "Store[Library]": (
        lambda _: Store[Library]().count(),
        "Library is not a model: it has no table. Name a subclass that has one.",
    ),
    "Store[Library], by key": (
        lambda _: Store[Library]().get(1),
        "Library is not a model: it has no table. Name a subclass that has one.",
    ),
    "AsyncStore(a class)": (
        lambda _: AsyncStore(BookStore),  # type: ignore[arg-type]
        f"{NO_STORE}{BookStore!r}.",
    ),
    "AsyncStore(a model)": (
        lambda _: AsyncStore(Book),  # type: ignore[arg-type]
        f"{NO_STORE}{Book!r}.",
    ),
    "AsyncStore(None)": (
        lambda _: AsyncStore(None),  # type: ignore[arg-type]
        f"{NO_STORE}None.",
    ),
    "AsyncStore(graph='x')": (lambda on: AsyncStore(on.store, "x").count(), NO_GRAPH),
    # Frames.
    "arrow(table=[])": (
        lambda on: on.dataset.arrow([]),
        "Dataset 'library': a table is given by its name, a string, not as []. Its tables: books.",
    ),
    "dataset[None]": (
        lambda on: on.dataset[None],
        (
            "Dataset 'library': a table is given by its name, a string, not as None. "
            "Its tables: books."
        ),
    ),
    "arrow(columns=5)": (
        lambda on: on.dataset.arrow("books", columns=5),
        "columns must be a list of names, not 5",
    ),
    "arrow(columns='title')": (
        lambda on: on.dataset.arrow("books", columns="title"),
        "columns must be a list of names, not the string 'title'",
    ),
    "arrow(limit='x')": (
        lambda on: on.dataset.arrow("books", limit="x"),
        "limit must be the number of rows to read at most, not 'x'",
    ),
    "arrow(params='Emma')": (
        lambda on: on.dataset.arrow("books", where="title = ?", params="Emma"),
        f"{NO_PARAMS}'Emma'.",
    ),
    "arrow(params=5)": (
        lambda on: on.dataset.arrow("books", where="id = ?", params=5),
        f"{NO_PARAMS}5.",
    ),
    "arrow(params=0)": (
        lambda on: on.dataset.arrow("books", where="id = ?", params=0),
        f"{NO_PARAMS}0.",
    ),
    "describe(params='Emma')": (
        lambda on: on.dataset.describe("books", where="title = ?", params="Emma"),
        f"{NO_PARAMS}'Emma'.",
    ),
    "sql(params='Emma')": (
        lambda on: on.dataset.sql("SELECT 1 FROM books WHERE title = ?", "Emma"),
        f"{NO_PARAMS}'Emma'.",
    ),
    "sql(5)": (lambda on: on.dataset.sql(5), "A statement of SQL is a string, not 5."),
    "sql(attach=5)": (
        lambda on: on.dataset.sql("SELECT 1", attach=5),
        "attach must be a list of names, not 5",
    ),
    "connect(attach=5)": (
        lambda on: on.dataset.connect(attach=5),
        "attach must be a list of names, not 5",
    ),
    "columnar(tables='books')": (
        lambda on: on.dataset.columnar(tables="books"),
        "tables must be a list of names, not the string 'books'",
    ),
    "arrow(batch_size=0)": (
        lambda on: on.dataset.arrow("books", batch_size=0),
        "batch_size must be at least 1, not 0.",
    ),
    "arrow(batch_size='x')": (
        lambda on: on.dataset.arrow("books", batch_size="x"),
        "batch_size must be a whole number, not 'x'.",
    ),
    "dask(npartitions=0)": (
        lambda on: on.dataset.dask("books", npartitions=0),
        "npartitions must be at least 1, not 0.",
    ),
    "dask(npartitions=1.5)": (
        lambda on: on.dataset.dask("books", npartitions=1.5),
        "npartitions must be a whole number, not 1.5.",
    ),
    "Spark's option partitions": (
        lambda on: split_scan(
            plan_scan(on.dataset, "books"), read_number("partitions", "0"), "partitions"
        ),
        "partitions must be at least 1, not 0.",
    ),
    "pandas(dtype_backend=[])": (
        lambda on: on.dataset.pandas("books", dtype_backend=[]),
        "dtype_backend must be one of numpy, numpy_nullable, pyarrow, not []",
    ),
    "duckdb(connection='file.db')": (
        lambda on: on.dataset.duckdb("books", connection="file.db"),
        "connection must be one of DuckDB's, such as duckdb.connect(), not 'file.db'.",
    ),
}

METHODS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "page(after='x')": (lambda store: store.page(after="x"), f"{NO_AFTER}'x'."),
    "page(after=b'x')": (lambda store: store.page(after=b"x"), f"{NO_AFTER}b'x'."),
    "page(after=5)": (lambda store: store.page(after=5), f"{NO_AFTER}5."),
    "page(after={})": (lambda store: store.page(after={}), f"{NO_AFTER}{{}}."),
    "page(after=())": (
        lambda store: store.page(after=()),
        "after must have one value for each of id, not ().",
    ),
    "page(by='title')": (lambda store: store.page(by="title"), f"{NO_BY}title;"),
    "page(by='')": (lambda store: store.page(by=""), f"{NO_BY};"),
    "page(by=['title'])": (lambda store: store.page(by=["title"]), f"{NO_BY}['title'];"),
    "page(by=an attribute)": (lambda store: store.page(by=Book.title), f"{NO_BY}Book.title;"),
    "page(by=[descending])": (
        lambda store: store.page(by=[Book.title.desc()]),
        "descending=True reverses the order.",
    ),
    "page(by=[a relationship])": (
        lambda store: store.page(by=[Book.translations]),
        f"{NO_BY}",
    ),
    "page(by=None)": (lambda store: store.page(by=None), f"{NO_BY}None;"),
    "page(size='x')": (lambda store: store.page(size="x"), "size must be a whole number, not 'x'."),
    "page(size=1.5)": (lambda store: store.page(size=1.5), "size must be a whole number, not 1.5."),
    "page(size=0)": (lambda store: store.page(size=0), "size must be at least 1, not 0."),
    "search(limit='x')": (
        lambda store: store.search(limit="x"),
        "limit must be a whole number, not 'x'.",
    ),
    "search(limit=1.5)": (
        lambda store: store.search(limit=1.5),
        "limit must be a whole number, not 1.5.",
    ),
    "search(offset=[])": (
        lambda store: store.search(offset=[]),
        "offset must be a whole number, not [].",
    ),
    "search(a criterion, limit='x')": (
        lambda store: store.search(Book.id > 1, limit="x"),
        "limit must be a whole number, not 'x'.",
    ),
    "rows(limit='x')": (
        lambda store: store.rows("title", limit="x"),
        "limit must be a whole number, not 'x'.",
    ),
    "rows(5)": (
        lambda store: store.rows(5),
        "A column is given by its name or as an attribute, each by itself, not as 5.",
    ),
    "rows(['id', 'title'])": (
        lambda store: store.rows(["id", "title"]),
        "A column is given by its name or as an attribute, each by itself, not as ['id', 'title'].",
    ),
    "get(['x'])": (lambda store: store.get([1]), "Book: a key is a value, or a tuple of values"),
    "retrieve({})": (lambda store: store.retrieve({}), "Book: a key is a value, or a tuple of"),
    "stream(batch_size=0)": (
        lambda store: store.stream(batch_size=0),
        "batch_size must be at least 1, not 0.",
    ),
    "stream(batch_size=None)": (
        lambda store: store.stream(batch_size=None),
        "batch_size must be a whole number, not None.",
    ),
    "match(5)": (
        lambda store: store.match(5),
        "The words to search for must be a string, not 5.",
    ),
}


def use(answer: Any) -> Any:
    """Read what a call gives, and so everything that it does."""
    if isinstance(answer, AsyncIterator):
        return asyncio.run(_read(answer))
    if asyncio.iscoroutine(answer):
        return asyncio.run(answer)
    return list(answer) if isinstance(answer, Iterator) else answer


async def _read(answer: AsyncIterator[Any]) -> list[Any]:
    return [each async for each in answer]


@pytest.mark.parametrize("call", CALLS)
def test_an_argument_that_cannot_be_meant_is_told_with_what_is_expected(
    call: str, subjects: Subjects
) -> None:
    make, expected = CALLS[call]
    with pytest.raises((TypeError, ValueError, DatasetError)) as caught:
        use(make(subjects))
    assert str(caught.value) == expected


@pytest.mark.parametrize("is_async", [False, True], ids=["store", "async store"])
@pytest.mark.parametrize("call", METHODS)
def test_so_does_each_method_of_a_store(call: str, is_async: bool, subjects: Subjects) -> None:
    make, expected = METHODS[call]
    with pytest.raises((TypeError, ValueError), match=re.escape(expected)):
        use(make(AsyncStore(subjects.store) if is_async else subjects.store))


@pytest.mark.parametrize(
    ("call", "titles"),
    [
        # A web framework gives the numbers of a query string as text.
        (lambda store: store.search(limit="2", offset="1"), ["Heidi", "Momo"]),
        (lambda store: store.search(Book.id > 1, limit="1"), ["Heidi"]),
        (lambda store: store.search(limit=np.int64(1)), ["Emma"]),
        # SQLite takes a negative limit for none.
        (lambda store: store.search(limit=-1), ["Emma", "Heidi", "Momo"]),
        (lambda store: store.page(size=np.int64(1)), ["Emma"]),
        # JSON makes a list of what was a tuple.
        (lambda store: store.page(after=[2]), ["Momo"]),
        (lambda store: store.page(by=(Book.title,), size=1, descending=True), ["Momo"]),
        (lambda store: store.stream(batch_size=np.int64(2)), ["Emma", "Heidi", "Momo"]),
        (lambda store: [store.get(2)], ["Heidi"]),
        (lambda store: [store.get((2,))], ["Heidi"]),
    ],
)
def test_what_can_be_meant_is_taken(
    call: Callable[[BookStore], Any], titles: list[str], subjects: Subjects
) -> None:
    assert [book.title for book in call(subjects.store)] == titles


def test_frames_take_what_can_be_meant(subjects: Subjects) -> None:
    dataset = subjects.dataset
    assert dataset.arrow("books", batch_size=np.int64(2)).read_all().num_rows == 3
    assert dataset.arrow("books", where="title = ?", params=("Emma",)).num_rows == 1
    assert dataset.sql("SELECT :n AS n", {"n": 1}).arrow().to_pylist() == [{"n": 1}]
    with duckdb.connect() as connection:
        assert dataset.duckdb("books", connection=connection).shape == (3, 3)
