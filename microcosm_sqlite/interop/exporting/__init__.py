"""Export datasets: rows as files for other tools, and how their tables are declared.

Everything here is what the commands ``export``, ``schema``, ``models`` and ``query`` do, for
Python:

>>> import microcosm_sqlite
>>> from microcosm_sqlite.interop.exporting import export_folder, export_table, read_sql
>>> nyc = microcosm_sqlite.dataset("nycflights13")                       # doctest: +SKIP
>>> export_table(nyc, "airlines", "airlines.csv")                        # doctest: +SKIP
>>> export_folder(nyc, "nycflights13", "datapackage")                    # doctest: +SKIP
>>> print(read_sql(nyc, ["airlines"]))                                   # doctest: +SKIP
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from microcosm_sqlite.interop.exporting.declarations import (
        draw_mermaid,
        read_models,
        read_sql,
    )
    from microcosm_sqlite.interop.exporting.files import (
        export_folder,
        export_table,
        write_table,
    )
    from microcosm_sqlite.interop.exporting.text_formats import FORMATS, write_rows

__all__ = [
    "FORMATS",
    "draw_mermaid",
    "export_folder",
    "export_table",
    "read_models",
    "read_sql",
    "write_rows",
    "write_table",
]

# The command line imports one module of this package at each start, and should not pay for all.
_MODULES = {
    "FORMATS": "text_formats",
    "draw_mermaid": "declarations",
    "export_folder": "files",
    "export_table": "files",
    "read_models": "declarations",
    "read_sql": "declarations",
    "write_rows": "text_formats",
    "write_table": "files",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
