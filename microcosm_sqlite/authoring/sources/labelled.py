"""Files of Stata, SPSS and SAS with their labels, by way of pyreadstat.

Values stay the codes that they are; what they are called goes into the comments of columns.
"""

from __future__ import annotations

import math
import mmap
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain, islice
from typing import Any

from microcosm_sqlite.authoring.sources.meanings import ColumnDescription, tidy
from microcosm_sqlite.authoring.sources.records import Records, SourceFile, library, take_whole
from microcosm_sqlite.authoring.sources.streams import Advance, ignore_advance
from microcosm_sqlite.common.kinds import DATE, DATETIME, NUMBER, TEXT, TIME
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

LABELLED_SUFFIXES = (".dta", ".sav", ".zsav", ".por", ".sas7bdat", ".xpt")

_READERS = {
    ".dta": "read_dta",
    ".sav": "read_sav",
    ".zsav": "read_sav",
    ".por": "read_por",
    ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}
_KNOWING_LETTERS = ("read_dta", "read_sas7bdat")
"""Functions for formats that have missing values with letters, `.a` to `.z`."""
_KNOWING_CODES = (*_KNOWING_LETTERS, "read_sav")
"""Functions that tell which codes are missing values."""
_CHUNK_CELLS = 2_000_000
"""Cells that are in memory at once, at least."""
_MOST_PASSED = 8
"""How many times its own rows are passed over at most to find a chunk.

A chunk is found by passing over all rows before it, so chunks grow with these: the time for all
grows as the file does, and an eighth of it, at most, is in memory.
"""
_SEEKING = ".dta"
"""The suffix of files whose rows have one length, so that none has to be passed over."""

_MEMBER = b"HEADER RECORD*******MEMB"
"""The first bytes of each data set in a SAS transport file."""

_OF_SAS = (".sas7bdat", ".xpt")
_KINDS = (
    (
        re.compile(
            r"%-?(td|d)|[AESJ]?DATE[\d.]*$|(B|E|IS)8601DA|MMDDYY|DDMMYY|YYMMDD|WEEKDAT[EX]|DTDATE"
        ),
        DATE,
    ),
    (re.compile(r"%-?tc(?!HH)|DATETIME|DATEAMPM|MDYAMPM|(B|E|IS)8601DT|YMDHMS"), DATETIME),
    (re.compile(r"%-?tcHH|TIME\d*|TOD|HHMM|(B|E|IS)8601TM"), TIME),
)
_UNREAD_DATES = re.compile(r"%-?t[mqwhb]|MOYR|QYR|WKYR|DTIME|MONYY|YYQ|WEEK")
"""Formats of dates whose values stay numbers."""
_UNREAD_DATES_OF_SAS = re.compile(
    r"(DAY|HOUR|JULDAY|JULIAN|MONTH|QTR|QTRR|YEAR)[\d.]*$|DOWNAME|MMYY|MONNAME|PDJUL|WORDDAT|YYMM|YYMON"
    r"|NENGO|EURDF|NLDAT|NLTIME|DTMONYY|DTWK|DTYEAR|DTYYQ|[BE]8601(D[NXZ]|LZ|TX|TZ)|MMSS"
)
"""Those that SAS has besides; of SPSS, MONTH is the number of a month."""

_DAMAGED = "Fetch or write it again; it is damaged, encrypted, or not what its name says."


@dataclass(frozen=True)
class LabelledOpener:
    """Opens one file of Stata, SPSS or SAS."""

    source: SourceFile

    @contextmanager
    def __call__(self, advance: Advance = ignore_advance) -> Iterator[Records]:
        """Open it from its start.

        Raises:
            MissingDependencyError: pyreadstat is not installed.
            SourceError: It is no such file, or one that pyreadstat does not read.
        """
        source = self.source
        with library("labelled", source.name):
            import pyreadstat
        _refuse_members(source)
        suffix = next(each for each in LABELLED_SUFFIXES if source.path.suffix.lower() == each)
        reader = _READERS[suffix]
        read = partial(getattr(pyreadstat, reader), str(source.path), output_format="dict")
        with _explained(source.name):
            told = {"user_missing": True} if reader in _KNOWING_CODES else {}
            _, metadata = read(metadataonly=True, **told)
        yield _LabelledRecords(source, read, metadata, advance, reader in _KNOWING_LETTERS)


@contextmanager
def _explained(name: str, place: str = "") -> Iterator[None]:
    from pyreadstat import PyreadstatError, ReadstatError

    failures = (ReadstatError, PyreadstatError, OverflowError, ValueError, UnicodeError)
    try:
        yield
    except failures as error:
        reason = " ".join(str(error).split()).rstrip(".")
        is_date = isinstance(error, OverflowError) or "out of range" in reason
        hint = "Dates are of the years 1 to 9999: correct it, or make it a number." * is_date
        raise SourceError(
            f"{name}{place} cannot be read: {reason}.", file=name, hint=hint or _DAMAGED
        ) from error


def _refuse_members(source: SourceFile) -> None:
    """Refuse a transport file of several data sets, of which pyreadstat reads the first.

    Raises:
        SourceError: It is one.
    """
    if source.path.suffix.lower() != ".xpt" or not source.size:
        return
    with (
        source.path.open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        count = len(re.findall(re.escape(_MEMBER) + b"(?:ER|V8)  HEADER RECORD", content))
    if count > 1:
        raise SourceError(
            f"{source.name} holds {count} data sets, where one is expected.",
            file=source.name,
            hint="Write each of them to a file of its own.",
        )


class _LabelledRecords(Records):
    unit = "row"
    has_types = True

    def __init__(
        self,
        source: SourceFile,
        read: Callable[..., Any],
        metadata: Any,
        advance: Advance,
        knows_letters: bool,
    ) -> None:
        super().__init__(source.name, [*metadata.column_names])
        self.is_empty = not self.header
        self.kinds = tuple(_find_kind(metadata, name) for name in self.header)
        self.descriptions = _describe_columns(metadata)
        self._size = source.size
        self._passes_over = source.path.suffix.lower() != _SEEKING
        self._is_of_sas = source.path.suffix.lower() in _OF_SAS
        self._read = read
        self._metadata = metadata
        self._advance = advance
        self._knows_letters = knows_letters
        self._step = max(1, _CHUNK_CELLS // max(1, len(self.header)))

    @cached_property
    def notes(self) -> tuple[str, ...]:  # type: ignore[override]
        """What becomes NULL, and which dates stay numbers; every row is searched for letters."""
        found = [*_describe_missing(self._metadata)]
        found += _describe_dates(self._metadata, is_of_sas=self._is_of_sas)
        if TEXT in self.kinds:
            with _explained(self.name):
                found += _describe_misread(self._read(row_limit=_SAMPLE_ROWS)[0])
        if self._knows_letters:
            found += _describe_letters(self._find_letters())
        return tuple(found)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:  # type: ignore[override]
        return chain.from_iterable(self._iterate_chunks())

    def _iterate_chunks(self) -> Iterator[Iterator[tuple[Any, ...]]]:
        total, passed = self._metadata.number_rows, 0
        while self.header:
            wanted = self._choose_count(passed)
            columns = self._read_chunk(passed, wanted)
            count = len(columns[0])
            if count:
                yield zip(*columns, strict=True)
            passed += count
            self._advance(self._size * count // max(1, total or count))
            if count < wanted:
                break
        if total is not None and total >= 0 and passed != total:
            raise SourceError(
                f"{self.name} has {passed:,} rows, where it promises {total:,}.",
                file=self.name,
                hint="Fetch or write it again; it is damaged.",
            )

    def _choose_count(self, passed: int) -> int:
        """How many rows the chunk behind those has."""
        return max(self._step, passed // _MOST_PASSED * self._passes_over)

    def _read_chunk(self, passed: int, count: int) -> list[list[Any]]:
        place = f", row {passed + 1}" if count == 1 else ""
        try:
            with _explained(self.name, place):
                found, _ = self._read(row_offset=passed, row_limit=count)
        except SourceError:
            if count == 1:
                raise
            half = count // 2  # to find the row
            self._read_chunk(passed, half)
            if self._is_end(passed + half):
                raise
            self._read_chunk(passed + half, count - half)
            raise
        return [_list_values(found.pop(name)) for name in self.header]

    def _is_end(self, passed: int) -> bool:
        total = self._metadata.number_rows
        return total is not None and passed >= total

    def _find_letters(self) -> Mapping[str, Sequence[str]]:
        """The letters that stand for missing values, by column."""
        letters: dict[str, dict[str, None]] = {}
        total = self._metadata.number_rows or 0
        passed = 0
        while passed < total:
            count = self._choose_count(passed)
            with _explained(self.name):
                _, found = self._read(row_offset=passed, row_limit=count, user_missing=True)
            passed += count
            for name, values in found.missing_user_values.items():
                letters.setdefault(name, {}).update(dict.fromkeys(map(str, values)))
        return {name: sorted(values) for name, values in letters.items()}


def _list_values(values: Any) -> list[Any]:
    """Python's values: NaN is none, and whole numbers are whole."""
    listed = values.tolist() if hasattr(values, "tolist") else values
    return [
        None if isinstance(value, float) and math.isnan(value) else take_whole(value)
        for value in listed
    ]


def _find_kind(metadata: Any, name: str) -> str:
    if metadata.readstat_variable_types.get(name) == "string":
        return TEXT
    format_ = metadata.original_variable_types.get(name) or ""
    return next((kind for pattern, kind in _KINDS if pattern.match(format_)), NUMBER)


def _describe_columns(metadata: Any) -> dict[str, ColumnDescription]:
    """The label of each column, and the labels of its codes."""
    found = {}
    for name, label in metadata.column_names_to_labels.items():
        labels = metadata.variable_value_labels.get(name) or {}
        codes = {str(take_whole(code)): tidy(text) for code, text in labels.items()}
        if described := ColumnDescription(tidy(label or "").rstrip("."), labels=codes):
            found[name] = described
    return found


def _describe_missing(metadata: Any) -> Iterator[str]:
    """The user-defined missing values of SPSS."""
    alike: dict[str, list[str]] = {}
    for name, ranges in metadata.missing_ranges.items():
        alike.setdefault(", ".join(map(_spell_range, ranges)), []).append(name)
    for codes, names in alike.items():
        yield f"{_join_names(names)}: {codes}, declared as missing, becomes NULL"


def _spell_range(found: Any) -> str:
    if not isinstance(found, Mapping):
        return str(found)
    low, high = take_whole(found["lo"]), take_whole(found["hi"])
    if low == high:
        return str(low)
    if -math.inf in (low, high):  # LOWEST; HIGHEST is inf
        return f"up to {high}"
    return f"from {low} on" if high == math.inf else f"{low} to {high}"


def _describe_letters(letters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    alike: dict[str, list[str]] = {}
    for name, found in letters.items():
        if found:
            alike.setdefault(", ".join(f".{each.lower()}" for each in found), []).append(name)
    for codes, names in alike.items():
        yield f"{_join_names(names)}: the missing values {codes} become NULL, as . does"


def _describe_dates(metadata: Any, *, is_of_sas: bool) -> Iterator[str]:
    formats = metadata.original_variable_types
    patterns = [_UNREAD_DATES, *([_UNREAD_DATES_OF_SAS] * is_of_sas)]
    found = [
        name
        for name in formats
        if _find_kind(metadata, name) == NUMBER
        and any(pattern.match(formats[name] or "") for pattern in patterns)
    ]
    if found:
        yield (
            f"{_join_names(found)}: periods and long times in formats such as "
            f"{formats[found[0]]} stay the numbers that they are stored as"
        )
    leaping = [name for name in formats if (formats[name] or "").startswith(("%tC", "%-tC"))]
    if leaping:
        yield (
            f"{_join_names(leaping)}: moments in the format %tC count leap seconds, which is not "
            "undone: up to 27 seconds late"
        )


_SAMPLE_ROWS = 1000


def _describe_misread(columns: Mapping[str, Any]) -> Iterator[str]:
    """That texts are UTF-8 of which each byte was taken for a letter, as the file says."""
    names, shown = [], ""
    for name, values in columns.items():
        texts = [each for each in values if isinstance(each, str) and not each.isascii()]
        if texts and all(map(_is_misread, texts)):
            names.append(name)
            shown = shown or texts[0]
    if names:
        meant = shown.encode("latin-1").decode()
        yield (
            f"{_join_names(names)}: texts such as {shown!r} seem to be {meant!r}, as the file "
            "names another encoding than theirs; write it again with the encoding UTF-8"
        )


def _is_misread(text: str) -> bool:
    try:
        return text.encode("latin-1").decode() != text
    except UnicodeError:
        return False


_MOST_NAMES = 6


def _join_names(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    told = ", ".join(islice(names, _MOST_NAMES))
    return f"{told} and {spell_count(more, 'column')} more" if more > 0 else told
