"""What a column would be, but for something that only its author knows."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable

from microcosm_sqlite.authoring.inferring.date_styles import find_short_styles
from microcosm_sqlite.authoring.inferring.guessing import (
    DATE,
    DATETIME,
    INFINITIES,
    INTEGER,
    MOMENT,
    NUMBER,
    TEXT,
    Guess,
    classify,
)
from microcosm_sqlite.authoring.inferring.number_styles import Texts

MOST_STRAYS = 3
"""Different texts among others of one kind, before they are no exception any more."""
_SAMPLE = 100
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?")
_TOLD_KINDS = (INTEGER, NUMBER, DATE, DATETIME, MOMENT)


def find_hint(guess: Guess, number_styles: list[str], texts: Texts) -> str:
    """A sentence on what stands in the way of a narrower kind, and on what to do; or nothing.

    Args:
        guess: What is known of a column of texts.
        number_styles: The formats that all of them are numbers in.
        texts: Its texts, each as often as it is there.
    """
    if not guess.narrow:
        return ""
    if guess.words:
        return _tell_words(guess, texts)
    if guess.styles:
        return _ask_for_format("dates", sorted(guess.styles), "Date")
    if number_styles:
        return _ask_for_format("number", number_styles[:2], "Double")
    return _tell_times(texts) or _tell_short_years(texts) or _tell_strays(texts)


def _ask_for_format(kind: str, formats: list[str], type_: str) -> str:
    choice = f"nothing tells whether in {' or '.join(formats)}" if formats[1:] else formats[0]
    return f"{kind}, but {choice}; set `formats`, and {type_} in the model"


def _tell_words(guess: Guess, texts: Texts) -> str:
    narrow = Guess(narrow=guess.narrow, styles=guess.styles).kind
    if narrow == TEXT:
        return ""
    infinite = sorted(word for word in guess.words if word.lower() in INFINITIES)
    nulls = sorted(guess.words.difference(infinite))
    cures = [f"draft it with {_write_options(nulls)}"] if nulls else []
    cures += ["set `infinity = true`, and Double in the model"] if infinite else []
    counts = _count([*nulls, *infinite], texts)
    return f"{narrow} but for {counts}; if you mean that, {', and '.join(cures)}"


def _tell_times(texts: Texts) -> str:
    if not all(map(_TIME.fullmatch, texts())):
        return ""
    return "times of day, or lengths of time; for times, put Time in the model"


def _tell_short_years(texts: Texts) -> str:
    styles: frozenset[str] | None = None
    for text in texts():
        found = find_short_styles(text)
        styles = found if styles is None else styles & found
        if not styles:
            return ""
    formats = " or ".join(sorted(styles or ()))
    return (
        f"dates in {formats}, where years from 69 on are of the last century; "
        "if so, set `formats`, and Date in the model"
    )


def _tell_strays(texts: Texts) -> str:
    """Name the few texts without digits among values that are all of another kind."""
    kinds = Counter(
        kind for _, kind in zip(range(_SAMPLE), map(_generalise, texts()), strict=False)
    )
    ((kind, count),) = kinds.most_common(1)
    if kind not in _TOLD_KINDS or 2 * count <= kinds.total():
        return ""
    strays: dict[str, None] = {}
    for text in texts():
        if _generalise(text) != kind:
            strays[text] = None
            if len(strays) > MOST_STRAYS or any(map(str.isdigit, text)):
                return ""
    names = sorted(strays)
    return (
        f"{kind} but for {_count(names, texts)}; if they mean nothing, "
        f"draft it with {_write_options(names)}"
    )


def _generalise(text: str) -> str:
    kind = classify(text)
    return NUMBER if kind == INTEGER else kind


def _count(words: Iterable[str], texts: Texts) -> str:
    counts = Counter(text for text in texts() if text in words)
    return ", ".join(
        f"{word if word.strip() else repr(word)} ({counts[word]:,} row{'s' * (counts[word] != 1)})"
        for word in words
    )


def _write_options(words: Iterable[str]) -> str:
    return " ".join(f"--null {shlex.quote(word)}" for word in words)
