"""Import path for users; the code is in `microcosm_sqlite.interop.exporting`."""

from __future__ import annotations

from microcosm_sqlite.interop.exporting import (
    FORMATS,
    draw_mermaid,
    export_folder,
    export_table,
    read_models,
    read_sql,
    write_rows,
    write_table,
)

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
