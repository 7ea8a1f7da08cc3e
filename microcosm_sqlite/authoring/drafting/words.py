"""The words in names of tables and columns; those in doubt stay as the source has them."""

from __future__ import annotations

import re

import inflection

_UNIT = 2
"""Where no word is longer, capitals are those of a unit or an acronym: pH, kWh."""
_ID = "ID"
"""What other words follow without a capital: lgIDloser."""
_LAST_WORD = re.compile(r"([A-Z]+|[^\W\d_][^\W\d_A-Z]*)\Z")
_IRREGULAR = frozenset({"children", "men", "people", "women"})
_NO_PLURALS = re.compile(r"(as|ews|ics|is|os|ss|us|lens|kurs)\Z", re.IGNORECASE)
_SHORTEST = 3


def spell_words(name: str) -> str:
    """Return the words of a name in small letters, with underscores between them.

    >>> spell_words("firstName"), spell_words("HTTPServer"), spell_words("lgIDloser")
    ('first_name', 'http_server', 'lg_id_loser')
    >>> spell_words("pH"), spell_words("_2B"), spell_words("IPouts"), spell_words("Sample2Name")
    ('ph', '_2b', 'ipouts', 'sample2_name')
    """
    return "_".join("_".join(_split(part)) for part in re.split("[_-]", name)).lower()


def _split(part: str) -> list[str]:
    starts = [at for at in range(1, len(part)) if _starts_word(part[:at], part[at:])]
    ends = [*starts, len(part)]
    words = [part[start:end] for start, end in zip([0, *starts], ends, strict=True)]
    is_unit = _ID not in words and all(len(word) <= _UNIT for word in words)
    return [part] if is_unit else words


def _starts_word(before: str, after: str) -> bool:
    left, right = before[-1], after[0]
    if right.islower():
        is_id = before.endswith(_ID) and not before[:-2][-1:].isupper()
        return is_id and after != "s"
    if not right.isupper():
        return False
    if left.isupper():  # the last of several capitals begins a word: HTTPServer
        return before[-2:-1].isupper() and after[1:2].islower()
    return left.islower() or (left.isdigit() and after[1:2].islower())


def make_singular(name: str) -> str:
    """Return a name whose last word is in the singular, where it surely is a plural of English.

    >>> make_singular("airlines"), make_singular("my_companies"), make_singular("people")
    ('airline', 'my_company', 'person')
    >>> [make_singular(name) for name in ("obs", "propertymetadata", "news", "GPS", "canvas")]
    ['obs', 'propertymetadata', 'news', 'GPS', 'canvas']
    """
    match = _LAST_WORD.search(name)
    if not match:
        return name
    word = match[0]
    singular = inflection.singularize(word)
    is_acronym = word.isupper() and len(word) <= len("CARS")
    is_sure = word.lower() in _IRREGULAR or (
        singular in _list_stems(word) and len(singular) >= _SHORTEST and not is_acronym
    )
    return name[: match.start()] + singular if is_sure else name


def _list_stems(word: str) -> set[str]:
    """What a plural may be made of by the rules of English."""
    if word[-1:].lower() != "s" or _NO_PLURALS.search(word):
        return set()
    stems = {word[:-1]}
    if word.endswith("es"):
        stems.add(word[:-2])
    if word.endswith("ies"):
        stems.add(f"{word[:-3]}y")
    return stems
