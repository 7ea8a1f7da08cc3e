"""What to do about a new edition that no longer fits, as far as its file and its values tell."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from microcosm_sqlite.authoring.drafting.from_files.file_kind import refuse_disguise
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredTable
from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile, TypedFile
from microcosm_sqlite.authoring.drafting.from_files.repairing import accept_none
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff_tables
from microcosm_sqlite.authoring.drafting.project_context import (
    HOOK_TABLE,
    describe_options,
    list_csv_options,
)
from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.project.source_options import CsvOptions, TableOptions
from microcosm_sqlite.authoring.sources.contents import list_contents
from microcosm_sqlite.authoring.sources.formats import (
    DELIMITED,
    WORKBOOK,
    Source,
    choose_opener,
    split_name,
)
from microcosm_sqlite.authoring.sources.meanings import ColumnDescription
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.sources.streams import COMPRESSIONS, ignore_advance
from microcosm_sqlite.authoring.values.date_formats import STYLES, choose_style, find_styles
from microcosm_sqlite.authoring.values.layout import make_names
from microcosm_sqlite.errors import SourceError

_LABELLED = ("fixed", "labelled")


def advise_reading(
    file: Path,
    table: str,
    columns: Sequence[str],
    numbers: Collection[str],
    options: TableOptions,
    *,
    is_cut: bool,
) -> str:
    """How a file is written, if that is otherwise than the settings say, as a sentence.

    Args:
        file: The file.
        table: Its table.
        columns: The columns of the table that a file may have, in their order.
        numbers: Those of them that it may lack, as they may number the rows.
        options: How it is read.
        is_cut: Whether it may be cut off.
    """
    if is_cut:
        return "Its last line has no end, so it may be cut off: fetch it again."
    # What cannot be read is told by the error that this is added to.
    raw = _sniff_first(file)
    if not isinstance(raw, RawFile):
        return ""
    written = InferredTable(table, raw, {}, 0)
    found = list_csv_options(written, options.csv)
    told = describe_options({f"csv.{name}": value for name, value in found.items()})
    place = f"[{HOOK_TABLE}.tables.{write_toml_key(table)}]"
    if len(raw.names) != len(columns):
        columns = [name for name in columns if name not in numbers]
    if found.get("header") is False and len(raw.names) == len(columns):
        named = zip(make_names(raw.header), columns, strict=True)
        given = ", ".join(f"{write_toml(field)} = {write_toml(name)}" for field, name in named)
        return (
            f"It seems to have no line that names its columns. Put that back; or if they are in "
            f"the order of the model, say {told}, columns = {{{given}}} in {place}."
        )
    return f"It seems to be written differently: set {told} in {place}." if told else ""


def find_disguise(file: Path) -> str:
    """What a file is that is not what it is called, and what to do with it; empty for others."""
    try:
        refuse_disguise(file)
    except SourceError as error:
        return str(error)
    return ""


def advise_dates(table: str, column: str, texts: Iterable[str]) -> str:
    """The setting by which all texts are dates, as a sentence; empty where there is none.

    >>> advise_dates("visits", "day", ["04/30/1992", "5/1/1992"])
    'If it is a date, set `tables.visits.formats.day = "%m/%d/%Y"`.'
    """
    styles = frozenset(STYLES)
    for text in texts:
        styles = find_styles(text.strip(), styles)
    if not (style := choose_style(styles)):
        return ""
    setting = f"tables.{write_toml_key(table)}.formats.{write_toml_key(column)}"
    return f"If it is a date, set `{setting} = {write_toml(style)}`."


def find_respelled(labels: Iterable[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """The labels that differ in capitals from one that is known, each with that one.

    >>> list(find_respelled(["male", "none"], ["Female", "Male"]))
    [('male', 'Male')]
    """
    folded = {label.casefold(): label for label in known}
    for label in labels:
        if other := folded.get(label.casefold()):
            yield label, other


def pair_by_place(fields: Sequence[str], columns: Sequence[str]) -> dict[str, str]:
    """Fields that stand where columns of other names stood, if all others are where they were.

    >>> pair_by_place(["id", "mass", "born"], ["id", "weight", "born"])
    {'mass': 'weight'}
    >>> pair_by_place(["mass", "id", "born"], ["id", "weight", "born"])
    {}
    """
    if len(fields) != len(columns):
        return {}
    pairs = {field: name for field, name in zip(fields, columns, strict=True) if field != name}
    return {} if {*pairs} & {*columns} or {*pairs.values()} & {*fields} else pairs


def find_new_sheets(file: Path, before: Path) -> Iterator[str]:
    """What to do about each sheet that a workbook did not have before, as a sentence."""
    if not _are_workbooks(file, before):
        return
    stem = split_name(before)[0]
    known, now = (
        [table for table, _ in list_contents(each, each.name, stem)] for each in (before, file)
    )
    if not {*known} <= {*now}:
        return  # the only sheet that there was is called otherwise, say
    for table in now:
        if table not in known:
            yield (
                f"{file.name}: a new sheet would be table `{table}`. Say "
                f'unknown-sources = "ignore" in [{HOOK_TABLE}], and refresh again; then '
                f"`microcosm-sqlite add {shlex.quote(file.name)}` drafts its model."
            )


def advise_sheets(file: Path, before: Path, sources: Mapping[str, Sequence[Source]]) -> str:
    """What to do where the only sheet of a workbook is one of several now; empty where it is not.

    Args:
        file: The new edition.
        before: The one of the project.
        sources: Table to its sources.
    """
    if not _are_workbooks(file, before):
        return ""
    table = split_name(before)[0]
    (known, only), *others = list_contents(before, before.name, table)
    now = {sheet: name for name, sheet in list_contents(file, file.name, table)}
    if others or known != table or len(now) == 1:
        return ""
    told = f"{table}: {file.name} has {len(now)} sheets now, so no table has its name."
    if only not in now:
        names = ", ".join(f"`{name}`" for name in now)
        return f"{told} Sheet `{only}` is gone; there are {names}. Hide all but the table's sheet"
    return (
        f"{told} To read it from sheet `{only}` from now on, set {_spell_sources(sources)} in "
        f"[{HOOK_TABLE}]; or hide the other sheets"
    )


def _are_workbooks(*files: Path) -> bool:
    return all(split_name(file)[1] == WORKBOOK for file in files)


def _spell_sources(sources: Mapping[str, Sequence[Source]]) -> str:
    """The setting that names each source, as they are found in the folder of sources now."""
    named = {
        table: [each.name for each in listed]
        for table, listed in sources.items()
        if not any(isinstance(each, SourceFile) and each.nested for each in listed)
    }
    listed = (
        f"{write_toml_key(table)} = {write_toml(names[0] if len(names) == 1 else names)}"
        for table, names in named.items()
    )
    return f"sources = {{{', '.join(listed)}}}"


def read_descriptions(file: Path) -> Mapping[str, ColumnDescription]:
    """What a labelled file says that its fields mean; nothing of other files."""
    if split_name(file)[1] not in _LABELLED:
        return {}
    raw = _sniff_first(file)
    return raw.descriptions if isinstance(raw, TypedFile) else {}


def read_notes(sources: Iterable[Source], options: CsvOptions) -> frozenset[str]:
    """What of the files of a table is not taken as it stands there, as they are read now."""
    found: set[str] = set()
    for source in sources:
        if isinstance(source, SourceFile) and not source.member and source.path.is_file():
            with suppress(SourceError), choose_opener(source, options)(ignore_advance) as each:
                found.update(each.notes)
    return frozenset(found)


def _sniff_first(file: Path) -> RawFile | TypedFile | None:
    """How the first table of a file is written; None where it cannot be read."""
    try:
        return next((raw for _, raw in sniff_tables(file, accept_none, {})), None)
    except SourceError:
        return None


def spell_description(found: ColumnDescription) -> str:
    """What a column means, on one line.

    >>> spell_description(ColumnDescription("Sex", labels={"1": "Male"}))
    "'Sex', labels 1=Male"
    """
    labels = ", ".join(f"{code}={label}" for code, label in found.labels.items())
    parts = [repr(found.description) if found.description else ""]
    parts += [f"unit {found.unit}" if found.unit else "", f"labels {labels}" if labels else ""]
    return ", ".join(filter(None, parts)) or "nothing"


def may_be_cut(file: Path, before: Path) -> bool:
    """Whether the last line of a text does not end, though that of the edition before did."""
    return all(
        split_name(each)[1] in (*DELIMITED, "jsonl") and each.suffix.lower() not in COMPRESSIONS
        for each in (file, before)
    ) and (_ends(before) and not _ends(file))


def _ends(file: Path) -> bool:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 2))
        return stream.read().strip(b"\0").endswith((b"\n", b"\r"))
