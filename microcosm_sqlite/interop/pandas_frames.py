"""Tables as pandas data frames.

The default dtypes are those that ``pandas.read_csv`` and ``read_sql`` have taught people to
expect: an integer column with missing
values is ``float64``. Where that would change a value it does not happen: integers beyond 2**53
beside missing values become ``Int64``. Dates are ``datetime64``, so that ``.dt`` works on them;
enumerations are categories; decimals and times of day are Python objects, since NumPy has
neither. Exact dtypes for everything are one argument away: ``dtype_backend="pyarrow"``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from microcosm_sqlite.common.extras import extra

if TYPE_CHECKING:
    from collections.abc import Callable

    DtypeBackend = Literal["numpy", "numpy_nullable", "pyarrow"]

with extra("pandas"):
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

EXACT_IN_A_FLOAT = 2**53
"""Whole numbers beyond it are not exact as floats."""


def to_pandas(table: pa.Table, dtype_backend: DtypeBackend = "numpy") -> pd.DataFrame:
    """A frame of the same rows.

    Args:
        table: It may be used up: nothing else should hold it.
        dtype_backend: ``"numpy"``, or one of pandas' own words: ``"numpy_nullable"``,
            ``"pyarrow"``.
    """
    if dtype_backend not in list(_MAPPERS):
        raise ValueError(
            f"dtype_backend must be one of {', '.join(_MAPPERS)}, not {dtype_backend!r}"
        )
    frame: pd.DataFrame = table.to_pandas(
        types_mapper=_MAPPERS[dtype_backend], date_as_object=False
    )
    if dtype_backend == "numpy":
        for name in filter(lambda name: _would_change(table[name]), table.column_names):
            frame[name] = table[name].to_pandas(types_mapper=NULLABLE.get)
    return frame


def _would_change(column: pa.ChunkedArray) -> bool:
    """Whether NumPy would make a float of an integer that no float stands for, or no booleans."""
    if not column.null_count:
        return False
    if pa.types.is_boolean(column.type):
        return True
    if not pa.types.is_int64(column.type):
        return False
    bounds = pc.min_max(column).as_py()
    return any(abs(bound or 0) > EXACT_IN_A_FLOAT for bound in bounds.values())


NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(),
}
"""Dtypes that keep values as they are beside missing ones."""

_MAPPERS: dict[str, Callable[[pa.DataType], object] | None] = {
    "numpy": None,
    "numpy_nullable": NULLABLE.get,
    # Categories are pandas' own: most of its methods do not know those of Arrow.
    "pyarrow": lambda type_: None if pa.types.is_dictionary(type_) else pd.ArrowDtype(type_),
}
