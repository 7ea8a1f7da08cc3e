"""Write the rows of a model as CSV that `CSVBuilder` reads back."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from csv import DictWriter
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import sqlalchemy as sa

from microcosm_sqlite.orm.contexts import find_session

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper, Session

    from microcosm_sqlite.orm.data_sets import DataSet
    from microcosm_sqlite.orm.stores import Store

BATCH = 1000


class CSVDumper:
    """Writes rows in the order of their primary key, a batch at a time.

    Args:
        graph: The object graph.
        store: The store of the model.
        model_cls: The model, where it is not the store's.
    """

    def __init__(
        self, graph: Any, store: Store[Any], model_cls: type[DataSet] | None = None
    ) -> None:
        self.graph = graph
        self.store = store
        self.model_cls: type[DataSet] = model_cls or store.model_class
        self.defaults: dict[str, Any] = {}

    def default(self, **values: Any) -> Self:
        """Values, by field name, where an item has none or None."""
        self.defaults.update(values)
        return self

    def dump(
        self,
        fileobj: IO[str],
        items: Iterable[Any] | None = None,
        field_names: Sequence[str] | None = None,
        extras_action: Literal["raise", "ignore"] | None = None,
        custom_header: Mapping[str, str] | None = None,
    ) -> None:
        """Write a header and a line for each item.

        Args:
            fileobj: An open text file, best with `newline=""`.
            items: The items; every row of the model where there are none given.
            field_names: The attributes to write, in order; all columns where none are given.
            extras_action: What to do about attributes that are not in `field_names`; "raise",
                unless it is "ignore".
            custom_header: The labels to write instead of the field names.

        Raises:
            ValueError: An item has other attributes than `field_names`.
        """
        writer: DictWriter[str] = DictWriter(
            fileobj,
            fieldnames=list(field_names or self.get_columns()),
            extrasaction=extras_action or "raise",
        )
        if custom_header:
            writer.writerow(dict(custom_header))
        else:
            writer.writeheader()
        outer = find_session(self.model_cls.resolve(), self.graph)
        with self.model_cls.new_context(self.graph) as context:
            session = outer or context.session
            writer.writerows(map(self._describe, self._select(session) if items is None else items))

    def get_columns(self) -> list[str]:
        """The attributes of the model's columns, as it declares them."""
        mapper: Mapper[Any] = sa.inspect(self.model_cls)
        return list(mapper.columns.keys())

    def _select(self, session: Session) -> Iterator[Any]:
        mapper: Mapper[Any] = sa.inspect(self.model_cls)
        query = sa.select(self.model_cls).order_by(*mapper.primary_key)
        for batch in session.scalars(query.execution_options(yield_per=BATCH)).partitions():
            yield from batch

    def _describe(self, item: Any) -> dict[str, Any]:
        values = {key: getattr(item, key) for key in self.get_columns()}
        members = getattr(item, "_members", None)
        if callable(members):
            values.update(members())
        for name, value in self.defaults.items():
            if values.get(name) is None:
                values[name] = value
        return {name: write_text(value) for name, value in values.items()}


def write_text(value: Any) -> Any:
    r"""A value as the field of a text file; numbers and texts are left to the writer.

    Null becomes the empty field, an enumeration its member's name, bytes `\x` and hex digits.
    """
    if value is None:
        return ""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return value


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (enum.Enum, lambda value: value.name),
    (bytes, lambda value: f"\\x{value.hex()}"),
    (datetime, lambda value: value.isoformat(" ")),
    ((dict, list), json.dumps),
)
