"""Measure contenders in turns, so that what else the machine does falls on all alike.

Both the time on the clock and that of the processors are told: on a machine that others use as
well, only the second says what the work costs, and only the first what threads save.
"""

from __future__ import annotations

import gc
import os
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Times(NamedTuple):
    """Seconds of one run."""

    clock: float
    cpu: float


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
        self.times: list[tuple[Times, Times]] = []

    def run_round(self) -> None:
        """Each way once, in the other order than the last time."""
        ways = [self.ours, self.rival]
        turn = 1 if len(self.times) % 2 == 0 else -1
        first, second = (self.measure(way) for way in ways[::turn])
        self.times.append((first, second) if turn == 1 else (second, first))

    def measure(self, way: Callable[[], object]) -> Times:
        """What one run takes in this process and in those that it starts and ends."""
        return _clock(way)

    def report(self) -> dict[str, object]:
        """Medians in seconds, and the ratios of ours to the rival's with their spread."""
        ratios = [ours.clock / rival.clock for ours, rival in self.times]
        ratio = statistics.median(ratios)
        return {
            "name": self.name,
            "rival": self.rival_name,
            "ours_s": statistics.median(ours.clock for ours, _ in self.times),
            "rival_s": statistics.median(rival.clock for _, rival in self.times),
            "ratio": ratio,
            "ratio_min": min(ratios),
            "ratio_max": max(ratios),
            "cpu_ratio": _compare_processors(self.times),
            "aim": self.aim,
            "is_met": None if self.aim is None else ratio <= self.aim,
            "rounds": len(ratios),
        }


def _compare_processors(times: Sequence[tuple[Times, Times]]) -> float | None:
    """The ratio of processor times; None where the rounds are too short for the clock to tell."""
    ratios = [ours.cpu / rival.cpu for ours, rival in times if rival.cpu > 0]
    return statistics.median(ratios) if ratios else None


def compete(contests: Sequence[Contest], rounds: int) -> list[dict[str, object]]:
    """Warm everything up once, then run the rounds of all contests in turns."""
    # Users' programs keep what Python compiled; without that each start would compile our modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for contest in contests:
        contest.ours()
        contest.rival()
    for _ in range(rounds):
        for contest in contests:
            contest.run_round()
    return [contest.report() for contest in contests]


def _clock(way: Callable[[], object]) -> Times:
    gc.collect()
    cpu, clock = _cpu(), time.perf_counter()
    way()
    return Times(time.perf_counter() - clock, _cpu() - cpu)


def _cpu() -> float:
    """Seconds of all processors, those of finished child processes included."""
    # The former counts nanoseconds; what the latter counts in may be hundredths of a second.
    return time.process_time() + sum(os.times()[2:4])
