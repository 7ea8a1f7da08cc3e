"""The kind that a column would have, but for something that only its author knows."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal
from itertools import islice
from math import isfinite

from microcosm_sqlite.authoring.drafting.from_files.column_kind import classify
from microcosm_sqlite.authoring.drafting.from_files.column_texts import ColumnTexts
from microcosm_sqlite.authoring.drafting.from_files.guess import Guess
from microcosm_sqlite.authoring.drafting.from_files.inferred import InferredColumn
from microcosm_sqlite.authoring.drafting.from_files.number_styles import (
    Texts,
    judge_spelled,
    list_meanings,
    spell,
    write_format,
)
from microcosm_sqlite.authoring.values.date_formats import find_short_styles, has_time
from microcosm_sqlite.authoring.values.parsing import is_infinity
from microcosm_sqlite.common.kinds import DATE, DATETIME, INTEGER, MOMENT, NUMBER, TEXT
from microcosm_sqlite.common.wording import spell_count

MOST_STRAYS = 3
"""Different texts among others of one kind, before they are no exception any more."""
_SAMPLE = 100
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?")
_LENGTH = re.compile(r"[0-9]{1,4}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?")
_SHORT_LENGTH = re.compile(r"-?[0-9]{1,6}:[0-5][0-9]")
_TRUTH = (
    "ja/nein", "ja/nee", "ja/nej", "ja/nei", "j/n", "oui/non", "o/n", "sí/no", "si/no", "sì/no",
    "sim/não", "sim/nao", "tak/nie", "ano/ne", "áno/nie", "igen/nem", "da/nu", "da/ne", "kyllä/ei",
    "jah/ei", "jā/nē", "taip/ne", "да/нет", "так/ні", "да/не", "是/否", "はい/いいえ", "y/n", "t/f",
    "on/off", "wahr/falsch", "vrai/faux", "verdadero/falso", "verdadeiro/falso", "vero/falso",
    "waar/onwaar", "prawda/fałsz",
)  # fmt: skip
"""Words for yes and no, and true and false, as tables have them."""
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]{1,3})?")
_TOO_LONG = (
    "number, but some have more digits than a number keeps; if the last ones mean nothing, "
    "put Double in the model"
)
_SIGNED = re.compile(r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
"""Numbers as above, which may have a plus in front, or a point without digits behind it."""
_TOLD_KINDS = (INTEGER, NUMBER, DATE, DATETIME, MOMENT)


def find_hint(
    name: str,
    guess: Guess,
    number_styles: list[str],
    texts: ColumnTexts,
    *,
    proposed: Collection[str] = (),
    has_types: bool = False,
) -> str:
    """A sentence on what stands in the way of a narrower kind, and on what to do; or nothing.

    Args:
        name: The column.
        guess: What is known of its texts.
        number_styles: The formats that all of them are numbers in.
        texts: Its texts.
        proposed: Texts of the rows that repairs are proposed for.
        has_types: Whether texts with digits only are texts, as the source has numbers too.
    """
    if not guess.narrow:
        return ""
    if guess.words:
        return _tell_words(guess, texts, proposed)
    if guess.styles:
        type_ = "DateTime" if has_time(min(guess.styles)) else "Date"
        return _ask_for_format("dates", name, sorted(guess.styles), type_)
    told = _tell_number_styles(name, number_styles, texts) if number_styles else ""
    told = told or _tell_words_of_truth(name, texts)
    if all(map(_DECIMAL.fullmatch, texts())):
        told = told or _tell_size(texts)
    told = told or _tell_signs(texts)
    told = told or _tell_times(name, texts) or _tell_short_years(name, texts)
    return told or ("" if has_types else _tell_strays(texts, proposed))


def _tell_size(texts: Texts) -> str:
    """That some numbers do not fit into a double; empty where all do."""
    if not all(isfinite(float(text)) for text in texts()):
        return "number, but some are too large for one"
    is_kept = all(Decimal(repr(float(text))) == Decimal(text.strip()) for text in texts())
    return "" if is_kept else _TOO_LONG


def _ask_for_format(kind: str, name: str, formats: list[str], type_: str) -> str:
    settings = " or ".join(f"`{write_format(name, format_)}`" for format_ in formats)
    doubt = ", but nothing tells in which format" if formats[1:] else ""
    return f"{kind}{doubt}; set {settings}, and put {type_} in the model"


def _tell_number_styles(name: str, styles: list[str], texts: Texts) -> str:
    meanings = list_meanings(styles, texts)
    first = next(iter(meanings))
    kind = judge_spelled(first, texts).kind
    if kind == TEXT:
        return ""
    if len(meanings) == 1:
        type_ = "Integer" if kind == INTEGER else "Double"
        reads = _tell_negative(first, texts)
        return f"{kind}; set `{write_format(name, first)}`{reads}, and put {type_} in the model"
    choice = " or ".join(
        f"`{write_format(name, style)}` (which reads {meaning})"
        for style, meaning in meanings.items()
    )
    return f"number, but nothing tells in which format; set {choice}, and put Double in the model"


def _tell_negative(style: str, texts: Texts) -> str:
    """The negative number that an accountant's notation stands for; empty for other texts."""
    marked = (text.strip() for text in texts() if text.strip().endswith((")", "-")))
    shown = next(marked, "")
    return f", which reads {shown} as {spell(style, shown)}" if shown else ""


def _tell_words(guess: Guess, texts: ColumnTexts, proposed: Collection[str]) -> str:
    narrow = Guess(narrow=guess.narrow, styles=guess.styles).kind
    if narrow == TEXT:
        return ""
    infinite = sorted(word for word in guess.words if is_infinity(word))
    nulls = sorted(guess.words.difference(infinite))
    cures = [_advise_no_value(nulls, proposed)] if nulls else []
    if infinite:
        cures.append("to keep infinite numbers, set `infinity = true`, and put Double in the model")
    counts = _list_counts(texts.count([*nulls, *infinite]))
    return f"{narrow} except for {counts}; {'; '.join(cures)}"


def _advise_no_value(texts: Collection[str], proposed: Collection[str]) -> str:
    told = "it is not a value" if len(texts) == 1 else "they are not values"
    return f"if {told}, draft with {write_options(texts, proposed)}"


def _tell_words_of_truth(name: str, texts: Texts) -> str:
    """Name the setting of two words for yes and no that are not English."""
    found = set[str]()
    for text in texts():
        found.add(text.strip().casefold())
        if len(found) > len(("yes", "no")):
            return ""
    pair = next((pair for pair in _TRUTH if {*pair.split("/")} == found), "")
    setting = write_format(name, pair)
    return f"boolean; if it is, set `{setting}`, and put Boolean in the model" if pair else ""


def _tell_signs(texts: Texts) -> str:
    """Tell of numbers that are written with a plus, or a point that nothing follows.

    Those that all have a plus and no point may be of telephones.
    """
    first = ""
    for text in texts():
        if not _SIGNED.fullmatch(text):
            return ""
        if not first and (text.startswith("+") or text.endswith(".")):
            first = text
    is_whole = not any("." in text or "e" in text.lower() for text in texts())
    if not first or (is_whole and all(text.startswith("+") for text in texts())):
        return ""
    type_ = "Integer" if is_whole else "Double"
    return f"number, except for how {first} is written; if it is one, put {type_} in the model"


def _tell_times(name: str, texts: Texts) -> str:
    if all(map(_TIME.fullmatch, texts())):
        is_either = all(text.count(":") > 1 for text in texts())
        also = ", or Interval where they are lengths of time" if is_either else ""
        return f"times of day; put Time in the model{also}"
    if all(map(_LENGTH.fullmatch, texts())):
        return "lengths of time; put Interval in the model"
    if all(map(_SHORT_LENGTH.fullmatch, texts())):
        choice = " or ".join(f"`{write_format(name, clock)}`" for clock in ("H:MM", "M:SS"))
        told = "lengths of time, if they are not times of day"
        return f"{told}; set {choice}, and put Interval in the model"
    return ""


def _tell_short_years(name: str, texts: Texts) -> str:
    styles: frozenset[str] | None = None
    for text in texts():
        styles = find_short_styles(text) if styles is None else find_short_styles(text, styles)
        if not styles:
            return ""
    if not styles:
        return ""
    type_ = "DateTime" if has_time(min(styles)) else "Date"
    kind = "dates with years of two digits, of which those from 69 on are of the last century"
    return _ask_for_format(kind, name, sorted(styles), type_)


def _tell_strays(texts: ColumnTexts, proposed: Collection[str]) -> str:
    """Name the few texts without digits among values that are all of another kind.

    Those of most rows are no exception: `f` and `r` beside `4` are what cars are driven by.
    """
    kinds = Counter(map(_generalise, islice(texts.read_rows(), _SAMPLE)))
    ((kind, count),) = kinds.most_common(1)
    if kind not in _TOLD_KINDS or 2 * count <= kinds.total():
        return ""
    strays: dict[str, None] = {}
    is_whole = True
    for text in texts():
        if _generalise(text) == kind:
            is_whole = is_whole and classify(text) == INTEGER
            continue
        strays[text] = None
        others = [stray for stray in strays if stray not in proposed]
        if len(others) > MOST_STRAYS or (text in others and any(map(str.isdigit, text))):
            return ""
    if not strays:
        return _tell_size(texts) if kind == NUMBER else ""
    counts = texts.count(sorted(strays))
    if 2 * sum(counts.values()) >= texts.count_all():
        return ""
    return (
        f"{INTEGER if is_whole else kind} except for {_list_counts(counts)}; "
        f"{_advise_no_value(counts, proposed)}"
    )


_COMPACT_DATE = re.compile(r"(1[89]|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")


def find_compact_dates(column: InferredColumn, texts: Texts) -> str:
    """A sentence on whole numbers that are all dates, as 20200131 is."""
    if column.kind != INTEGER or not any(True for _ in texts()):
        return ""
    if not all(_is_compact_date(text.strip()) for text in texts()):
        return ""
    setting = write_format(column.name, "%Y%m%d")
    return f"all can be dates, as 20200131 can; if so, set `{setting}`, and put Date in the model"


def _is_compact_date(text: str) -> bool:
    if not _COMPACT_DATE.fullmatch(text):
        return False
    return classify(f"{text[:4]}-{text[4:6]}-{text[6:]}") == DATE


_SHORTENED = re.compile(r"[1-9](\.[0-9]{1,5})?E\+1[1-9]|[0-9]{1,11}")


def find_shortened_codes(column: InferredColumn, texts: ColumnTexts) -> str:
    """A sentence on numbers that a spreadsheet wrote in place of codes, as 4.00614E+12 is."""
    are_short = column.kind == NUMBER and all(
        _SHORTENED.fullmatch(each.strip()) for each in texts()
    )
    shown = next(texts.find("E+"), "") if are_short else ""
    if not shown:
        return ""
    return (
        "spreadsheets shorten codes of more than eleven digits to numbers such as "
        f"{shown.strip()}; if these are codes, the file no longer has their last digits"
    )


def _generalise(text: str) -> str:
    kind = classify(text)
    return NUMBER if kind == INTEGER else kind


def _list_counts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"{word if word.strip() else repr(word)} ({spell_count(count, 'row')})"
        for word, count in counts.items()
    )


def write_options(words: Collection[str], proposed: Collection[str] = ()) -> str:
    """The options of `new` that leave out some words, and rows that repairs are proposed for."""
    options = [
        f"--null{'=' if word.startswith('-') else ' '}{shlex.quote(word)}"
        for word in words
        if word not in proposed
    ]
    return " ".join(["--repair"] * (len(options) < len(words)) + options)
