"""In which dialect a whole file is written, and which of its rows need a repair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice, zip_longest
from typing import NamedTuple

from microcosm_sqlite.authoring.drafting.from_files.closing_rows import may_end
from microcosm_sqlite.authoring.drafting.from_files.dialect_fit import NEVER_USED, fits
from microcosm_sqlite.authoring.drafting.from_files.file_rows import MARK, is_rule
from microcosm_sqlite.authoring.drafting.from_files.late_tables import count_descriptions
from microcosm_sqlite.authoring.drafting.from_files.repairing import (
    Accept,
    describe_proposals,
    propose_repairs,
)
from microcosm_sqlite.authoring.drafting.from_files.row_watch import RowWatch, find_last_plain
from microcosm_sqlite.authoring.drafting.from_files.sections import tells_units
from microcosm_sqlite.authoring.drafting.from_files.views import (
    COMMENT,
    drop_blank_surplus,
    find_kinds,
    is_unlike,
)
from microcosm_sqlite.authoring.loading.children import doing_beside, may_share
from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import BLANK, DelimitedOpener, make_dialect
from microcosm_sqlite.authoring.sources.records import SourceFile
from microcosm_sqlite.authoring.values.layout import make_names
from microcosm_sqlite.errors import SourceError

ROW_NAME = "row_name"
"""The column of the names of rows, for which a header has none."""

_ENOUGH_FOR_ROW_NAMES = 3
_ENOUGH_FOR_A_TABLE = 2
_HEAD_ROWS = 200


class Choice(NamedTuple):
    """How a file is to be read.

    Attributes:
        options: Its dialect.
        repairs: What is read instead of some of its lines.
        proposals: Repairs that were not accepted, and that it can be read without.
    """

    options: CsvOptions
    repairs: tuple[Repair, ...] = ()
    proposals: tuple[Repair, ...] = ()


def choose_dialect(source: SourceFile, guessed: CsvOptions, accept: Accept) -> Choice:
    """Find the dialect that a whole file is written in, and its repairs, if some are accepted.

    Args:
        source: The file.
        guessed: The dialect that its head suggests.
        accept: Asked which of the repairs proposed are to be made.

    Raises:
        SourceError: It has rows that fit no dialect.
    """
    may_have_others = partial(_may_have_other_rows, source)
    with _looking_ahead(may_have_others, source, guessed) as finish:
        options = _find_fitting(source, guessed)
        if options == guessed:
            return _improve(source, options, accept, finish)
    if options is None:
        return _repair(source, guessed, accept)
    return _improve(source, options, accept, partial(may_have_others, options))


@contextmanager
def _looking_ahead(
    look: Callable[[CsvOptions], bool], source: SourceFile, guessed: CsvOptions
) -> Iterator[Callable[[], bool]]:
    """Look at a large file in another process, as if the dialect was known to be the right one."""
    if may_share(source.size):
        with doing_beside(partial(look, guessed)) as finish:
            yield finish
    else:
        yield partial(look, guessed)


def _find_fitting(source: SourceFile, guessed: CsvOptions) -> CsvOptions | None:
    """The likeliest dialect that the whole file fits, if any."""
    fitting = (one for one in _list_dialects(guessed) if fits(source, one))
    # Lines whose words are fields would be taken for texts of one column.
    named = _name_rows(source, guessed) if guessed.delimiter == " " else None
    options = named or next(fitting, None) or _name_rows(source, guessed)
    if options is None and fits(source, guessed, may_swallow=True):
        return guessed
    return options


def _repair(source: SourceFile, guessed: CsvOptions, accept: Accept) -> Choice:
    """Read a file that has rows which fit no dialect.

    Raises:
        SourceError: There are rows that cannot be repaired, or are not to be.
    """
    choices = [
        Choice(options, repairs)
        for options in _list_quotings(guessed)
        if (repairs := propose_repairs(source, options)) and fits(source, options, repairs=repairs)
    ]
    if not choices:
        raise _find_misfit(source, guessed)
    choice = min(choices, key=lambda choice: len(choice.repairs))
    accepted = tuple(accept(source.name, choice.repairs))
    left = tuple(repair for repair in choice.repairs if repair not in accepted)
    for fills_rows in (False, True):
        dialect = replace(choice.options, fills_rows=fills_rows or choice.options.fills_rows)
        if not left or (accepted and fits(source, dialect, repairs=accepted)):
            return Choice(dialect, accepted, left)
    error = _find_misfit(source, guessed)
    error.hint = f"{error.hint} Or draft it {describe_proposals(choice.repairs)}.".strip()
    raise error


def _improve(
    source: SourceFile,
    options: CsvOptions,
    accept: Accept,
    may_have_others: Callable[[], bool],
) -> Choice:
    """Read a file that can be read, but may have rows that are not of its table."""
    if not (options.fills_rows or may_have_others()):
        return Choice(options)
    strict = replace(options, fills_rows=False)
    repairs = propose_repairs(source, strict)
    if not repairs or not fits(source, strict, repairs=repairs):
        return Choice(options)
    if options.fills_rows and _are_alike(source, options, Choice(strict, repairs)):
        return Choice(options)
    accepted = tuple(accept(source.name, repairs))
    left = tuple(repair for repair in repairs if repair not in accepted)
    for dialect in (strict, options) if accepted else ():
        if fits(source, dialect, repairs=accepted):
            return Choice(dialect, accepted, left)
    return Choice(options, (), repairs)


def _may_have_other_rows(source: SourceFile, options: CsvOptions) -> bool:
    """Whether a file that can be read has rows that may not be of its table."""
    with DelimitedOpener(source, options)() as records:
        header, rows = records.header, records.numbered()
        head = [*islice(rows, _HEAD_ROWS)]
        kinds = find_kinds([row for _, row in head[1:]], len(header))
        if head and options.header is True:
            rows_below = [row for _, row in head]
            if _is_subheader(rows_below[0], kinds) or count_descriptions(rows_below, len(header)):
                return True
        if header[0].startswith(MARK):
            return True
        delimiter = make_dialect(source, options)["delimiter"]
        watch = RowWatch(header, delimiter, kinds)
        if any(watch.is_other(line, row) for line, row in head):
            return True
        if (last := find_last_plain(records.read_blocks(), watch)) is not None:
            return may_end(last)
    with DelimitedOpener(source, options)() as records:
        rows = islice(records.numbered(), len(head), None)
        return any(watch.is_other(line, row) for line, row in rows) or may_end(watch.last)


def _is_subheader(fields: Sequence[str], kinds: Mapping[int, str]) -> bool:
    """Whether the first row may be a part of the header, or units."""
    return is_unlike(fields, kinds) or tells_units(fields) or is_rule(fields)


def _are_alike(source: SourceFile, options: CsvOptions, choice: Choice) -> bool:
    """Whether repairs give the same rows as a dialect without them."""
    repaired = DelimitedOpener(source, choice.options, repairs=choice.repairs)
    with DelimitedOpener(source, options)() as records, repaired() as others:
        return records.header == others.header and all(
            row == other for row, other in zip_longest(records, others)
        )


def _list_quotings(guessed: CsvOptions) -> list[CsvOptions]:
    usual = [replace(guessed, quotechar='"')] if guessed.quotechar == "'" else []
    return [guessed, *usual, replace(guessed, escapechar="\\"), replace(guessed, quotechar="")]


def _list_dialects(guessed: CsvOptions) -> Iterator[CsvOptions]:
    """The dialects in which a file may be written, the likeliest first."""
    quotings = _list_quotings(guessed)
    yield guessed
    yield replace(guessed, skip_initial_space=True)
    yield from quotings[1:]
    yield replace(guessed, comment=COMMENT, skip_lines=0)
    yield from (replace(one, fills_rows=True) for one in quotings)
    one = replace(guessed, delimiter=NEVER_USED, skip_initial_space=False)
    yield replace(one, quoted_lines=False)


def _name_rows(source: SourceFile, guessed: CsvOptions) -> CsvOptions | None:
    """The dialect of R: rows begin with their name, for which the header has none."""
    try:
        with DelimitedOpener(source, guessed)() as records:
            numbered = list(islice(records.numbered(), _ENOUGH_FOR_ROW_NAMES))
            names = [ROW_NAME, *map(_strip, records.header)]
            differ = "" not in names and len(set(names)) == len(names)
            header = tuple(names) if differ else make_names(names)
    except SourceError:
        return None
    # Spaces part fields with quotes around them in the tables of R above all.
    enough = 2 if guessed.delimiter == " " else _ENOUGH_FOR_ROW_NAMES
    are_named = len({row[0] for _, row in numbered}) >= enough
    if not are_named or not isinstance(guessed.header, bool):
        return None
    named = replace(guessed, header=header, skip_lines=numbered[0][0] - 1)
    return named if fits(source, named) else None


def _find_misfit(source: SourceFile, options: CsvOptions) -> SourceError:
    """The error that tells where a file breaks in the likeliest dialect."""
    odd: list[tuple[int, int]] = []
    fitting_behind = 0
    try:
        for fills_rows in (True, False):
            with DelimitedOpener(source, replace(options, fills_rows=fills_rows))() as records:
                header, width = records.header, len(records.header)
                for line, row in records.numbered():
                    if len(row) != width:
                        odd.append((line, len(row)))
                    fitting_behind += bool(odd) and len(row) == width
            if odd:
                break
    except SourceError as error:
        return error
    line, found = odd[0]
    more = f"{len(odd) - 1:,} more row{' does' if len(odd) == 2 else 's do'} not fit it either"
    others = f"; {more}" if len(odd) > 1 else ""
    hint = f"Quote fields that hold {options.delimiter!r}, or name the surplus in the header."
    if not fitting_behind and len(drop_blank_surplus(header, found)) == found:
        surplus = options.delimiter * (width - found)
        hint = f"Delete the surplus {surplus!r} at the end of the header."
    elif not fitting_behind and len(odd) > _ENOUGH_FOR_A_TABLE and {found} == {n for _, n in odd}:
        hint = f"If another table begins in line {line}, save it as a file of its own."
    return SourceError(
        f"{source.name}, line {line}: {found} fields where the header has {width}{others}.",
        file=source.name,
        line=line,
        hint=hint,
    )


def list_odd_rows(source: SourceFile, options: CsvOptions) -> list[int]:
    """The lines of the rows that are made as wide as the header; blanks are no rows."""
    with DelimitedOpener(source, replace(options, fills_rows=False))() as records:
        width = len(records.header)
        return [
            line for line, row in records.numbered() if len(row) != width and any(map(_strip, row))
        ]


def _strip(field: str) -> str:
    return field.strip(BLANK)
