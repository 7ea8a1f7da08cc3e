"""Measure contenders in turns, so that what else the machine does falls on all alike."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Contest:
    """Two ways to the same end.

    Attributes:
        name: What is done.
        ours, rival: The two ways, each run once per round.
        rival_name: Whom we are measured against.
        aim: How the ratio of ours to the rival should come out, as (relation, bound).
    """

    def __init__(
        self,
        name: str,
        ours: Callable[[], object],
        rival_name: str,
        rival: Callable[[], object],
        aim: float | None = None,
    ) -> None:
        self.name = name
        self.ours = ours
        self.rival_name = rival_name
        self.rival = rival
        self.aim = aim
        self.times: list[tuple[float, float]] = []

    def run_round(self) -> None:
        """Each way once, in the other order than the last time."""
        ways = [self.ours, self.rival]
        turn = 1 if len(self.times) % 2 == 0 else -1
        first, second = (_clock(way) for way in ways[::turn])
        self.times.append((first, second) if turn == 1 else (second, first))

    def report(self) -> dict[str, object]:
        """Medians in seconds, and the ratio of ours to the rival's with its spread."""
        ratios = [ours / rival for ours, rival in self.times]
        return {
            "name": self.name,
            "rival": self.rival_name,
            "ours_s": statistics.median(ours for ours, _ in self.times),
            "rival_s": statistics.median(rival for _, rival in self.times),
            "ratio": statistics.median(ratios),
            "ratio_min": min(ratios),
            "ratio_max": max(ratios),
            "aim": self.aim,
            "is_met": None if self.aim is None else statistics.median(ratios) <= self.aim,
            "rounds": len(ratios),
        }


def compete(contests: Sequence[Contest], rounds: int) -> list[dict[str, object]]:
    """Warm everything up once, then run the rounds of all contests in turns."""
    for contest in contests:
        contest.ours()
        contest.rival()
    for _ in range(rounds):
        for contest in contests:
            contest.run_round()
    return [contest.report() for contest in contests]


def _clock(way: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    way()
    return time.perf_counter() - start
