"""From two measured times to those of more workers, and to when they are worth it."""

from __future__ import annotations

from typing import NamedTuple


class Scaling(NamedTuple):
    """What was measured, in seconds, of one piece of work.

    Attributes:
        rows: How many rows were read.
        alone_s: In one process, without a cluster.
        one_s: On a cluster of one worker.
        two_s: On a cluster of two.
        start_s: From nothing to a cluster whose workers have imported what they need.
    """

    rows: int
    alone_s: float
    one_s: float
    two_s: float
    start_s: float

    @property
    def serial_share(self) -> float:
        """The part of the work that a second worker does not shorten (Karp and Flatt, 1990)."""
        return min(1.0, max(0.0, 2 * self.two_s / self.one_s - 1))

    def seconds(self, workers: int) -> float:
        """How long so many workers take, by Amdahl's law."""
        serial = self.serial_share
        return self.one_s * (serial + (1 - serial) / workers)

    def break_even_rows(self, workers: int) -> float:
        """From how many rows on it pays to start so many workers; infinite where it never does.

        Work is taken to grow with the rows, and the start not to.
        """
        saved = self.alone_s - self.seconds(workers)
        return self.rows * self.start_s / saved if saved > 0 else float("inf")
