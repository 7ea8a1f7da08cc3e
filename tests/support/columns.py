"""Columns and rows as tables have them, the same in every run."""

from __future__ import annotations

import random
import string
from datetime import date, timedelta
from itertools import product


def make_words(count: int, *, seed: int = 1) -> list[str]:
    """Names, no two alike, of all lengths."""
    dice = random.Random(seed)
    words = {
        "".join(dice.choices(string.ascii_lowercase, k=dice.randint(3, 12))).title()
        for _ in range(2 * count)
    }
    return sorted(words, key=lambda word: dice.random())[:count]


def make_codes(count: int) -> list[str]:
    """Codes of three capitals."""
    dice = random.Random(2)
    codes = {"".join(dice.choices(string.ascii_uppercase, k=3)) for _ in range(2 * count)}
    return sorted(codes)[:count]


def make_days(count: int, step: int = 1) -> list[str]:
    """Days, one after the other."""
    return [f"{date(2020, 1, 1) + timedelta(days=step * n)}" for n in range(count)]


def write_stints() -> list[str]:
    """Rows of player, year, stint, team and games, of which the first three are the key."""
    dice = random.Random(3)
    return [
        f"{player},{year},{stint},T{dice.randint(1, 9)},{dice.randint(0, 40)}"
        for player, year in product(make_words(80), range(1990, 2000))
        for stint in range(1, dice.choice([1, 1, 1, 2, 3]) + 1)
    ]
