"""Values of a manifest, which is a stranger's: each reader takes one kind and nothing else.

All raise KeyError, TypeError or ValueError with the words for what is wrong; a default stands for
a key that may be missing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeGuard


def read_text(raw: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text that can be written to a file or a terminal."""
    value = raw[key] if default is None else raw.get(key, default)
    if not _is_text(value):
        raise TypeError(f"{key!r} is {value!r}, not text")
    return value


def read_count(raw: dict[str, Any], key: str, default: int | None = None) -> int:
    """A whole number from zero."""
    value = raw[key] if default is None else raw.get(key, default)
    if type(value) is not int or value < 0:
        raise TypeError(f"{key!r} is {value!r}, not a count")
    return value


def read_list(raw: dict[str, Any], key: str) -> list[Any]:
    """A list of anything; empty where the key is missing."""
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise TypeError(f"{key!r} is {value!r}, not a list")
    return value


def read_object(raw: dict[str, Any], key: str) -> dict[str, Any]:
    """A JSON object; empty where the key is missing."""
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise TypeError(f"{key!r} is {value!r}, not an object")
    return value


def read_objects(raw: dict[str, Any], key: str) -> list[dict[str, Any]]:
    """A list of JSON objects; empty where the key is missing."""
    values = read_list(raw, key)
    if not all(isinstance(value, dict) for value in values):
        raise TypeError(f"{key!r} holds something that is not an object")
    return values


def read_range(raw: dict[str, Any], key: str) -> tuple[int, int] | None:
    """Two whole numbers; None where the key is missing."""
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or [type(end) for end in value] != [int, int]:
        raise TypeError(f"{key!r} is {value!r}, not two whole numbers")
    return value[0], value[1]


def read_value_range(raw: dict[str, Any], key: str) -> tuple[Any, Any] | None:
    """Two numbers or two texts; None where the key is missing."""
    value = raw.get(key)
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if all(map(_is_text, value)) or all(map(_is_number, value)):
            return low, high
    raise TypeError(f"{key!r} is {value!r}, neither two numbers nor two texts")


def read_sha256(raw: dict[str, Any], key: str) -> str:
    """A hex digest, with ``sha256:`` in front or without."""
    text = read_text(raw, key).removeprefix("sha256:")
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ValueError(f"{key!r} is {text!r}, not a sha256")
    return text


def read_inner_path(
    raw: dict[str, Any], key: str, separator: str, default: str | None = None
) -> str:
    """A name that leads down from where it starts, and never elsewhere."""
    text = read_text(raw, key, default)
    parts = text.split(separator) if text or default is None else []
    for part in parts:
        if part in ("", ".", "..") or set(part) & set("/\\:\0"):
            raise ValueError(f"{key!r} is {text!r}, which leads out of the package")
    return text


def check_names(value: object) -> list[str]:
    """The names of columns: a list of texts, or one text, as the standard allows either."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(map(_is_text, names)):
        raise TypeError(f"{value!r} is not a list of names")
    return names


def _is_text(value: object) -> TypeGuard[str]:
    # JSON can spell half of a character, which no file name and no terminal takes.
    return isinstance(value, str) and (
        value.isascii() or value == value.encode(errors="ignore").decode()
    )


def _is_number(value: object) -> bool:
    return type(value) is int or (type(value) is float and abs(value) < float("inf"))
