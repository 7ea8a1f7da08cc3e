"""Which files hold the rows of which table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE, Repair
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.databases import (
    DATABASE_SUFFIXES,
    TableOpener,
    is_database,
    list_tables,
    split_table,
)
from microcosm_sqlite.authoring.sources.delimited import DelimitedOpener
from microcosm_sqlite.authoring.sources.json_lines import JsonLinesOpener
from microcosm_sqlite.authoring.sources.parquet import ParquetOpener
from microcosm_sqlite.authoring.sources.python_source import FunctionOpener, SourceFunction
from microcosm_sqlite.authoring.sources.records import Opener, SourceFile
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS
from microcosm_sqlite.authoring.sources.workbooks import (
    WORKBOOK_SUFFIXES,
    SheetOpener,
    survey_workbook,
)
from microcosm_sqlite.authoring.values.layout import make_identifier
from microcosm_sqlite.catalog.preflight import POINTER
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import SettingsError, SourceError

WORKBOOK = "workbook"
"""The format of a file whose sheets are tables."""

FORMATS = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    **dict.fromkeys(WORKBOOK_SUFFIXES, WORKBOOK),
}
"""File name suffix to format, in front of any suffix of a compression."""

DELIMITED = ("csv", "tsv")
"""The formats of delimited text."""

DATABASE = "sqlite"
"""The format of a file that holds many tables, whose suffix is one of `DATABASE_SUFFIXES`."""


Source = SourceFile | SourceFunction
"""Where rows of one table come from."""


def find_sources(
    settings: ProjectSettings, tables: Collection[str]
) -> dict[str, tuple[Source, ...]]:
    """Match files to tables by name: `<table>.csv[.gz|.zip|...]`, or a folder of such parts.

    A database stands for each of its tables.

    Returns:
        The files of each table that has any, in the order in which they are loaded.

    Raises:
        SettingsError: A table has no source or a source has no table, and the settings do not
            allow it.
    """
    if isinstance(settings.sources, Mapping):
        found: dict[str, tuple[Source, ...]] = {
            table: tuple(_find_named(file, table, settings.root) for file in files)
            for table, files in settings.sources.items()
        }
    else:
        found = _scan_folder(settings)
    _match(found, tables, settings)
    _match_repairs(found, settings)
    return {table: files for table, files in found.items() if table in tables}


def _scan_folder(settings: ProjectSettings) -> dict[str, tuple[Source, ...]]:
    folder = settings.root / str(settings.sources)
    if not folder.is_dir():
        raise SettingsError(
            f"The folder of sources, {folder}, does not exist.",
            hint="Put one file per table there, or name the folder in option `sources`.",
        )
    found: dict[str, tuple[Source, ...]] = {}
    for path in sorted(folder.iterdir()):
        for table, files in _list_sources(path, settings.root):
            if table in found:
                raise SettingsError(
                    f"Table `{table}` has two sources: {found[table][0].name} and {files[0].name}.",
                    hint="To load one table from several files, put them in the folder "
                    f"{folder / table}.",
                )
            found[table] = files
    return found


def _list_sources(path: Path, root: Path) -> Iterator[tuple[str, tuple[Source, ...]]]:
    """The tables that a file or folder stands for, each with its parts."""
    table, source_format = split_name(path)
    if path.name.startswith("."):
        return
    if path.is_dir():
        parts = tuple(_describe(part, path.name, root) for part in _iterate_parts(path))
        if parts:
            yield path.name, parts
    elif source_format == DATABASE:
        for name in list_tables(path, _name(path, root)):
            yield name, (_describe(path, name, root),)
    elif source_format == WORKBOOK:
        name = _name(path, root)
        refuse_pointer(path, name)
        for sheet_table, sheet in survey_workbook(path, name, table).tables.items():
            yield sheet_table, (SourceFile(path, f"{name}#{sheet}", WORKBOOK, sheet),)
    elif source_format:
        yield table, (_describe(path, table, root),)


def _iterate_parts(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.is_file() and split_name(path)[1])


def find_links_out(sources: Iterable[tuple[Source, ...]], root: Path) -> Iterator[tuple[str, Path]]:
    """The sources that are in a project and links out of it, with the files that are read."""
    for source in chain.from_iterable(sources):
        if isinstance(source, SourceFile) and source.path.is_relative_to(root):
            file = source.path.resolve()
            if not file.is_relative_to(root.resolve()):
                yield source.name, file


def _find_named(name: str, table: str, root: Path) -> Source:
    module, colon, function = name.partition(":")
    if colon and function.isidentifier() and module.replace(".", "").isidentifier():
        return SourceFunction(name)
    file, named = split_table(name, root, (*DATABASE_SUFFIXES, *WORKBOOK_SUFFIXES))
    found = _describe(root / file, named or table, root)
    is_sheet = named and found.format == WORKBOOK
    return SourceFile(found.path, name, WORKBOOK, named) if is_sheet else found


def _name(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def _describe(path: Path, table: str, root: Path) -> SourceFile:
    name = _name(path, root)
    if not path.is_file():
        raise SourceError(f"{name} does not exist.", file=name)
    refuse_pointer(path, name)
    source_format = split_name(path)[1]
    if not source_format:
        raise SettingsError(
            f"{name} is of no known format.",
            hint=f"Known: {', '.join(FORMATS)}, plain or with {', '.join(COMPRESSIONS)}, and "
            f"{', '.join(DATABASE_SUFFIXES)}.",
        )
    if source_format == DATABASE:
        return SourceFile(path, f"{name}#{table}", DATABASE, table)
    return SourceFile(path, name, source_format)


def refuse_pointer(path: Path, name: str) -> None:
    """Refuse a file that Git LFS left in place of the source.

    Raises:
        SourceError: It is one, or cannot be read.
    """
    mark, description = POINTER
    try:
        with path.open("rb") as stream:
            is_pointer = stream.read(len(mark)) == mark
    except OSError as error:
        raise SourceError(
            f"{name} cannot be read: {error.strerror}.",
            file=name,
            hint="Check that it is there and that you may read it.",
        ) from error
    if is_pointer:
        raise SourceError(f"{name} is {description}.", file=name, hint="Fetch it: git lfs pull")


def split_name(path: Path) -> tuple[str, str]:
    """The table that a file is named after, and its format, or an empty string for none."""
    name = path.name
    if path.suffix.lower() in DATABASE_SUFFIXES:
        return path.stem, DATABASE
    if Path(name).suffix.lower() in COMPRESSIONS:
        name = name[: -len(Path(name).suffix)]
    source_format = FORMATS.get(Path(name).suffix.lower(), "")
    return (name[: -len(Path(name).suffix)] if source_format else path.name), source_format


def name_table(path: Path) -> str:
    """The table that a file is named after, as an identifier."""
    table = make_identifier(split_name(path)[0]) or "data"
    is_reserved = table.lower().startswith("sqlite_")
    return f"_{table}" if is_reserved else table


def match_editions(
    files: Iterable[Path],
    sources: Mapping[str, Sequence[Source]],
    upstream: Mapping[str, str],
) -> Iterator[tuple[Path, list[str], SourceFile | None]]:
    """Match new editions to the sources of a project, by the names of source, table or upstream.

    Args:
        files: The new editions.
        sources: Table to its sources.
        upstream: Table to what its file is called where it comes from.

    Yields:
        Each file with the tables whose rows it has, and the source that it is an edition of; none
        where no table is called so.

    Raises:
        SettingsError: Two are editions of one source.
    """
    seen: dict[Path, Path] = {}
    for file in files:
        found = {
            table: source
            for table, listed in sources.items()
            for source in listed
            if isinstance(source, SourceFile)
            and _is_edition(file, source, (table if len(listed) == 1 else "", upstream.get(table)))
        }
        source = next(iter(found.values()), None)
        if source and source.path in seen:
            raise SettingsError(
                f"{seen[source.path].name} and {file.name} are both for {source.path.name}; "
                "nothing was changed.",
                hint="Name one of them.",
            )
        if source:
            seen[source.path] = file
        yield file, [*found], source


def _is_edition(file: Path, source: SourceFile, names: tuple[str, str | None]) -> bool:
    table, upstream = names
    if source.format == DATABASE or is_database(file):
        is_same = split_name(file)[0].lower() == split_name(source.path)[0].lower()
        return source.format == DATABASE and is_database(file) and is_same
    is_called = split_name(file)[1] != "" and name_table(file) == table
    return file.name in (source.path.name, upstream) or is_called


def _match(
    found: Mapping[str, tuple[Source, ...]],
    tables: Collection[str],
    settings: ProjectSettings,
) -> None:
    without_source = sorted(set(tables) - set(found))
    without_table = sorted(set(found) - set(tables))
    unknown = sorted(set(settings.tables) - set(tables))
    complaints = []
    if unknown:
        complaints.append(f"options for table {_quote(unknown)}, which no model declares")
    if without_source and settings.tables_without_source == "error":
        complaints.append(f"no source for table {_quote(without_source)}")
    if without_table and settings.unknown_sources == "error":
        complaints.append(f"no table for source {_quote(without_table)}")
    if complaints:
        raise SettingsError(
            f"Models and sources of dataset `{settings.dataset}` do not match: "
            f"{'; '.join(complaints)}. Tables: {_quote(tables)}; sources: {_quote(found)}.",
            hint=_advise(without_source, without_table),
        )


def _match_repairs(found: Mapping[str, tuple[Source, ...]], settings: ProjectSettings) -> None:
    """Refuse repairs of what is no source, or none of delimited text.

    Raises:
        SettingsError: There are such.
    """
    known = [
        source.name
        for sources in found.values()
        for source in sources
        if isinstance(source, SourceFile) and source.format in DELIMITED
    ]
    for name in settings.repairs:
        if name not in known:
            raise SettingsError(
                f"{REPAIRS_FILE} repairs {name}, which is no source of delimited text.",
                hint=suggest(name, known, spell="{}".format)
                or "Delete its repairs, or correct the name of the source.",
            )


def _advise(without_source: Collection[str], without_table: Collection[str]) -> str:
    """What to do about tables without a source, sources without a table, or options of none."""
    advice = []
    if without_source and without_table:
        advice.append("Rename one of them, if they are the same.")
    if without_source:
        advice.append(
            f"Put the source of {_quote(without_source)} back, remove the model, "
            'or set `tables-without-source = "empty"`.'
        )
    if without_table:
        advice.append(
            f"Write a model of {_quote(without_table)}, which `microcosm-sqlite new ... --from` "
            'drafts from a folder of such files, or set `unknown-sources = "ignore"`.'
        )
    return " ".join(advice) or "Rename the options, or remove them."


def _quote(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


def choose_opener(source: Source, options: CsvOptions, repairs: tuple[Repair, ...] = ()) -> Opener:
    """What opens a source, by its format; only delimited text has repairs."""
    if isinstance(source, SourceFunction):
        return FunctionOpener(source)
    match source.format:
        case "jsonl":
            return JsonLinesOpener(source)
        case "parquet":
            return ParquetOpener(source)
    if source.format == DATABASE:
        return TableOpener(source)
    if source.format == WORKBOOK:
        return SheetOpener(source)
    return DelimitedOpener(source, options, repairs=repairs)
