"""Detection of the encoding of a text, by its bytes and the letters of languages.

Each encoding is tried on the bytes that are not ASCII, and so is each language that is written in
it: what comes out is the more likely, the more usual its letters are there, and the more they stand
where letters stand. How likely is a logarithm throughout.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from unicodedata import category

from microcosm_sqlite.authoring.drafting.from_files.languages import (
    KANA,
    LANGUAGES,
    NAMES,
    SCRIPTS,
    WIDE,
)
from microcosm_sqlite.authoring.drafting.from_files.views import find_wide, list_strange_lines
from microcosm_sqlite.authoring.sources.streams import DAMAGED, open_bytes
from microcosm_sqlite.authoring.sources.text_decoding import find_mark
from microcosm_sqlite.common.wording import spell_count
from microcosm_sqlite.errors import SourceError

UTF8 = "utf-8"

_RATE = 0.06
"""How many letters of a language in Latin letters are beyond ASCII."""
_STRANGE = -8.0
"""How likely a letter is that its language does not have."""
_CAPITAL, _INSIDE, _MIXED, _CROWDED = -1.2, -7.0, -8.0, -1.0
"""What a capital costs, one within a word, a letter beside one of another script, and one that
is not ASCII beside another."""
_LONELY = -3.0
"""What a quote costs that is opened and not closed, a mark that joins words without one in front,
and a sign of money without a number behind."""
_FINAL = "ςךםןףץ"
"""Letters that end words."""
# Quotes, dashes, signs of units and the like: which begin a word, end one, or join two.
_MICRO, _DEGREE, _SCALES = "\u00b5", "\u00b0", "CFKNSEW"
_OPENERS = (
    "\u2018\u201c\u201e\u201a\u00ab\u00bb\u00bf\u00a1\u2013\u2014\u2026\u20ac\u00a3\u00a0"
    f"\u2022\u00a9{_MICRO}"
)
_CLOSERS = (
    f"\u2018\u2019\u201c\u201d\u00bb\u2013\u2014\u2026\u00b2\u00b3\u00ba\u00aa\u00ae\u2122{_DEGREE}"
)
_HYPHENS, _DASHES = "\u2010\u00b7\u00a0", "\u2013\u2014"
_JOINERS = f"{_HYPHENS}\u2019\u00b4"
_MONEY = "\u20ac\u00a3"
_QUOTES = "\u201c\u201d\u201e\u00ab\u00bb"
_SIGNS = "\u00b1\u00d7\u00f7\u00bc\u00bd\u00be\u00b9\u2030\u00a2\u00a5\u2020\u00a7\u00b6"
_OTHERS = f"{_SIGNS}\u00ad\uff0c\u3002\uff1a\uff08\uff09\u3001\u300c\u300d\u3000\u30fc"
_MARKS = f"{_OPENERS}{_CLOSERS}{_JOINERS}{_OTHERS}"
_SAMPLE = 1 << 14
_DOUBTFUL, _MOST_TOLD = 6, 3
"""How much likelier an encoding is than those that need not be told, and how many are told."""
_WORD = re.compile(r"[^\s,;|\"]+")
_ESCAPES = re.compile(rb"\x1b\$[@B].*?\x1b\([BJ]")


class _Reading(NamedTuple):
    """How likely it is that a text is in an encoding, and what it says then."""

    likelihood: float
    encoding: str
    text: str


@dataclass
class _Census:
    """The lines of a file that are not plain ASCII.

    Attributes:
        first: The first line that is not UTF-8, from one.
        strays: How many are not.
        has_utf8: Whether others are, with letters beyond ASCII.
        sample: The first of the strays.
    """

    first: int = 0
    strays: int = 0
    has_utf8: bool = False
    sample: bytes = b""

    def add(self, number: int, line: bytes) -> None:
        """Look at a line."""
        try:
            line.decode(UTF8)
        except UnicodeDecodeError:
            self.first = self.first or number
            self.strays += 1
            if len(self.sample) + len(line) <= _SAMPLE or not self.sample:
                self.sample += line
        else:
            self.has_utf8 = True


@dataclass(frozen=True)
class FoundEncoding:
    """An encoding, and why it is believed.

    Attributes:
        name: As the option `encoding` takes it.
        evidence: A sentence, empty for UTF-8 and for what a byte order mark says.
    """

    name: str = UTF8
    evidence: str = ""


def find_encoding(path: Path) -> FoundEncoding:
    """Find out the encoding of a file, from all of it.

    Raises:
        SourceError: It cannot be read, or is no text.
    """
    with open_bytes(path) as stream:
        head = stream.read(1 << 12)
        if find_mark(head):
            return FoundEncoding()
        wide = find_wide(head)
        if wide:
            return FoundEncoding(wide, f"{wide}, told by its zero bytes")
        stream.seek(0)
        census = _Census()
        for number, line in list_strange_lines(stream):
            if not line.isascii():
                census.add(number, line)
            elif b"\x1b$" in line and _ESCAPES.search(line):
                return FoundEncoding(
                    "iso2022_jp", f"iso2022_jp, told by escape sequences (line {number})"
                )
            if b"\0" in line:
                raise SourceError(
                    f"{path.name}, line {number}: a NUL character, which text does not have.",
                    file=path.name,
                    line=number,
                    hint=DAMAGED,
                )
    return _judge(census) if census.strays else FoundEncoding()


def _judge(census: _Census) -> FoundEncoding:
    readings = list_readings(census.sample, is_mixed=census.has_utf8)
    alike = [each.encoding for each in readings if each.text == readings[0].text]
    best = max(alike, key=lambda name: {**LANGUAGES, **WIDE}[name][0])
    doubt = _describe_doubt(readings)
    if census.has_utf8:
        lines = spell_count(census.strays, "line")
        return FoundEncoding(
            f"{UTF8}+{best}",
            f"UTF-8, but for {lines} (the first is {census.first}), read as {best}{doubt}",
        )
    return FoundEncoding(
        best,
        f"{best}, as line {census.first} is not UTF-8; look whether its letters are right{doubt}",
    )


def _describe_doubt(readings: list[_Reading]) -> str:
    """The texts that the next likely encodings would give, if they are about as likely."""
    best, told = readings[0], dict[str, str]()
    for other in readings[1:]:
        words = zip(_WORD.findall(best.text), _WORD.findall(other.text), strict=False)
        here, there = next((pair for pair in words if pair[0] != pair[1]), ("", ""))
        if best.likelihood - other.likelihood < _DOUBTFUL and here:
            read = f"{here!r} would be {there!r}" if not told else repr(there)
            told.setdefault(there, f'{read} with `encoding = "{other.encoding}"`')
    return f": {' or '.join([*told.values()][:_MOST_TOLD])} under `csv`" if told else ""


def list_readings(sample: bytes, *, is_mixed: bool = False) -> list[_Reading]:
    """List the texts that bytes may be in each encoding, the likeliest first.

    Args:
        sample: Lines that are not UTF-8.
        is_mixed: Whether there is UTF-8 beside them; then each byte is a letter.

    >>> [list_readings(text.encode("cp1252"))[0].text for text in ("für", "5 €")]
    ['für', '5 €']
    """
    readings = [*_read_letters(sample)]
    if not is_mixed:
        readings += _read_wide_letters(sample)
    return sorted(readings, reverse=True)


def _read_letters(sample: bytes) -> Iterator[_Reading]:
    for encoding, text in _decode(sample, LANGUAGES):
        usual, languages = LANGUAGES[encoding]
        is_script = languages in SCRIPTS
        letters, cost = _weigh(text, is_script=is_script)
        found = max(_compare(letters, language, is_script=is_script) for language in languages)
        yield _Reading(usual + cost + found, encoding, text)


def _read_wide_letters(sample: bytes) -> Iterator[_Reading]:
    for encoding, text in _decode(sample, WIDE):
        cost = sum(
            count * (_judge_wide(letter, encoding) + _mix(before, after))
            for (before, letter, after), count in _count(text).items()
        )
        yield _Reading(WIDE[encoding][0] + cost, encoding, text)


def _decode(sample: bytes, encodings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each encoding that all of the bytes are text in, and that text."""
    for encoding in encodings:
        with suppress(UnicodeDecodeError):
            yield encoding, sample.decode(encoding)


def _count(text: str) -> Counter[tuple[str, str, str]]:
    """The letters that are not ASCII, each between its neighbours."""
    around = zip(f" {text}", text, f"{text[1:]} ", strict=False)
    return Counter(each for each in around if not each[1].isascii())


def _weigh(text: str, *, is_script: bool) -> tuple[Counter[str], float]:
    """The letters of a text, and the likelihood of all else, whatever its language."""
    letters, total = Counter[str](), 0.0
    counts = _count(text)
    for (before, letter, after), count in counts.items():
        kind = category(letter)
        if letter == _MICRO:
            cost = _judge_mark(before, letter, after)
        elif kind in ("Lu", "Ll", "Mn") or (kind in ("Lo", "Lm", "Mc") and is_script):
            letters[letter if letter == "İ" else letter.lower()] += count
            is_crowded = before.isalpha() and not before.isascii()
            cost = _mix(before, after) if is_script else _CROWDED * is_crowded
            cost += _judge_case(before, letter, after)
            if kind == "Mn" and not (before.isalpha() or category(before) == "Mn"):
                cost += _INSIDE
        else:
            cost = _judge_mark(before, letter, after)
        total += count * cost
    return letters, total + _LONELY * _count_open_quotes(counts)


def _count_open_quotes(counts: Mapping[tuple[str, str, str], int]) -> int:
    """How many quotes are in front of words without one behind a word, or the other way round."""
    return abs(
        sum(
            count * (after.isalpha() - before.isalpha())
            for (before, mark, after), count in counts.items()
            if mark in _QUOTES
        )
    )


def _judge_case(before: str, letter: str, after: str) -> float:
    """How likely a letter is a capital, or none, between its neighbours.

    Words are in small letters, begin with one capital, or have no other letters.
    """
    if letter == "İ":
        return 0
    if letter in _FINAL and after.isalpha():
        return _INSIDE
    if letter.islower():
        return _INSIDE * after.isupper()
    if before.islower() or (before.isalpha() and after.islower()):
        return _CAPITAL + _INSIDE
    return 0 if before.isupper() else _CAPITAL * letter.isupper()


def _judge_mark(before: str, mark: str, after: str) -> float:
    """How likely a mark is where it stands."""
    if category(mark)[0] == "C" and mark not in _MARKS:
        return -15.0
    cost = -4.0 if mark in _MARKS else -9.0
    if mark == _DEGREE and after in _SCALES:
        return cost
    if before.isalpha() and after.isalpha() and mark not in _JOINERS:
        return cost if mark in _DASHES and after.isupper() else cost - 5
    if before.isalpha():
        return cost if mark in _CLOSERS + _JOINERS else cost - 6
    if not after.isalpha():
        return cost
    is_lonely = mark in _HYPHENS + _MONEY or (mark in _DASHES and after.islower())
    return cost + _LONELY * is_lonely if mark in _OPENERS + _HYPHENS else cost - 7


def _mix(before: str, after: str) -> float:
    """The cost of standing beside ASCII letters, with which other scripts are not mixed."""
    return _MIXED * sum(each.isascii() and each.isalpha() for each in (before, after))


def _compare(letters: Counter[str], language: str, *, is_script: bool) -> float:
    """How likely these are letters of a language."""
    shares = [1 / (rank + 2) for rank in range(len(language))]
    rate = (1 if is_script else _RATE) / sum(shares)
    known = {letter: math.log(rate * share) for letter, share in zip(language, shares, strict=True)}
    found = sum(count * known.get(letter, _STRANGE) for letter, count in letters.items())
    return found - 2 * (language == NAMES)


def _judge_wide(letter: str, encoding: str) -> float:
    """How likely a letter or mark is in an encoding of several bytes."""
    _, frequent, last = WIDE[encoding]
    if letter in frequent:
        return -4.0 if letter in KANA else -5.0
    if "\u3040" <= letter < "\u3100" or letter in _MARKS:
        return -5.0
    if "\uff61" <= letter < "\uffa0":
        return -6.5
    if "\u4e00" <= letter < "\ua000" or "\uac00" <= letter < "\ud7b0":
        is_other = (letter >= "\uac00") != (encoding == "cp949")
        is_rare = letter.encode(encoding)[0] > last or len(letter.encode(encoding)) > 2
        return -8.0 - 4 * is_rare - 4 * is_other
    return -20.0 if category(letter)[0] == "C" else -13.0
