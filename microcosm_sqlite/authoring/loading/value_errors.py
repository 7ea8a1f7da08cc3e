"""The slow, exact pass over a source: find every value that does not fit, and say where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from microcosm_sqlite.authoring.sources.records import Records
from microcosm_sqlite.authoring.values.rules import ColumnRule
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError, SourceValueError

SHOWN_LENGTH = 80


@dataclass
class Findings:
    """Offences found so far: the first `limit` of them, and how many there are in all."""

    limit: int
    errors: list[SourceError] = field(default_factory=list)
    count: int = 0

    def add(self, error: SourceError) -> None:
        """Count an offence, and keep it while there is room."""
        self.count += 1
        if len(self.errors) < self.limit:
            self.errors.append(error)

    def raise_any(self) -> None:
        """Raise the first offence, with a text that tells of the others."""
        if not self.errors:
            return
        first = self.errors[0]
        lines = [error.message for error in self.errors]
        if self.count > len(self.errors):
            lines.append(f"... and {self.count - len(self.errors):,} more.")
        first.args = ("\n".join(lines),)
        first.others = tuple(self.errors[1:])
        first.count = self.count
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
    )


def find_misfit(records: Records, judge: Callable[[Any], object]) -> SourceError:
    """The error that tells of the first value for which a function raises `ValueError`."""
    for line, row in records.numbered():
        for column, value in zip(records.header, row, strict=True):
            try:
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
        hint="Look for a missing quote, or a delimiter inside of a field.",
    )


def show_key(names: Sequence[str], values: Sequence[object]) -> str:
    """The values of a key, each behind its name."""
    return ", ".join(f"{name}={show(value)}" for name, value in zip(names, values, strict=True))


def show(value: object) -> str:
    """A value as an error quotes it, cut to a length that fits a line."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}..."
