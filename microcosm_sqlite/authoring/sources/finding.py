"""The search for the files that hold the rows of each table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from microcosm_sqlite.authoring.project.pyproject import write_toml
from microcosm_sqlite.authoring.project.repairs import REPAIRS_FILE
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.authoring.sources.archives import is_archive
from microcosm_sqlite.authoring.sources.companions import is_companion
from microcosm_sqlite.authoring.sources.contents import list_contents
from microcosm_sqlite.authoring.sources.databases import DATABASE_SUFFIXES, split_table
from microcosm_sqlite.authoring.sources.formats import (
    DATABASE,
    DELIMITED,
    SUFFIXES,
    Source,
    split_name,
    unpack_name,
)
from microcosm_sqlite.authoring.sources.json_lines import is_other_json
from microcosm_sqlite.authoring.sources.members import (
    advise_member,
    find_member,
    list_member_sources,
    split_member,
)
from microcosm_sqlite.authoring.sources.python_source import SourceFunction
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS, ends_as_dos
from microcosm_sqlite.authoring.sources.workbooks import WORKBOOK_SUFFIXES
from microcosm_sqlite.catalog.preflight import POINTER
from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import SettingsError, SourceError


def find_sources(
    settings: ProjectSettings, tables: Collection[str]
) -> dict[str, tuple[Source, ...]]:
    """Match files to tables by name: `<table>.csv[.gz|.zip|...]`, or a folder of such parts.

    A database stands for each of its tables, and an archive for those of its members.

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
        found = _scan_folder(settings, tables)
    found |= _find_nested(found, settings)
    _match(found, tables, settings)
    _match_repairs(found, settings)
    return {table: files for table, files in found.items() if table in tables}


def _find_nested(
    found: Mapping[str, tuple[Source, ...]], settings: ProjectSettings
) -> dict[str, tuple[Source, ...]]:
    """The tables whose rows are within the sources of others.

    Raises:
        SettingsError: There are no such sources, or none whose rows can be referred to.
    """
    nested: dict[str, tuple[Source, ...]] = {}
    for table, options in settings.tables.items():
        inside = options.nested
        if not inside:
            continue
        files = [each for each in found.get(inside.table, ()) if isinstance(each, SourceFile)]
        if not files or (inside.row and len(files) > 1):
            what = "several files" if files else "no file"
            raise SettingsError(
                f"Option `nested` of table `{table}` names table `{inside.table}`, which has "
                f"{what} to read from.",
                hint=f"Name fields as its key: `key = {{id = {write_toml(inside.row or 'id')}}}`."
                if files
                else "Correct the name of the table.",
            )
        nested[table] = tuple(
            replace(each, name=f"{each.name}#{inside.field}", nested=inside) for each in files
        )
    return nested


def _scan_folder(
    settings: ProjectSettings, tables: Collection[str]
) -> dict[str, tuple[Source, ...]]:
    folder = settings.root / str(settings.sources)
    if not folder.is_dir():
        raise SettingsError(
            f"The folder of sources, {folder}, does not exist.",
            hint="Put one file per table there, or name the folder in option `sources`.",
        )
    found: dict[str, tuple[Source, ...]] = {}
    for path in sorted(folder.iterdir()):
        for table, files in _list_sources(path, settings.root, tables):
            if table in found:
                raise SettingsError(
                    f"Table `{table}` has two sources: {found[table][0].name} and {files[0].name}.",
                    hint="To load one table from several files, put them in the folder "
                    f"{folder / table}.",
                )
            found[table] = files
    return found


def _list_sources(
    path: Path, root: Path, tables: Collection[str]
) -> Iterator[tuple[str, tuple[Source, ...]]]:
    """The tables that a file or folder stands for, each with its parts."""
    table, source_format = split_name(path)
    if path.name.startswith(".") or _is_none(path):
        return
    if path.is_dir():
        parts = tuple(_describe(part, "", root, path.name) for part in _iterate_parts(path))
        if parts:
            yield path.name, parts
    elif source_format:
        name = _name(path, root)
        refuse_pointer(path, name)
        for named, part in list_contents(path, name, table):
            yield named, (_describe(path, part, root),)
    elif is_archive(path):
        name = _name(path, root)
        refuse_pointer(path, name)
        yield from list_member_sources(path, name, tables)
    elif unpack_name(path):
        yield table, (_describe(path, "", root),)


def _iterate_parts(folder: Path) -> Iterator[Path]:
    return (
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and (split_name(path)[1] or unpack_name(path)) and not _is_none(path)
    )


def _is_none(path: Path) -> bool:
    """Whether a file is no source by itself, though it is called as one."""
    return path.is_file() and (is_companion(path) or is_other_json(path))


def find_links_out(sources: Iterable[tuple[Source, ...]], root: Path) -> Iterator[tuple[str, Path]]:
    """The sources that are in a project and links out of it, with the files that are read."""
    for source in chain.from_iterable(sources):
        if isinstance(source, SourceFile) and source.path.is_relative_to(root):
            file = source.path.resolve()
            if not file.is_relative_to(root.resolve()):
                yield source.name, file


def find_dos_ends(sources: Iterable[Source]) -> Iterator[SourceFile]:
    """The sources of text whose last byte is left out, as it ended files of DOS."""
    for source in sources:
        is_text = isinstance(source, SourceFile) and source.format in (*DELIMITED, "jsonl")
        if isinstance(source, SourceFile) and is_text and ends_as_dos(source.path):
            yield source


def _find_named(name: str, table: str, root: Path) -> Source:
    module, colon, function = name.partition(":")
    if colon and function.isidentifier() and module.replace(".", "").isidentifier():
        return SourceFunction(name)
    archive, member = split_member(name, root)
    if archive:
        refuse_pointer(root / archive, archive)
        return find_member(root / archive, archive, member, table)
    file, part = split_table(name, root, (*DATABASE_SUFFIXES, *WORKBOOK_SUFFIXES))
    return _describe(root / file, part, root, table)


def _name(path: Path, root: Path) -> str:
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return str(path)


def _describe(path: Path, part: str, root: Path, table: str = "") -> SourceFile:
    """A file as a source.

    Args:
        path: The file.
        part: The table or sheet in it, if it holds many and it is said which.
        root: Where the project is.
        table: The table that it has rows of, which is that of a database as well.
    """
    name = _name(path, root)
    if not path.is_file():
        raise SourceError(f"{name} does not exist.", file=name)
    refuse_pointer(path, name)
    source_format = split_name(path)[1]
    if unpacked := unpack_name(path):
        raise SourceError(
            f"{name} is compressed, which only text may be.",
            file=name,
            hint=f"Unpack it, and call it {unpacked}.",
        )
    if not source_format:
        raise SettingsError(
            f"{name} is of no known format.",
            hint=(is_archive(path) and advise_member(path, name))
            or f"Known: {', '.join(SUFFIXES)}; text also with {', '.join(COMPRESSIONS)}.",
        )
    part = part or (table if source_format == DATABASE else "")
    return SourceFile(path, f"{name}#{part}" if part else name, source_format, part)


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
                f"{REPAIRS_FILE} repairs {name}, which is not a source of delimited text.",
                hint=suggest(name, known, spell="{}".format)
                or "Delete its repairs, or correct the name of the source.",
            )


def _advise(without_source: Collection[str], without_table: Collection[str]) -> str:
    """Suggest what to do about tables without a source, sources or options without a table."""
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
