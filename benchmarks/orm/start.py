"""A whole program: from the start of the process to the first row as an object.

Usage: ``python start.py WAY DATABASE``; see ``workloads.py``. ``sqlalchemy`` makes an object graph
too, of no components.
"""

import sys

WAY, DATABASE = sys.argv[1:3]

from microcosm.api import create_object_graph, load_from_dict  # noqa: E402
from sqlalchemy import Column, Integer, String  # noqa: E402

if WAY == "sqlalchemy":
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session, declarative_base

    Base = declarative_base()
else:
    from microcosm_sqlite import DataSet, Store

    Base = DataSet.create("bench")


class Flight(Base):
    __tablename__ = "flights"

    id = Column(Integer, primary_key=True)
    tailnum = Column(String(6))


if WAY == "sqlalchemy":
    graph = create_object_graph("bench", loader=load_from_dict())
    with Session(create_engine(f"sqlite:///{DATABASE}")) as session:
        found = session.scalars(select(Flight).where(Flight.id == 7)).one()
else:

    class FlightStore(Store):
        auto_filter_fields = (Flight.id,)
        model_class = Flight

    config = {"paths": {"bench": DATABASE}, "read_only": True}
    graph = create_object_graph("bench", loader=load_from_dict(sqlite=config))
    with Flight.new_context(graph):
        found = FlightStore().one(id=7)
assert found.tailnum
