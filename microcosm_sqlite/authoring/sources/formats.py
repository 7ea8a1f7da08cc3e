"""The table of formats: what files are called, what reads them, and what that has to have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.arrow_files import ArrowOpener
from microcosm_sqlite.authoring.sources.databases import DATABASE_SUFFIXES, TableOpener
from microcosm_sqlite.authoring.sources.dbase import DbaseOpener
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.fixed_width import FixedWidthOpener
from microcosm_sqlite.authoring.sources.json_lines import JsonLinesOpener
from microcosm_sqlite.authoring.sources.labelled import LABELLED_SUFFIXES, LabelledOpener
from microcosm_sqlite.authoring.sources.nested import NestedOpener
from microcosm_sqlite.authoring.sources.python_source import FunctionOpener, SourceFunction
from microcosm_sqlite.authoring.sources.records import Opener, SourceFile
from microcosm_sqlite.authoring.sources.shapes import ShapeOpener
from microcosm_sqlite.authoring.sources.spatial import GeoJsonOpener
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS
from microcosm_sqlite.authoring.sources.workbooks import WORKBOOK_SUFFIXES, SheetOpener
from microcosm_sqlite.authoring.values.layout import make_identifier


@dataclass(frozen=True)
class Format:
    """One format of files.

    Attributes:
        name: What the format is called.
        suffixes: What the names of files end in.
        opener: What opens a file; None for delimited text, which has options.
        extra: The extra of this distribution that installs what reads it, if any.
        is_packed: Whether a suffix of a compression may follow.
    """

    name: str
    suffixes: tuple[str, ...]
    opener: Callable[[SourceFile], Opener] | None = None
    extra: str = ""
    is_packed: bool = False


DATABASE = "sqlite"
"""The format of a file that holds many tables, whose suffix is one of `DATABASE_SUFFIXES`."""
WORKBOOK = "workbook"
"""The format of a file whose sheets are tables."""
DELIMITED = ("csv", "tsv")
"""The formats of delimited text."""

FORMATS = {
    each.name: each
    for each in (
        Format("csv", (".csv",), is_packed=True),
        Format("tsv", (".tsv", ".tab"), is_packed=True),
        Format("jsonl", (".jsonl", ".ndjson", ".json"), JsonLinesOpener, is_packed=True),
        Format("parquet", (".parquet",), ArrowOpener, "arrow"),
        Format("arrow", (".feather", ".arrow", ".arrows", ".ipc"), ArrowOpener, "arrow"),
        Format("orc", (".orc",), ArrowOpener, "arrow"),
        Format("geojson", (".geojson",), GeoJsonOpener, is_packed=True),
        Format("shapefile", (".shp",), ShapeOpener, "spatial"),
        Format("dbase", (".dbf",), DbaseOpener),
        Format("fixed", (".fwf",), FixedWidthOpener),
        Format("labelled", LABELLED_SUFFIXES, LabelledOpener, "labelled"),
        Format(WORKBOOK, WORKBOOK_SUFFIXES, SheetOpener, "excel"),
        Format(DATABASE, DATABASE_SUFFIXES, TableOpener),
    )
}
"""Every format by its name."""

SUFFIXES = {suffix: each.name for each in FORMATS.values() for suffix in each.suffixes}
"""File name suffix to format, in front of any suffix of a compression."""

Source = SourceFile | SourceFunction
"""Where rows of one table come from."""


def split_name(path: Path) -> tuple[str, str]:
    """The table that a file is named after, and its format, or an empty string for none."""
    name, source_format = _unpack_name(path)
    is_packed = name.name != path.name
    if not source_format or (is_packed and not FORMATS[source_format].is_packed):
        return path.name, ""
    return name.stem, source_format


def unpack_name(path: Path) -> str:
    """What a file has to be called unpacked, of a format that is not read compressed; or nothing.

    >>> unpack_name(Path("people.xlsx.gz")), unpack_name(Path("people.csv.gz"))
    ('people.xlsx', '')
    """
    name, source_format = _unpack_name(path)
    is_packed = name.name != path.name
    is_read = not source_format or FORMATS[source_format].is_packed
    return name.name if is_packed and not is_read else ""


def _unpack_name(path: Path) -> tuple[Path, str]:
    """The name without the suffix of a compression, and the format that it is of."""
    packing = path.suffix if path.suffix.lower() in COMPRESSIONS else ""
    name = Path(path.name.removesuffix(packing))
    return name, SUFFIXES.get(name.suffix.lower(), "")


def name_table(path: Path) -> str:
    """The table that a file is named after, as an identifier."""
    table = make_identifier(split_name(path)[0]) or "data"
    is_reserved = table.lower().startswith("sqlite_")
    return f"_{table}" if is_reserved else table


def choose_opener(source: Source, options: CsvOptions, repairs: tuple[Repair, ...] = ()) -> Opener:
    """Return the function that opens a source, by its format; only delimited text has repairs."""
    if isinstance(source, SourceFunction):
        return FunctionOpener(source)
    if source.nested:
        inner = choose_opener(replace(source, nested=None), options)
        return NestedOpener(inner, source.name, source.nested)
    if source.format == "fixed":
        return FixedWidthOpener(source, options.encoding)
    opener = FORMATS[source.format].opener
    return opener(source) if opener else DelimitedOpener(source, options, repairs=repairs)
