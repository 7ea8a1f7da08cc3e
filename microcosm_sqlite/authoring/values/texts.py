"""Python values as texts that `parsing` reads back: what dumping and loading agree on."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any


def write_text(value: Any) -> Any:
    r"""A value as the field of a text file; numbers and texts are left to the writer.

    Null becomes the empty field, an enumeration its member's name, bytes `\x` and hex digits.
    """
    if value is None:
        return ""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return value


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (enum.Enum, lambda value: value.name),
    (bytes, lambda value: f"\\x{value.hex()}"),
    (datetime, lambda value: value.isoformat(" ")),
    ((dict, list), json.dumps),
)
