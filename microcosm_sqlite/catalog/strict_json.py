"""Read JSON that an attacker may have written: within bounds, and with values of the right types.

What is not as it should be raises KeyError, TypeError or ValueError, whose text says why.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, TypeGuard

try:
    import _json
except ImportError:  # another Python than CPython
    _make_scanner: Any = None
else:
    _make_scanner = _json.make_scanner

_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MAX_BYTES = 16 << 20
MAX_VALUES = 2_000_000
"""More take more than 200 MB of memory."""
MAX_DEPTH = 32
MAX_TEXT = 100_000
"""Characters of a text that is shown to people, or names something."""
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+")
"""What names of distributions and versions consist of, both of which stand in commands to run."""
_IN_SPECIFIERS = PLAIN | frozenset("<>=!~,* ")
MAX_INTEGER = 2**63 - 1
"""The largest that SQLite stores; those without a bound cannot even be printed."""


def parse(text: str | bytes) -> Any:
    """The value of a JSON document in UTF-8.

    Raises:
        ValueError: It is not JSON, or exceeds a bound; its text goes on after the document's name.
    """
    if len(text) > MAX_BYTES:
        raise ValueError(f"has {len(text):,} bytes, more than {MAX_BYTES:,}")
    try:
        document = text if isinstance(text, str) else text.removeprefix(BYTE_ORDER_MARK).decode()
        if len(document) > MAX_VALUES:
            _check_count(document)
        value = _load(document)
        if "\\ud" in document or "\\uD" in document:
            import json

            # JSON can spell half of a character, which no file name and no terminal takes.
            json.dumps(value, ensure_ascii=False).encode()
    except _ExcessError:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from error
    _check_depth(value, document)
    return value


def _load(document: str) -> Any:
    """As `json.loads`, but json is imported only for a document that is at fault.

    To import it takes longer than to open a dataset: it compiles regular expressions.
    """
    text = document.strip(_BLANKS)
    if _make_scanner is not None:
        try:
            value, end = _make_scanner(_Rules)(text, 0)
        except (ValueError, StopIteration, RecursionError, SystemError):
            # The scanner of Python 3.11 fails where json, which has its error, is not imported.
            end = -1
        if end == len(text):
            return value
    import json

    return json.loads(document, parse_constant=_refuse_constant)


_BLANKS = " \t\n\r"


class _ExcessError(ValueError):
    """A bound is exceeded."""


def _check_count(document: str) -> None:
    if document.count(",") + document.count("[") + document.count("{") > MAX_VALUES:
        raise _ExcessError(f"has more than {MAX_VALUES:,} values")


def _refuse_constant(name: str) -> None:
    raise _ExcessError(f"has the number {name}, which is not JSON")


class _Rules:
    """How the scanner of json reads: as json itself does by default, but for constants."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, _refuse_constant


def _check_depth(value: Any, document: str) -> None:
    # Brackets without what stands between them: each round takes the innermost away. Only where
    # texts hold brackets as well, or there are too many levels, the values are looked at, which
    # takes ten times as long.
    brackets = document.encode().translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for each in level
            for child in (each.values() if type(each) is dict else each)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise _ExcessError(f"is nested more than {MAX_DEPTH} deep")


def read_text(raw: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text that can be written to a file or a terminal, and is not endless."""
    value = raw[key] if default is None else raw.get(key, default)
    if not _is_text(value):
        raise TypeError(f"{key!r} is {_shorten(value)}, not text")
    if len(value) > MAX_TEXT:
        raise ValueError(f"{key!r} has {len(value):,} characters, more than {MAX_TEXT:,}")
    return value


def read_count(raw: dict[str, Any], key: str, default: int | None = None) -> int:
    """A whole number from zero."""
    value = raw[key] if default is None else raw.get(key, default)
    if type(value) is not int or not 0 <= value <= MAX_INTEGER:
        raise TypeError(f"{key!r} is {_shorten(value)}, not a count")
    return value


def read_bool(raw: dict[str, Any], key: str) -> bool:
    """A boolean; false where the key is missing."""
    value = raw.get(key, False)
    if type(value) is not bool:
        raise TypeError(f"{key!r} is {_shorten(value)}, neither true nor false")
    return value


def read_list(raw: dict[str, Any], key: str) -> list[Any]:
    """A list of anything; empty where the key is missing."""
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise TypeError(f"{key!r} is {_shorten(value)}, not a list")
    return value


def read_scalars(raw: dict[str, Any], key: str) -> list[Any]:
    """A list of texts, numbers and booleans; empty where the key is missing."""
    values = read_list(raw, key)
    if not all(_is_text(value) or _is_number(value) or type(value) is bool for value in values):
        raise TypeError(f"{key!r} is {_shorten(values)}, not a list of texts and numbers")
    return values


def read_object(raw: dict[str, Any], key: str) -> dict[str, Any]:
    """A JSON object; empty where the key is missing."""
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise TypeError(f"{key!r} is {_shorten(value)}, not an object")
    return value


def read_objects(
    raw: dict[str, Any], key: str, texts: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """A list of JSON objects; what they hold under some keys must be texts."""
    values = read_list(raw, key)
    for value in values:
        if not isinstance(value, dict):
            raise TypeError(f"{key!r} holds {_shorten(value)}, which is not an object")
        for name in texts:
            read_text(value, name, "")
    return values


def read_range(raw: dict[str, Any], key: str) -> tuple[int, int] | None:
    """Two whole numbers; None where the key is missing."""
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, list) or [type(end) for end in value] != [int, int]:
        raise TypeError(f"{key!r} is {_shorten(value)}, not two whole numbers")
    if max(map(abs, value)) > MAX_INTEGER + 1:
        raise ValueError(f"{key!r} is {_shorten(value)}, which SQLite does not store")
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
    raise TypeError(f"{key!r} is {_shorten(value)}, neither two numbers nor two texts")


def read_sha256(raw: dict[str, Any], key: str) -> str:
    """A hex digest, with ``sha256:`` in front or without."""
    text = read_text(raw, key).removeprefix("sha256:")
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ValueError(f"{key!r} is {_shorten(text)}, not a sha256")
    return text


def read_inner_path(
    raw: dict[str, Any], key: str, separator: str, default: str | None = None
) -> str:
    """A name that leads down from where it starts, and never elsewhere."""
    text = read_text(raw, key, default)
    parts = text.split(separator) if text or default is None else []
    for part in parts:
        if part in ("", ".", "..") or set(part) & set("/\\:\0"):
            raise ValueError(f"{key!r} is {_shorten(text)}, which leads out of the package")
    return text


def check_names(value: object) -> list[str]:
    """The names of columns: a list of texts, or one text, as the standard allows either."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(map(_is_text, names)):
        raise TypeError(f"{_shorten(value)} is not a list of names")
    return names


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and (
        value.isascii() or value == value.encode(errors="ignore").decode()
    )


def _is_number(value: object) -> bool:
    return (type(value) is int and -MAX_INTEGER - 1 <= value <= MAX_INTEGER) or (
        type(value) is float and abs(value) < float("inf")
    )


def _shorten(value: object) -> str:
    from reprlib import repr as shorten

    return shorten(value)


def read_requirement(raw: dict[str, Any], key: str) -> str:
    """A name, a version or several specifiers of versions, which a command to run can quote.

    Raises:
        ValueError: It holds what means more in a command.
    """
    text = read_text(raw, key, "")
    if set(text) - _IN_SPECIFIERS:
        raise ValueError(
            f"{key!r} is {text[:40]!r}, which is not a name or version of a distribution"
        )
    return text
