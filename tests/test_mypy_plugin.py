"""What type checkers make of user code, under ``mypy --strict``."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

api = pytest.importorskip("mypy.api")
pytestmark = [pytest.mark.slow, pytest.mark.once]

MODELS = """
from __future__ import annotations
from collections.abc import Iterator
from sqlalchemy.orm import Mapped, Query, mapped_column
from microcosm_sqlite import DataSet, SessionContext, Store
from microcosm_sqlite.stores import GetOrCreateSession

{base}

class Flight(NycFlights):
    __tablename__ = "flights"
    id: Mapped[int] = mapped_column(primary_key=True)
    tailnum: Mapped[str | None]

class FlightStore(Store[Flight]):
    pass

store = FlightStore()
"""
OTHER_MODEL = """
        from microcosm_sqlite.aio import AsyncStore
        class Plane(NycFlights):
            __tablename__ = "planes"
            id: Mapped[int] = mapped_column(primary_key=True)
"""
BASES = {
    "class statement": 'class NycFlights(DataSet, name="nycflights13"):\n    pass\n',
    "create": 'NycFlights = DataSet.create("nycflights13")\n',
}


def check(tmp_path: Path, source: str, *, base: str = "class statement") -> list[str]:
    """What mypy says about the code after the models: types revealed, and errors."""
    models = MODELS.format(base=BASES[base])
    file = tmp_path / "user_code.py"
    file.write_text(models + textwrap.dedent(source))
    config = tmp_path / "mypy.ini"
    config.write_text(
        "[mypy]\nstrict = True\n"
        + ("plugins = microcosm_sqlite.mypy_plugin\n" if base == "create" else "")
        + "[mypy-microcosm.*]\nignore_missing_imports = True\n"
    )
    cache = tmp_path.parent / "mypy_cache"
    out, errors, _ = api.run(
        ["--config-file", str(config), "--cache-dir", str(cache), "--no-error-summary", str(file)]
    )
    assert errors == ""
    return [
        re.sub(r"user_code\.|builtins\.|sqlalchemy\.orm\.\w+\.", "", line.split(": ", 2)[2])
        for line in out.splitlines()
    ]


def revealed(line: str) -> str:
    match = re.fullmatch(r'Revealed type is "(.*)"', line)
    assert match, line
    return match[1]


@pytest.mark.parametrize("base", BASES)
def test_stores_give_the_type_of_their_model(tmp_path: Path, base: str) -> None:
    lines = check(
        tmp_path,
        """
        reveal_type(store.one(id=1))
        reveal_type(store.first(Flight.id > 1))
        reveal_type(store.search(Flight.tailnum.is_(None), limit=3))
        reveal_type(store.get(1))
        reveal_type(store.retrieve(1))
        reveal_type(store.one_or_none())
        reveal_type(store.count())
        reveal_type(store.exists(id=3))
        reveal_type(store.page(size=3).items)
        reveal_type(store.create(Flight(id=1)))
        reveal_type(store.match("x"))
        reveal_type(store.model_class)
        reveal_type(next(store.rows("id")))
        reveal_type(store.one().tailnum)
        for flight in store.stream(batch_size=3):
            reveal_type(flight)
        """,
        base=base,
    )
    assert [revealed(line) for line in lines] == [
        "Flight",
        "Flight | None",
        "list[Flight]",
        "Flight | None",
        "Flight",
        "Flight | None",
        "int",
        "bool",
        "list[Flight]",
        "Flight",
        "list[Flight]",
        "type[Flight]",
        "tuple[Any, ...]",
        "str | None",
        "Flight",
    ]


@pytest.mark.parametrize("base", BASES)
def test_the_code_of_2_0_0_passes(tmp_path: Path, base: str) -> None:
    lines = check(
        tmp_path,
        """
        from typing import Any

        class OldStore(Store):  # type: ignore[type-arg]
            auto_filter_fields = (Flight.tailnum,)

            @property
            def model_class(self) -> type[Flight]:
                return Flight

            def _order_by(self, query: Query[Flight], **kwargs: Any) -> Query[Flight]:
                return super()._order_by(query.order_by(Flight.id), **kwargs)

        class AttributeStore(Store[Flight]):
            model_class = Flight

        def use(graph: Any) -> None:
            Flight.recreate_all(graph)
            with Flight.new_context(graph, expire_on_commit=True) as context:
                OldStore(GetOrCreateSession(graph)).create(Flight(id=1))
                context.commit()
            with SessionContext(graph, NycFlights) as context:
                reveal_type(context.session)
            reveal_type(Flight.resolve())
            reveal_type(Flight.session)
            reveal_type(AttributeStore().one())
        """,
        base=base,
    )
    assert [revealed(line) for line in lines] == [
        "Session",
        "type[microcosm_sqlite.orm.data_sets.DataSet]",
        "Session | None",
        "Flight",
    ]


@pytest.mark.parametrize("base", BASES)
def test_mistakes_are_found(tmp_path: Path, base: str) -> None:
    lines = check(
        tmp_path,
        f"""
        {OTHER_MODEL}
        wrong: str = store.one()
        store.create(3)
        store.create(Plane())
        waiting = AsyncStore(store).create(Plane())
        store.search(order=Flight)
        store.search("text")
        Flight().tailnums
        """,
        base=base,
    )
    assert [line.split("  [")[-1] for line in lines if "cannot filter by" not in line] == [
        "assignment]",
        "arg-type]",
        "arg-type]",
        "arg-type]",
        "arg-type]",
        "attr-defined]",
    ]


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("checker", ["pyright", "ty"])
def test_other_type_checkers_tell_models_apart(tmp_path: Path, base: str, checker: str) -> None:
    pytest.importorskip(checker)
    mistakes = f"""
        {OTHER_MODEL}
        store.create(Plane())
        waiting = AsyncStore(store).create(Plane())
    """
    file = tmp_path / "user_code.py"
    file.write_text(MODELS.format(base=BASES[base]) + textwrap.dedent(mistakes))
    options = {"pyright": ["--pythonpath", sys.executable], "ty": ["check", "--python", sys.prefix]}
    done = subprocess.run(
        [sys.executable, "-m", checker, *options[checker], file],
        capture_output=True,
        text=True,
        check=False,
    )
    # To ty, a base that `create` has made is any class.
    expected = 0 if (checker, base) == ("ty", "create") else 2
    refused = re.findall(r"\(reportArgumentType\)|error\[invalid-argument-type\]", done.stdout)
    assert len(refused) == expected, done.stdout + done.stderr


def test_a_keyword_that_is_no_column_is_found(tmp_path: Path) -> None:
    lines = check(
        tmp_path,
        """
        from typing import Any
        from microcosm_sqlite.aio import AsyncStore

        class FilteredStore(Store[Flight]):
            auto_filter_fields = (Flight.tailnum,)

        class KeenStore(Store[Flight]):
            def _filter(self, query: Query[Flight], **kwargs: Any) -> Query[Flight]:
                return super()._filter(query, **kwargs)

        waiting = AsyncStore(FlightStore())

        async def wait() -> None:
            await waiting.search(id=1, limit=3)
            await AsyncStore(KeenStore()).count(anything=1)
            reveal_type(await waiting.search(tailnumb="N1"))

        options: dict[str, Any] = {}
        store.count(id=1, tailnum=None)
        store.search(Flight.id > 1, limit=3, **options)
        KeenStore().search(anything=1)
        list(store.rows(Flight.id, limit=1, tailnum="N1"))
        store.search(tailnumb="N1")
        store.count(carrier="UA")
        FilteredStore().delete(tailnumm="N1")
        Store[Flight]().one(tailnumm="N1")
        list(store.rows(Flight.id, limit=1, tailnumm="N1"))
        """,
        base="create",
    )
    told = re.compile(r'"(\w+)" cannot filter by "(\w+)": "Flight" has no such attribute.(.*)')
    near = " Did you mean 'tailnum'?  [call-arg]"
    revealed_line, *mistakes = lines
    assert revealed(revealed_line) == "list[Flight]"
    assert [matched.groups() for line in mistakes if (matched := told.fullmatch(line))] == [
        ("FlightStore", "tailnumb", near),
        ("FlightStore", "tailnumb", near),
        ("FlightStore", "carrier", "  [call-arg]"),
        ("FilteredStore", "tailnumm", near),
        ("Store", "tailnumm", near),
        ("FlightStore", "tailnumm", near),
    ]
    assert len(mistakes) == 6
