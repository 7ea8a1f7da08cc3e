"""The three type checkers see the Python of the pages, and would refuse a mistake there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.docs.snippets import COMMANDS, ROOT, check, read_python, write_modules

pytestmark = pytest.mark.once


def test_each_page_is_one_program_and_its_packages_are_importable(tmp_path: Path) -> None:
    write_modules(tmp_path)
    assert (tmp_path / "page_use_a_dataset.py").stat().st_size
    assert (tmp_path / "planets_data" / "models.py").stat().st_size
    assert (tmp_path / "runways_data" / "__init__.py").stat().st_size
    assert (tmp_path / "application" / "migrate.py").stat().st_size
    code = read_python(ROOT / "README.md")
    assert code.startswith("import microcosm_sqlite\n")
    assert "336776" not in code


PROGRAM = """
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, assert_type

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, mapped_column

from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.aio import AsyncSessionContext, AsyncStore


class Nyc(DataSet, name="nycflights13"):
    pass


class Flight(Nyc):
    __tablename__ = "flights"

    id: Mapped[int] = mapped_column(primary_key=True)
    carrier: Mapped[str]
    delay: Mapped[float | None]


class FlightStore(Store[Flight]):
    pass


def use(graph: Any) -> None:
    store = FlightStore(graph)
    assert_type(store.rows(Flight.id), Iterator[tuple[int]])
    rows = store.rows(Flight.id, Flight.carrier, Flight.delay, where=Flight.delay > 5, limit=3)
    assert_type(rows, Iterator[tuple[int, str, float | None]])
    assert_type(store.rows("id", "carrier"), Iterator[tuple[Any, ...]])
    assert_type(store.rows(), Iterator[tuple[Any, ...]])
    assert_type(store.search(Flight.carrier == "UA", limit=5), list[Flight])
    with SessionContext(graph, Flight) as context:
        assert_type(context.session, Session)


async def wait(graph: Any) -> None:
    store = AsyncStore(FlightStore(graph))
    assert_type(await store.first(Flight.delay > 5), Flight | None)
    assert_type(await store.rows(Flight.id, Flight.delay), Sequence[tuple[int, float | None]])
    assert_type(await store.rows("id"), Sequence[tuple[Any, ...]])
    async with AsyncSessionContext(graph, Flight) as context:
        assert_type(context.session, AsyncSession)
"""
MISTAKES = (
    "FlightStore().search('carrier')",
    "FlightStore().search(Flight.carrier)",
    "FlightStore().rows(Flight.id, where='carrier')",
    "FlightStore().first(limit='5')",
    "AsyncStore(FlightStore()).search('carrier')",
    "AsyncStore(FlightStore()).search(limit='5')",
    "AsyncStore(FlightStore()).page(by=Flight.id)",
)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_the_program_of_a_user_is_typed_with_tasks_and_without(
    command: list[str], tmp_path: Path
) -> None:
    if find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    page = tmp_path / "page.py"
    page.write_text(PROGRAM)
    accepted, said = check(tmp_path, command)
    assert accepted, said
    lines = PROGRAM.count("\n") + 1
    page.write_text(PROGRAM + "\n".join(MISTAKES) + "\n")
    accepted, said = check(tmp_path, command)
    assert not accepted
    for number, mistake in enumerate(MISTAKES, lines):
        assert f"page.py:{number}:" in said, (mistake, said)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_type_checker_tells_what_is_right_from_what_is_wrong(
    command: list[str], tmp_path: Path
) -> None:
    if find_spec(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    page = tmp_path / "page.py"
    page.write_text("import microcosm_sqlite\nn = microcosm_sqlite.dataset('a').version.upper()\n")
    assert check(tmp_path, command)[0]
    page.write_text("import microcosm_sqlite\nn = microcosm_sqlite.dataset('a').version.uper()\n")
    accepted, said = check(tmp_path, command)
    assert not accepted
    assert "uper" in said
