"""Answers to the template's questions: which ones can be used, and what to give instead."""

from __future__ import annotations

import keyword
import re
import sys
from typing import TYPE_CHECKING

from microcosm_sqlite.errors import SettingsError
from microcosm_sqlite.near_names import suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_DISTRIBUTION = re.compile(r"[a-z]([a-z0-9._-]*[a-z0-9])?", re.IGNORECASE)  # PEP 508
_PACKAGE = re.compile(r"[a-z_][a-z0-9_]{0,49}")
_DATASET = re.compile(r"[a-z][a-z0-9_]{0,31}", re.IGNORECASE)
_TEXT = re.compile(r'(?!.*\{[{%#])[^"\\\s]+( [^"\\\s]+)*')
_EMAIL = re.compile(r"""[^\s@"'\\<>{}]+@[^\s@"'\\<>{}]+""")
_URL = re.compile(r'https?://[^\s"\\{}]+')
_SQL_SCHEMAS = {"main", "temp"}


def validate_answers(answers: Mapping[str, str], questions: Mapping[str, Collection[str]]) -> None:
    """Refuse answers that would make a project that cannot be built.

    Args:
        answers: Answers by the name of the question.
        questions: The choices of each question, none where any text may do.

    Raises:
        SettingsError: The first answer that cannot be used.
    """
    for name, answer in answers.items():
        if name not in questions:
            raise SettingsError(
                f"The template asks no question {name!r}.",
                hint=suggest(name, questions, "It asks"),
            )
        if choices := questions[name]:
            if answer not in choices:
                raise SettingsError(
                    f"{name}: {answer!r} is not offered.", hint=f"Choose of {', '.join(choices)}."
                )
            continue
        is_usable, expected = _RULES.get(name, _TEXT_RULE)
        if not is_usable(answer):
            raise SettingsError(f"{name}: {answer!r} cannot be used.", hint=f"Give {expected}.")


def _is_distribution(answer: str) -> bool:
    return bool(_DISTRIBUTION.fullmatch(answer))


def _is_package(answer: str) -> bool:
    is_taken = answer in sys.stdlib_module_names or answer == "microcosm_sqlite"
    return bool(_PACKAGE.fullmatch(answer)) and not keyword.iskeyword(answer) and not is_taken


def _is_dataset(answer: str) -> bool:
    is_reserved = keyword.iskeyword(answer) or answer.lower() in _SQL_SCHEMAS
    return bool(_DATASET.fullmatch(answer)) and not is_reserved


def _is_text(answer: str) -> bool:
    return bool(_TEXT.fullmatch(answer))


def _is_email(answer: str) -> bool:
    return not answer or bool(_EMAIL.fullmatch(answer))


def _is_url(answer: str) -> bool:
    return not answer or bool(_URL.fullmatch(answer))


# The texts go into TOML, YAML and Python between double quotes, by way of Jinja.
_TEXT_RULE = (_is_text, "one line of text without double quotes, backslashes, {{, {% and {#")
_RULES: dict[str, tuple[Callable[[str], bool], str]] = {
    "distribution": (
        _is_distribution,
        "a name of letters, digits and - _ . that begins with a letter, such as elements-data",
    ),
    "package": (
        _is_package,
        "at most 50 small letters, digits and _, no name of Python's own, such as elements_data",
    ),
    "dataset": (
        _is_dataset,
        "at most 32 letters, digits and _, no word of Python's or SQLite's own, such as elements",
    ),
    "author_email": (_is_email, "an address such as data@example.org, or nothing"),
    "repository": (_is_url, "a URL that begins with https://, or nothing"),
}
