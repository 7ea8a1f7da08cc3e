"""Which opener reads which source."""

from __future__ import annotations

from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.database_source import TableOpener
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.finding import DATABASE, Source
from microcosm_sqlite.authoring.sources.json_lines import JsonLinesOpener
from microcosm_sqlite.authoring.sources.parquet import ParquetOpener
from microcosm_sqlite.authoring.sources.python_source import FunctionOpener, SourceFunction
from microcosm_sqlite.authoring.sources.records import Opener


def choose_opener(source: Source, options: CsvOptions) -> Opener:
    """What opens a source, by its format."""
    if isinstance(source, SourceFunction):
        return FunctionOpener(source)
    match source.format:
        case "jsonl":
            return JsonLinesOpener(source)
        case "parquet":
            return ParquetOpener(source)
    if source.format == DATABASE:
        return TableOpener(source)
    return DelimitedOpener(source, options)
