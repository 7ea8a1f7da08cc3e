"""The Arrow type of each column, and how to get there from what SQLite stores.

SQLite stores integers, reals, text and blobs. What else a column means is told by the manifest
(and by the declared type, which alone knows the scale of a decimal): the texts of dates and times
are those that SQLAlchemy writes, and so are enumerations, UUIDs and intervals.

Importing ``pyarrow.compute`` takes a quarter of the time of a small read, so that only what needs
it imports it.
"""

from __future__ import annotations

from array import array
from itertools import accumulate
from typing import TYPE_CHECKING

from microcosm_sqlite.common import kinds
from microcosm_sqlite.common.extras import extra
from microcosm_sqlite.errors import SchemaMismatchError

with extra("arrow"):
    import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from microcosm_sqlite.catalog.manifest_tables import Field

    Convert = Callable[[pa.Array], pa.Array]

STORED = {"integer": pa.int64(), "real": pa.float64(), "text": pa.string(), "blob": pa.binary()}
"""Arrow's types for what SQLite itself can tell apart."""

NOT_UTF8 = "a text is not UTF-8"

_UNDECLARED_SCALE = 10
"""Digits after the point that SQLAlchemy reads of a NUMERIC without a scale."""

_WIDELY_READ, _MOST_DIGITS = 38, 76
"""Digits of the decimals that every tool has, and of the widest that Arrow has."""

_UUID = r"^(.{8})-?(.{4})-?(.{4})-?(.{4})-?(.{12})$"


class Column:
    """One column that is read.

    Attributes:
        name: Its name in the table and in the frame.
        stored: How SQLite stores it: integer, real, text, blob, or any.
        type: Its Arrow type.
    """

    __slots__ = ("_convert", "name", "stored", "type")

    def __init__(
        self,
        name: str,
        stored: str,
        type_: pa.DataType,
        convert: Convert | None = None,
    ) -> None:
        self.name = name
        self.stored = stored
        self.type = type_
        self._convert = convert

    def __repr__(self) -> str:
        return f"<Column {self.name}: {self.type}>"

    @property
    def is_text(self) -> bool:
        """Whether its values are the texts that SQLite stores."""
        return self.stored == "text" and self.type == pa.string() and not self._convert

    @property
    def stored_type(self) -> pa.DataType:
        """The Arrow type of what SQLite stores."""
        return STORED.get(self.stored, pa.string())

    def convert(self, array: pa.Array, table: str) -> pa.Array:
        """Convert values as SQLite stores them to the column's own type.

        Raises:
            SchemaMismatchError: A value does not stand for one of that type.
        """
        self._check_texts(array, table)
        try:
            array = array if array.type == self.stored_type else array.cast(self.stored_type)
            if self._convert:
                return self._convert(array)
            return array if array.type == self.type else array.cast(self.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise self.mismatch(table, error) from error

    def _check_texts(self, array: pa.Array, table: str) -> None:
        """Refuse texts that are not UTF-8, on which Arrow relies and some of its users crash.

        SQLite takes any bytes for a text, and ADBC passes them on.
        """
        if pa.types.is_string(array.type):
            try:
                array.validate(full=True)
            except pa.ArrowInvalid as error:
                raise self.mismatch(table, NOT_UTF8) from error

    def mismatch(self, table: str, reason: object) -> SchemaMismatchError:
        """The error for a value that the column should not hold."""
        return SchemaMismatchError(
            f"Column {self.name!r} of table {table!r} holds a value that is not {self.type}: "
            f"{str(reason).rstrip('.')}.",
            hint="Leave the column out, or read it as it is stored, through connect().",
        )


def describe_column(field: Field, declared: str) -> Column:
    """How a column is read, from its field in the manifest and its declared type."""
    labels = field.constraints.get("enum")
    kind = kinds.find_kind(field.type, field.format, declared, has_labels=bool(labels))
    if kind is None or kind.name not in ARROW:
        return Column(field.name, "any", pa.string())
    type_, convert = ARROW[kind.name]
    if kind.name == kinds.LABEL:
        convert = _encoder(_make_texts(dict.fromkeys(labels or ())))
    elif kind.name == kinds.DECIMAL:
        type_ = _choose_decimal(declared)
    return Column(field.name, kind.stored, type_, convert)


def _choose_decimal(declared: str) -> pa.DataType:
    precision, scale = kinds.find_decimal_size(declared) or (None, None)
    if precision is None or scale is None:
        return pa.decimal128(_WIDELY_READ, _UNDECLARED_SCALE)
    if not max(scale, 1) <= precision <= _MOST_DIGITS:
        # No type of Arrow is so declared. SQLite takes any number, so that each that fits is read.
        is_small = max(precision, scale) < _WIDELY_READ
        precision = _WIDELY_READ if is_small else _MOST_DIGITS
        scale = min(scale, precision)
    return (pa.decimal128 if precision <= _WIDELY_READ else pa.decimal256)(precision, scale)


def has_wide_decimals(schema: pa.Schema) -> bool:
    """Whether some tools fail on a file of this schema, whatever is read of it."""
    return any(pa.types.is_decimal256(type_) for type_ in schema.types)


def refuse_wide_decimals(schema: pa.Schema, tool: str) -> None:
    """Refuse decimals of more digits than a tool has, before it fails in words of its own.

    Raises:
        SchemaMismatchError: It names the column.
    """
    for field in schema:
        if pa.types.is_decimal256(field.type):
            raise SchemaMismatchError(
                f"Column {field.name!r} holds decimals of up to {field.type.precision} digits, and "
                f"{tool} reads no more than {_WIDELY_READ}.",
                hint="Leave the column out, or read it with arrow() or pandas().",
            )


def make_array(value: Any) -> pa.Array:
    """An array of one value of SQLite.

    >>> make_array(2.5).to_pylist()
    [2.5]

    `pa.array` and `pa.scalar` would import pandas, wherever that is installed.

    Raises:
        OverflowError: A whole number has more than 64 bits.
    """
    if isinstance(value, str):
        return _make_texts([value])
    if isinstance(value, bytes):
        return pa.Array.from_buffers(pa.binary(), 1, _pack([value]))
    if value is None:
        return pa.nulls(1)
    type_, code = (pa.float64(), "d") if isinstance(value, float) else (pa.int64(), "q")
    return pa.Array.from_buffers(type_, 1, [None, pa.py_buffer(array(code, [value]).tobytes())])


def _make_texts(texts: Iterable[str]) -> pa.Array:
    encoded = [text.encode() for text in texts]
    return pa.Array.from_buffers(pa.string(), len(encoded), _pack(encoded))


def _pack(values: Sequence[bytes]) -> list[pa.Buffer | None]:
    offsets = array("i", accumulate(map(len, values), initial=0))
    return [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(values))]


def _encoder(members: pa.Array) -> Convert:
    """Every batch has all members as its dictionary, in their order, so that batches agree."""

    def encode(array: pa.Array) -> pa.Array:
        import pyarrow.compute as pc

        indices = pc.index_in(array, value_set=members)
        if indices.null_count != array.null_count:
            strays = array.filter(pc.and_(indices.is_null(), array.is_valid()))
            raise ValueError(f"{strays[0].as_py()!r} is not a member")
        return pa.DictionaryArray.from_arrays(indices, members)

    return encode


def _hyphenate(array: pa.Array) -> pa.Array:
    """32 hexadecimal digits as ``str(uuid.UUID(...))`` writes them."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(array, pattern=_UUID, replacement=r"\1-\2-\3-\4-\5")


def _parse_interval(array: pa.Array) -> pa.Array:
    """SQLAlchemy stores an interval as the moment that far from the epoch."""
    return array.cast(pa.timestamp("us")).cast(pa.int64()).cast(pa.duration("us"))


def _parse_time(array: pa.Array) -> pa.Array:
    """Arrow reads moments, not times of day; so this is a time on some day."""
    import pyarrow.compute as pc

    moments = pc.binary_join_element_wise(make_array("1970-01-01")[0], array, make_array(" ")[0])
    return moments.cast(pa.timestamp("us")).cast(pa.time64("us"))


ARROW: dict[str, tuple[Any, Convert | None]] = {
    kinds.INTEGER: (pa.int64(), None),
    kinds.BOOLEAN: (pa.bool_(), None),
    kinds.NUMBER: (pa.float64(), None),
    kinds.DECIMAL: (pa.decimal128(_WIDELY_READ, _UNDECLARED_SCALE), None),
    kinds.TEXT: (pa.string(), None),
    kinds.LABEL: (pa.dictionary(pa.int32(), pa.string()), None),
    kinds.BINARY: (pa.binary(), None),
    kinds.UUID: (pa.string(), _hyphenate),
    kinds.DATE: (pa.date32(), None),
    kinds.DATETIME: (pa.timestamp("us"), None),
    kinds.TIME: (pa.time64("us"), _parse_time),
    kinds.DURATION: (pa.duration("us"), _parse_interval),
}
"""The Arrow type of each kind, and what makes it of what SQLite stores, where a cast does not."""
