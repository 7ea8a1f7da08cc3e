"""The tables and columns of a dataset, as its manifest describes them."""

from __future__ import annotations

from microcosm_sqlite.catalog.strict_json import (
    check_names,
    read_bool,
    read_count,
    read_list,
    read_object,
    read_objects,
    read_range,
    read_scalars,
    read_text,
    read_value_range,
)
from microcosm_sqlite.errors import TableNotFoundError

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


_CONSTRAINTS = {"required": read_bool, "enum": read_scalars, "maxLength": read_count}
"""Constraints that are used here, and what reads them."""


class Field:
    """One column of a table, in the words of Table Schema v2, and what its rows hold.

    Attributes:
        name: The column's name.
        type: Its type, such as ``integer`` or ``datetime``.
        format: The format of that type; ``default`` if nothing else is said.
        description: What it means; may be empty.
        unit: The unit of its values, such as ``kg``; may be empty.
        categories: What its codes stand for, as Table Schema has it: ``value`` and ``label``.
        deprecated: What to use instead, where its authors advise against using it.
        constraints: Its constraints, such as ``{"required": True, "maxLength": 3}``.
        null_count: How many rows have no value; None where the manifest does not say.
        value_range: The least and the greatest value as SQLite stores them, or None.
        length_range: The least and the greatest length of a text or of bytes, or None.
    """

    __slots__ = (
        "categories",
        "constraints",
        "deprecated",
        "description",
        "format",
        "length_range",
        "name",
        "null_count",
        "type",
        "unit",
        "value_range",
    )

    def __init__(self, raw: dict[str, Any]) -> None:
        self.name: str = read_text(raw, "name")
        self.type: str = read_text(raw, "type", "any")
        self.format: str = read_text(raw, "format", "default")
        self.description: str = read_text(raw, "description", "")
        self.unit: str = read_text(raw, "unit", "")
        self.deprecated: str = read_text(raw, "deprecated", "")
        self.categories: list[dict[str, Any]] = _read_categories(raw)
        self.constraints: dict[str, Any] = read_object(raw, "constraints")
        for key in self.constraints:
            if key in _CONSTRAINTS:
                _CONSTRAINTS[key](self.constraints, key)
        self.null_count: int | None = read_count(raw, "nullCount") if "nullCount" in raw else None
        self.value_range: tuple[Any, Any] | None = read_value_range(raw, "valueRange")
        self.length_range: tuple[int, int] | None = read_range(raw, "lengthRange")

    def __repr__(self) -> str:
        return f"<Field {self.name}: {self.type_name}>"

    @property
    def type_name(self) -> str:
        """Its type as people read it, which is the format where that is a word such as ``uuid``.

        >>> Field({"name": "key", "type": "string", "format": "uuid"}).type_name
        'uuid'
        >>> Field({"name": "day", "type": "date", "format": "%Y-%m-%d"}).type_name
        'date'
        """
        is_word = self.format != "default" and self.format.isalpha()
        return self.format if is_word else self.type

    @property
    def required(self) -> bool:
        """Whether the column is NOT NULL."""
        return bool(self.constraints.get("required", False))

    @property
    def labels(self) -> dict[str, str]:
        """The meanings of its codes, by the text of the code."""
        return {str(each["value"]): each["label"] for each in self.categories}

    @property
    def about(self) -> str:
        """Its meaning and unit, the meanings of its codes, and its replacement if it is deprecated.

        >>> Field({"name": "w", "description": "Weight", "unit": "kg"}).about
        'Weight [kg]'
        """
        labels = ", ".join(f"{code} = {label}" for code, label in self.labels.items())
        unit = f"[{self.unit}]" if self.unit else ""
        told = " ".join(filter(None, (self.description, unit)))
        return "; ".join(filter(None, (told, labels, _spell_deprecation(self.deprecated))))


class Table:
    """One table of a dataset.

    Attributes:
        name: The table's name, as SQL has it.
        description: What it holds; may be empty.
        deprecated: What to use instead, where its authors advise against using it.
        fields: Its columns, in order.
        primary_key: Names of the columns of its primary key.
        unique_keys: Names of the columns of each unique key.
        indexes: Its indexes, with their names and columns.
        row_count: Number of rows when it was built.
        rowid_range: Lowest and highest rowid, or None for an empty table or one without rowids.
        digest: Hash of its rows, or an empty string; see
            :func:`microcosm_sqlite.catalog.verifying.digest.content_digest`.
        foreign_keys: The keys into tables of the same dataset, in the words of Table Schema v2.
        external_keys: The keys into other datasets, whose ``reference`` names one as ``package``.
        repairs: How many lines of its sources were repaired when it was built, by kind of repair.
    """

    __slots__ = (
        "deprecated",
        "description",
        "digest",
        "external_keys",
        "fields",
        "foreign_keys",
        "indexes",
        "name",
        "primary_key",
        "repairs",
        "row_count",
        "rowid_range",
        "unique_keys",
    )

    def __init__(self, raw: dict[str, Any]) -> None:
        schema = read_object(raw, "schema")
        self.name: str = read_text(read_object(raw, "dialect"), "table", "") or read_text(
            raw, "name"
        )
        self.description: str = read_text(raw, "description", "")
        self.deprecated: str = read_text(raw, "deprecated", "")
        self.fields: list[Field] = [Field(field) for field in read_objects(schema, "fields")]
        self.primary_key: list[str] = check_names(schema.get("primaryKey", []))
        keys = [_read_key(key) for key in read_objects(schema, "foreignKeys")]
        self.foreign_keys: list[dict[str, Any]] = [key for key in keys if not _package(key)]
        self.external_keys: list[dict[str, Any]] = [key for key in keys if _package(key)]
        self.unique_keys: list[list[str]] = [
            check_names(key) for key in read_list(schema, "uniqueKeys")
        ]
        self.indexes: list[dict[str, Any]] = read_objects(raw, "indexes")
        self.row_count: int = read_count(raw, "rowCount", 0)
        self.rowid_range: tuple[int, int] | None = read_range(raw, "rowidRange")
        self.digest: str = read_text(raw, "digest", "")
        repairs = read_object(raw, "repairs")
        self.repairs: dict[str, int] = {kind: read_count(repairs, kind) for kind in repairs}
        for index in self.indexes:
            read_text(index, "name", "")
            check_names(index.get("fields", []))
            read_bool(index, "unique")

    @property
    def about(self) -> str:
        """Its content, and its replacement if it is deprecated."""
        return "; ".join(filter(None, (self.description, _spell_deprecation(self.deprecated))))

    def target_of(self, key: dict[str, Any]) -> str:
        """The table that a key of this one leads into, as SQL names it."""
        target: str = key["reference"].get("resource") or self.name
        package = _package(key)
        return f"{package}.{target}" if package else target

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.row_count:,} rows, {len(self.fields)} columns>"


class Tables(dict[str, Table]):
    """The tables of a dataset by name; an unknown name raises an error that suggests the nearest.

    Args:
        dataset: The dataset's name, for errors.
        tables: The tables.
    """

    def __init__(self, dataset: str, tables: Iterable[Table]) -> None:
        super().__init__((table.name, table) for table in tables)
        self._dataset = dataset

    def __getitem__(self, name: str) -> Table:
        try:
            return super().__getitem__(name)
        except (KeyError, TypeError):  # the latter of what cannot be a key, such as a list
            error = refuse_name(name, self, f"Dataset {self._dataset!r}", "table")
        raise error

    def __reduce__(self) -> tuple[object, ...]:
        return Tables, (self._dataset, list(self.values()))


def refuse_name(name: str, known: Iterable[str], owner: str, kind: str) -> TableNotFoundError:
    """The error for the name of a table or column that is not there.

    Raises:
        TypeError: It is no name at all, such as a model or one of its attributes.
    """
    from microcosm_sqlite.common.wording import suggest

    if not isinstance(name, str):
        raise TypeError(
            f"{owner}: a {kind} is given by its name, a string, not as {name}. "
            f"{suggest('', known, f'Its {kind}s')}".rstrip()
        )
    return TableNotFoundError(
        f"{owner} has no {kind} {name!r}.", hint=suggest(name, known, f"Its {kind}s")
    )


def _spell_deprecation(text: str) -> str:
    return f"deprecated: {text}" if text else ""


def _read_categories(raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The codes that have a label; the standard takes bare values as well."""
    pairs = [each for each in read_list(raw, "categories") if isinstance(each, dict)]
    for pair in pairs:
        read_scalars({"value": [pair["value"]]}, "value")
        read_text(pair, "label", "")
    return [pair for pair in pairs if pair.get("label")]


def _read_key(key: dict[str, Any]) -> dict[str, Any]:
    """A foreign key, with lists of columns where the standard allows a text for one."""
    reference = read_object(key, "reference")
    read_text(reference, "resource", "")
    read_text(reference, "package", "")
    own, referred = check_names(key["fields"]), check_names(reference["fields"])
    return key | {"fields": own, "reference": reference | {"fields": referred}}


def _package(key: dict[str, Any]) -> str:
    package: str = key["reference"].get("package", "")
    return package
