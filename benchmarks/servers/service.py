"""The same service twice, with FastAPI: with stores, or with SQLAlchemy as its users write it.

``WAY`` in the environment is ``ours`` or ``sqlalchemy``, and ``DATABASE`` the file. Both use the
same models and open the file alike.
"""

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI

DATABASE = Path(os.environ["DATABASE"]).resolve()
sys.path.insert(0, str(DATABASE.parents[1]))
app = FastAPI()


def use_stores() -> None:
    from nycflights13_data.models import Flight, NycFlights

    import microcosm_sqlite
    from microcosm_sqlite import SessionContext, Store
    from microcosm_sqlite.aio import AsyncStore

    microcosm_sqlite.register("nycflights13", DATABASE, immutable=True)
    store = Store[Flight]()
    later = AsyncStore(store)

    def open_context() -> Iterator[SessionContext]:
        with SessionContext(None, NycFlights) as context:
            yield context

    @app.get("/one/{key}")
    def get_one(key: int) -> dict[str, Any]:
        return describe(store.retrieve(key))

    @app.get("/some/{key}")
    def get_some(key: int) -> list[dict[str, Any]]:
        return [describe(flight) for flight in store.search(Flight.id >= key, limit=20)]

    @app.get("/context/{key}")
    def get_in_context(
        key: int,
        context: Annotated[SessionContext, Depends(open_context)],  # noqa: ARG001
    ) -> dict[str, Any]:
        return describe(store.retrieve(key))

    @app.get("/async/{key}")
    async def get_later(key: int) -> dict[str, Any]:
        return describe(await later.retrieve(key))


def use_sqlalchemy() -> None:
    from nycflights13_data.models import Flight
    from sqlalchemy import create_engine, select
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
    from sqlalchemy.orm import Session

    address = f"{DATABASE.as_uri()}?mode=ro&immutable=1&uri=true"
    engine = create_engine(f"sqlite:///{address}", pool_size=40)
    async_engine = create_async_engine(f"sqlite+aiosqlite:///{address}", pool_size=40)

    def open_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    async def open_async_session() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(async_engine) as session:
            yield session

    @app.get("/one/{key}")
    def get_one(key: int) -> dict[str, Any]:
        with Session(engine) as session:
            return describe(session.get_one(Flight, key))

    @app.get("/some/{key}")
    def get_some(key: int) -> list[dict[str, Any]]:
        with Session(engine) as session:
            found = session.scalars(select(Flight).where(Flight.id >= key).limit(20))
            return [describe(flight) for flight in found]

    @app.get("/context/{key}")
    def get_in_session(
        key: int, session: Annotated[Session, Depends(open_session)]
    ) -> dict[str, Any]:
        return describe(session.get_one(Flight, key))

    @app.get("/async/{key}")
    async def get_later(
        key: int, session: Annotated[AsyncSession, Depends(open_async_session)]
    ) -> dict[str, Any]:
        return describe(await session.get_one(Flight, key))


def describe(flight: Any) -> dict[str, Any]:
    return {"id": flight.id, "carrier": flight.carrier, "dest": flight.dest}


use_stores() if os.environ["WAY"] == "ours" else use_sqlalchemy()
