"""Make instances of models from rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from microcosm_sqlite.authoring.loading.judge import describe_offence
from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.values.layout import TableRules
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.builders.shortcut import has_plain_constructor

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapper


class InstanceMaker:
    """Makes an instance of a model for each row.

    Validators and constructors of the model's own are given the texts as they stand; everybody
    else gets values of the column's type.
    """

    def __init__(self, model: type[Any], dialect: sa.Dialect, defaults: Mapping[str, Any]) -> None:
        mapper: Mapper[Any] = sa.inspect(model)
        self._model = model
        self._keys = {column.name: key for key, column in mapper.columns.items()}
        self._rules = {
            name: rule
            for table in mapper.tables
            for name, rule in TableRules.of(cast("sa.Table", table), dialect).by_name.items()
        }
        self._takes_texts = set(mapper.validators)
        if not has_plain_constructor(mapper):
            self._takes_texts.update(self._keys.values())
        self._defaults = {
            self._keys[name]: value for name, value in defaults.items() if name in self._keys
        }

    def make_all(self, records: Records) -> Iterator[Any]:
        """An instance for each row of a source.

        Raises:
            SourceValueError: A value does not fit its column.
        """
        fields = [
            (index, self._keys[name], self._rules[name])
            for index, name in enumerate(records.header)
            if name in self._keys and name in self._rules
        ]
        for line, row in records.numbered():
            values = dict(self._defaults)
            for index, key, rule in fields:
                try:
                    values[key] = self._read(key, rule, row[index])
                except ValueError as error:
                    raise describe_offence(records, line, rule, row[index], error) from error
            yield self._model(**values)

    def _read(self, key: str, rule: ColumnRule, text: str | None) -> Any:
        if text is None or text in rule.nulls:
            return None
        return text if key in self._takes_texts else rule.read(text)
