"""The slow, exact pass over a source: find every value that does not fit, and say where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from microcosm_sqlite.authoring.project.pyproject import write_toml, write_toml_key
from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.values.date_formats import find_number_formats
from microcosm_sqlite.authoring.values.parsing import NULL_WORDS, is_infinity
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.kinds import DECIMAL, INTEGER, NUMBER
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import BuildError, SourceError, SourceValueError

SHOWN_LENGTH = 80


@dataclass
class Findings:
    """Offences found so far: the first `limit` of them, and how many there are in all.

    A value that does not fit is told once for its column, with the number of rows that have it.
    """

    limit: int
    errors: list[SourceError] = field(default_factory=list)
    count: int = 0
    _rows: dict[object, int] = field(default_factory=dict)
    _kinds: dict[int, object] = field(default_factory=dict)

    def add(self, error: SourceError, kind: object = None) -> None:
        """Count an offence, and keep it while there is room.

        Args:
            error: The offence.
            kind: What those have in common that are told together; by default, column and value.
        """
        self.count += 1
        kind = kind or _find_kind(error)
        self._kinds[id(error)] = kind
        if kind in self._rows:
            self._rows[kind] += 1
        elif len(self.errors) < self.limit:
            self.errors.append(error)
            self._rows[kind] = 1

    def raise_any(self) -> None:
        """Raise the first offence, with a text that tells of the others, column by column."""
        for error in self.combine():
            raise error

    def combine(self) -> list[BuildError]:
        """The first offence, with a text that tells of the others; nothing where there is none."""
        if not self.errors:
            return []
        places = {
            (error.file, _find_column(error)): number
            for number, error in reversed([*enumerate(self.errors)])
        }
        self.errors.sort(key=lambda error: places[error.file, _find_column(error)])
        lines = [self._describe(error) for error in self.errors]
        left = self.count - sum(self._rows.values())
        lines += [f"... and {left:,} more."] if left else []
        first = self.errors[0]
        first.args = ("\n".join(lines),)
        first.hint = _join_hints(self.errors)
        first.others = tuple(self.errors[1:])
        first.count = self.count
        return [first]

    def _describe(self, error: SourceError) -> str:
        return tell_count(error.message, self._rows[self._kinds[id(error)]])


def tell_count(message: str, rows: int) -> str:
    """A sentence on the first of some rows, with how many they are.

    >>> tell_count("Line 3: 'x' is not a whole number.", 2)
    "Line 3: 'x' is not a whole number, in 2 rows."
    """
    return f"{message.removesuffix('.')}, in {rows:,} rows." if rows > 1 else message


def _find_kind(error: SourceError) -> object:
    """The key by which offences are grouped in a message."""
    if isinstance(error, SourceValueError):
        return error.file, error.column, error.value
    return error


def _find_column(error: SourceError) -> str:
    return error.column if isinstance(error, SourceValueError) else ""


def _join_hints(errors: Iterable[BuildError]) -> str:
    return " ".join(dict.fromkeys(error.hint for error in errors if error.hint))


def raise_together(errors: Sequence[BuildError]) -> None:
    """Raise the first of the errors of several tables, with a text that tells of all."""
    if not errors:
        return
    first, *others = errors
    first.hint = _join_hints(errors)
    first.args = ("\n".join(error.message for error in errors),)
    if isinstance(first, SourceError):
        found = [error for error in others if isinstance(error, SourceError)]
        first.others += tuple(chain.from_iterable((error, *error.others) for error in found))
        first.count += sum(error.count for error in found)
    raise first


def judge_records(
    records: Records,
    layout: Sequence[ColumnRule | None],
    findings: Findings,
    only: Iterable[str] | None = None,
) -> None:
    """Convert every field, or those of the columns in `only`, and note what does not fit."""
    wanted = None if only is None else set(only)
    checked = [
        (index, rule, convert)
        for index, (rule, convert) in enumerate(
            zip(layout, records.choose_converters(layout), strict=True)
        )
        if rule and convert and (wanted is None or rule.name in wanted)
    ]
    for line, row in _whole_rows(records, len(layout), findings):
        for index, rule, convert in checked:
            try:
                convert(row[index])
            except ValueError as error:
                findings.add(describe_offence(records, line, rule, row[index], error))


def _whole_rows(
    records: Records, width: int, findings: Findings
) -> Iterator[tuple[int, list[str]]]:
    for line, row in records.numbered():
        if len(row) == width:
            yield line, row
        else:
            findings.add(_describe_width(records.name, line, len(row), width))


def describe_offence(
    records: Records, line: int, rule: ColumnRule, value: object, error: ValueError
) -> SourceValueError:
    """The error that tells of one value that does not fit its column."""
    return SourceValueError(
        f"{records.name}, {records.unit} {line}, column `{rule.name}`: "
        f"{show(value)} is not {error} ({rule.expected}).",
        file=records.name,
        line=line,
        column=rule.name,
        value=str(value),
        hint=_advise_joint(records, line, value) or _advise(rule, value),
    )


def _advise_joint(records: Records, line: int, value: object) -> str:
    """What to do where files were joined; empty where nothing tells that."""
    if records.has_types:
        return ""
    if str(value).startswith("\ufeff"):
        return f"Delete the byte order mark in line {line}, as where files were joined."
    if value in records.header:
        return f"If line {line} is the header again, as where files were joined, delete it."
    return ""


def _advise(rule: ColumnRule, value: object) -> str:
    """Suggest how to fix a value; an empty string if there is no suggestion."""
    text, options = str(value).strip(), f"tables.{write_toml_key(rule.column.table.name)}"
    optional = "make the column nullable: `Mapped[... | None]`"
    if value is None or not text:
        return "" if rule.column.nullable else f"If a row may have no value, {optional}."
    if rule.kind == NUMBER and is_infinity(text):
        return f"If infinite numbers are meant, set `{options}.infinity = true`."
    if text in NULL_WORDS:
        also = "" if rule.column.nullable else f", and {optional}"
        setting = f"{options}.null-values = {write_toml([text])}"
        return f"If {text} stands for no value, set `{setting}`{also}."
    if rule.kind not in (INTEGER, NUMBER, DECIMAL):
        return ""
    meanings: dict[str, str] = {}
    for format_, number in find_number_formats(text).items():
        meanings.setdefault(number, format_)
    key = f"{options}.formats.{write_toml_key(rule.name)}"
    settings = {number: f"{key} = {write_toml(format_)}" for number, format_ in meanings.items()}
    return " ".join(
        f"If {text} is {number}, {_advise_number(rule, number, text, setting)}."
        for number, setting in settings.items()
    )


def _advise_number(rule: ColumnRule, number: str, text: str, setting: str) -> str:
    """How a column can take a number: by its format, a wider type, or both."""
    steps = [f"set `{setting}`"] if number != text else []
    if rule.kind == INTEGER and not number.lstrip("+-").isdecimal():
        steps.append("put `Double` in the model")
    elif rule.kind == INTEGER and not -(2**63) <= int(number) < 2**63:
        steps = ["put `Text` in the model"]
    return " and ".join(steps or [f"set `{setting}`"])


def find_misfit(records: Records, judge: Callable[[Any], object], only: str = "") -> SourceError:
    """The error that tells of the first value for which a function raises `ValueError`.

    Args:
        records: The source.
        judge: The function.
        only: The one field to judge; all where it is empty.
    """
    for line, row in records.numbered():
        for column, value in zip(records.header, row, strict=True):
            try:
                if column == only or not only:
                    judge(value)
            except ValueError as error:
                return SourceValueError(
                    f"{records.name}, {records.unit} {line}, column `{column}`: "
                    f"{show(value)} is not {error}.",
                    file=records.name,
                    line=line,
                    column=column,
                    value=str(value),
                    hint="Write it as a text, or as null.",
                )
    return SourceError(f"{records.name} was changed while it was read.", file=records.name)


def _describe_width(name: str, line: int, found: int, width: int) -> SourceError:
    return SourceError(
        f"{name}, line {line}: {spell_count(found, 'field')} where the header has {width}.",
        file=name,
        line=line,
        hint="Look for a missing quote, or a delimiter inside a field.",
    )


def show_key(names: Sequence[str], values: Sequence[object]) -> str:
    """The values of a key, each behind its name."""
    return ", ".join(f"{name}={show(value)}" for name, value in zip(names, values, strict=True))


def show(value: object) -> str:
    """A value as an error quotes it, cut to a length that fits a line."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}..."
