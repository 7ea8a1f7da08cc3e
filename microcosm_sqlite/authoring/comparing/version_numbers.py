"""Which version number comes next."""

from __future__ import annotations

import re
from typing import Literal

Level = Literal["", "patch", "minor", "major"]
"""The part of a version number that grows; none if nothing changed."""

_PLACES = {"major": 0, "minor": 1, "patch": 2}


def name_version(old: str, new: str, next_: str) -> str:
    """The version of the newer side: its own, or the next one where it was not raised."""
    return new if new not in ("", old) else next_


def grow_version(version: str, level: Level) -> str:
    """The next final version; empty where nothing changed, or the version is no version.

    >>> grow_version("1.0", "minor"), grow_version("2013.1", "patch"), grow_version("0.3", "major")
    ('1.1', '2013.1.1', '1.0')
    """
    matched = re.match(r"v?(\d+!)?(\d+(?:\.\d+)*)", version)
    if not (matched and level):
        return ""
    epoch, release = matched.groups(default="")
    numbers = [int(number) for number in release.split(".")][:3]
    place = _PLACES[level]
    numbers += [0] * (place + 1 - len(numbers))
    numbers[place] += 1
    numbers[place + 1 :] = [0] * len(numbers[place + 1 :])
    return epoch + ".".join(map(str, numbers))
