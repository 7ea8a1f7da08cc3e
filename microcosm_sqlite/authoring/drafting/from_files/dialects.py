"""In which dialect a delimited text seems to be, and where its header is, judged by its head.

What is found here is tried on the whole file by `sniffing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from microcosm_sqlite.authoring.drafting.from_files.late_tables import (
    MOST_PREAMBLE,
    find_late_table,
    is_header_alike,
    view_late_table,
)
from microcosm_sqlite.authoring.drafting.from_files.views import (
    COMMENT,
    Row,
    View,
    are_spaced,
    drop_blank_surplus,
    find_kind,
    find_kinds,
    guess_quotechar,
    is_nothing,
    is_number,
    is_told_header,
    view_head,
)
from microcosm_sqlite.authoring.project.source_options import CsvOptions
from microcosm_sqlite.authoring.sources.delimited import allow_long_fields, unquote_line
from microcosm_sqlite.common.kinds import NUMBER, TEXT

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01", "\x02", "\x1c", "\x1d")
_EXCEL_HINT = re.compile(r"sep=(.)\s*")
_BETWEEN_QUOTES = re.compile('" +"')
_GAP = re.compile(" {2,}")
_PERIOD = re.compile(r"(1[5-9]|2[01])[0-9]{2}([-/.][0-9]{1,2}){0,2}|([0-9]{1,2}[-/.]){2}[0-9]{2,4}")
_CLOCK = re.compile(r"(?<![:\d])\d{1,2}:\d{2}(?!\d)|(?<!\d)\d{2}(:\d{2}){2}(?!\d)")
_ADDRESS = re.compile(r"[\dA-Fa-f:]*\s*")
_ENOUGH_TO_RISE = 4
"""Numbers that rise from left to right, in the first row only, before they are believed names."""
_ENOUGH_QUOTED = 3
"""Lines within quotes, before they are believed to be rows."""
_ENOUGH_ALIKE, _ENOUGH_WORDS = 2, 4
"""Lines of as many words, and how many words, before these are believed to be fields."""


def guess_dialect(lines: Sequence[str], usual_delimiter: str) -> CsvOptions:
    """The dialect that the first lines of a text suggest; one at least is not blank.

    >>> guess_dialect(["Prices;;", "", "day;price;note", "2013-01-31;1,5;", "2013-02-01;2;x"], ",")
    CsvOptions(delimiter=';', ..., skip_lines=2, header=True, ...)
    """
    if match := _EXCEL_HINT.fullmatch(lines[0]):
        return CsvOptions(delimiter=match[1], skip_lines=1)
    if _are_quoted(lines):
        unquoted = [*map(unquote_line, lines)]
        return replace(guess_dialect(unquoted, usual_delimiter), quoted_lines=True)
    quotechar = guess_quotechar(lines)
    text = "".join(lines)
    order = [usual_delimiter, *(each for each in DELIMITERS if each in text)]
    if _BETWEEN_QUOTES.search(lines[0]):
        order.append(" ")
    with allow_long_fields():
        views = (view_late_table(view_head(lines, each, quotechar)) for each in order)
        view = _prefer_tabs([*views])
        if view.width == 1:
            view = _view_rare(lines, quotechar) or view_head(lines, usual_delimiter, quotechar)
    if not view.rows:  # a quote that is open from the first line on
        return CsvOptions(delimiter=usual_delimiter, quotechar=quotechar)
    start = _find_header(view)
    plain = [row for row in view.rows[start:] if not _is_left_out(row)]
    has_comments = any(
        _is_left_out(row) and len(row.fields) != view.width for row in view.rows[start + 1 :]
    )
    head, *body = plain if has_comments and plain else view.rows[start:]
    has_notes = not all(has_comments and _is_left_out(row) for row in view.rows[:start])
    rows = [row.fields for row in body if not row.is_comment]
    return CsvOptions(
        delimiter=view.delimiter,
        quotechar=quotechar,
        skip_lines=head.start if has_notes else 0,
        header=not is_data(head.fields, rows),
        comment=COMMENT if has_comments else "",
        skip_initial_space=view.has_spaces or are_spaced(rows),
    )


def _is_left_out(row: Row) -> bool:
    """Whether a row begins with the mark of comments, as which it is left out wherever it is."""
    return row.fields[0].startswith(COMMENT)


def _are_quoted(lines: Sequence[str]) -> bool:
    """Whether whole lines are within quotes, the first at most is not, and all are rows inside.

    Commas with a space behind them belong to a text.
    """
    filled = [line for line in lines if line.strip()]
    unquoted = [*map(unquote_line, filled)]
    if len(filled) < _ENOUGH_QUOTED or any(map(str.__eq__, filled[1:], unquoted[1:])):
        return False
    views = (view_head(unquoted, delimiter, '"') for delimiter in DELIMITERS)
    return any(
        view.width > 1
        and view.agreement == 1
        and not any(field.startswith(" ") for row in view.rows for field in row.fields[1:])
        for view in views
    )


def _prefer_tabs(views: Sequence[View]) -> View:
    """The head whose delimiter fits best; texts hardly ever have tabs, so these go first."""
    best = max(views, key=_rank)
    tabs = [view for view in views if view.delimiter == "\t" and view.width > 1]
    return next((view for view in tabs if view.agreement >= best.agreement), best)


def is_data(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of a text is no header: its values are of the kinds of those below.

    Years and dates above other numbers, numbers that rise as those of few rows do, and the numbers
    of the columns, are a header. A row without others is one where it has names only.

    >>> is_data(["Anna", "7"], [["Ben", "8"]]), is_data(["name", "2020"], [["Ben", "8"]])
    (True, False)
    >>> is_data(["1", ""], [["2", "8"]]), is_data(["yes"], [["no"]]), is_data(["a", "7"], [[""]])
    (True, True, True)
    """
    if not any(any(map(str.strip, row)) for row in rows):
        return _is_lonely_data(first)
    kinds = find_kinds(rows, len(first))
    heads = {index: first[index].strip() for index in kinds if not is_nothing(first[index])}
    if not heads or any(find_kind(head) != kinds[index] for index, head in heads.items()):
        return False
    if set(kinds.values()) != {NUMBER}:
        return True
    return not _are_numeric_names(first, rows, heads)


def list_doubtful_names(first: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of a header that could be values, as they are of the kind of all values below.

    >>> list_doubtful_names(["place", "2019"], [["x", "1.5"]])
    ['2019']
    """
    kinds = find_kinds(rows, len(first))
    return [first[index].strip() for index in kinds if find_kind(first[index]) == kinds[index]]


def _is_lonely_data(row: Sequence[str]) -> bool:
    """Whether the only row of a text has values; years and dates beside words are names."""
    filled = [field.strip() for field in row if not is_nothing(field)]
    values = [field for field in filled if find_kind(field) != TEXT]
    return bool(values) and (values == filled or not all(map(_PERIOD.fullmatch, values)))


def _are_numeric_names(
    first: Sequence[str], rows: Sequence[Sequence[str]], heads: dict[int, str]
) -> bool:
    """Whether numbers above numbers are names: of columns, periods, or what was measured at."""
    numbers = [field for field in first if field.strip()]
    if numbers == [str(number) for number in range(len(numbers))] and not _counts(first, rows):
        return True
    texts = (row[index].strip() for row in rows for index in heads if len(row) > index)
    below = [text for text in texts if not is_nothing(text)]
    are_periods = all(map(_PERIOD.fullmatch, heads.values()))
    if are_periods and not all(map(_PERIOD.fullmatch, below)):
        return True
    rising = sum(_rises([row[index] for index in heads if len(row) > index]) for row in rows)
    is_rising = len(heads) >= _ENOUGH_TO_RISE and _rises([*heads.values()])
    return is_rising and 2 * rising < len(rows)


def _counts(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the rows are the numbers of one column, which go on from the first."""
    return len(first) == 1 and all(
        row == [str(number)] for number, row in enumerate(rows, int(first[0]) + 1)
    )


def _rises(texts: Sequence[str]) -> bool:
    """Whether these are plain numbers, each larger than the one before."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return False
    return all(left < right for left, right in pairwise(numbers))


def _view_rare(lines: Sequence[str], quotechar: str) -> View | None:
    """The head where colons or spaces part its fields, which texts and times have as well."""
    colons, spaces = (view_head(lines, delimiter, quotechar) for delimiter in ": ")
    if _are_in_colons(lines, colons):
        return colons
    plain = [line for line in lines if not line.startswith(COMMENT)]
    return spaces if _are_aligned(plain) or _are_parted(lines, spaces, quotechar) else None


def _are_aligned(lines: Sequence[str]) -> bool:
    """Whether spaces part columns: as many in each line, all numbers or far apart."""
    filled = [line.strip() for line in lines if line.strip()]
    rows = [line.split() for line in filled]
    numbers = [row for row in rows if len(row) > 1 and all(map(is_number, row))]
    if len({len(row) for row in numbers}) == 1 and len(rows) - len(numbers) <= 1 < len(rows):
        return True
    if _are_mostly_numbers(filled, rows):
        return True
    gaps = [len(_GAP.findall(line)) for line in filled]
    return len(rows) > 2 and len({len(row) for row in rows}) == 1 < len(rows[0]) <= min(gaps) + 1


def _are_mostly_numbers(lines: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether words are fields: as many in each line, most of them numbers below their names.

    R gives rows a name, for which its header has none. Texts of dates have words and numbers too.

    >>> lines = ["id name size age", "1 ann 2.5 7", "2 ben 3.5 8"]
    >>> _are_mostly_numbers(lines, [line.split() for line in lines])
    True
    """
    head, *body = rows or [[]]
    widths = {len(row) for row in body}
    width = max(widths, default=0)
    if len(body) < _ENOUGH_ALIKE or len(widths) > 1 or width < _ENOUGH_WORDS:
        return False
    if len(head) not in (width, width - 1) or any(map(is_number, head)):
        return False
    numbers = [*find_kinds(body, width).values()].count(NUMBER)
    return 2 * numbers > width and all(find_kind(line) == TEXT for line in lines[1:])


def _are_parted(lines: Sequence[str], spaced: View, quotechar: str) -> bool:
    """Whether spaces part fields, as quotes around those that have spaces show.

    R gives rows a name, for which its header has none.
    """
    quoted = re.compile(rf"(?:^| ){quotechar}[^{quotechar}]*{quotechar}(?: |$)", re.MULTILINE)
    first, *others = [len(row.fields) for row in spaced.rows] or [1]
    is_regular = set(others) == {spaced.width} and first in (spaced.width, spaced.width - 1)
    return spaced.width > 1 and is_regular and bool(quoted.search("".join(lines)))


def _are_in_colons(lines: Sequence[str], view: View) -> bool:
    """Whether colons part fields, as in the tables of Unix, and none is of a time or an address."""
    if len(view.rows) < 2 or view.width < 2 or view.agreement < 1:
        return False
    later = [field for row in view.rows for field in row.fields[1:]]
    is_text = any(field.startswith((" ", "//")) for field in later)
    if is_text or any(map(_CLOCK.search, lines)) or all(map(_ADDRESS.fullmatch, lines)):
        return False
    rows = [row.fields for row in view.rows]
    return view.width > 2 or is_told_header(rows[0], rows[1:])


def _find_header(view: View) -> int:
    """The position of the header among the rows; what is in front of it are titles and notes."""
    if late := find_late_table(view):
        return late
    for position, row in enumerate(view.rows[:MOST_PREAMBLE]):
        if _is_preamble(row, view, position):
            continue
        rest = [later.fields for later in view.rows[position + 1 :]]
        names = drop_blank_surplus(row.fields, view.width)
        is_believed = len(names) == view.width and not is_data(names, rest)
        is_believed = is_believed and not _are_sentences(view, position)
        return position if position and (is_believed or view.rows[0].is_comment) else 0
    return 0


def _is_preamble(row: Row, view: View, position: int) -> bool:
    after = view.rows[position + 1 :]
    if row.is_comment:
        return len(row.fields) != view.width or not is_data(
            after[0].fields if after else [], [later.fields for later in after[1:]]
        )
    if len(row.fields) < view.width:
        return 2 * row.filled <= view.width or _is_above_header(view, position)
    if len(row.fields) > view.width:
        return _describes_file(row) and bool(after) and is_header_alike(after[0], view)
    return row.filled <= 1 and view.width > 2


def _is_above_header(view: View, position: int) -> bool:
    """Whether a row that is not as wide as the table is in front of a header that is."""
    rows = [row.fields for row in view.rows[position + 1 :] if row.filled]
    is_whole = bool(rows) and len(rows[0]) == view.width and all(map(str.strip, rows[0]))
    return is_whole and is_told_header(rows[0], rows[1:]) and not is_data(rows[0], rows[1:])


def _describes_file(row: Row) -> bool:
    """Whether a row has values and no names, as where a format says its version and date."""
    return 2 * sum(map(is_number, row.fields)) > row.filled > 2


def _are_sentences(view: View, position: int) -> bool:
    """Whether what seems a table below a title is text of one column, whose commas are its own."""
    first, rows = view.rows[0], [row.fields for row in view.rows[position:]]
    has_gap = view.rows[position].start > position + first.start
    has_digits = any(is_number(field) for fields in rows for field in fields)
    return len(first.fields) == 1 and not has_gap and not has_digits and are_spaced(rows)


def _rank(view: View) -> tuple[bool, float, bool, bool, int]:
    """How well a delimiter fits: rows of one width, the header too, and the more fields the better.

    Semicolons go before decimal commas by that.
    """
    is_header_alike = bool(view.rows) and len(view.rows[0].fields) == view.width
    is_late = find_late_table(view) > 0
    return view.width > 1, view.agreement, is_late, is_header_alike, view.width
