"""Many clients at once, and what a service holds between two rounds of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.servers.services import Running, Service

QUESTIONS = [
    ("get_airline", "UA", "United Air Lines Inc."),
    ("count_flights", "SEA", 3923),
    ("get_airline", "B6", "JetBlue Airways"),
    ("count_flights", "SFO", 13331),
    ("get_airline", "HA", "Hawaiian Airlines Inc."),
]
"""Questions with their answers."""

WRITES = 10
"""Of as many clients, one writes."""


class Holdings(NamedTuple):
    """What the processes of a service hold together."""

    descriptors: int
    threads: int
    megabytes: float


ALLOWED = Holdings(descriptors=16, threads=8, megabytes=8)
"""How much more the last third of the rounds may hold than the first: pools still fill."""


@dataclass
class Trial:
    """Rounds of clients of one service.

    Attributes:
        service: The service.
        running: It, running.
        clients: How many ask at once.
        written: How many notes were taken.
        wrong: Answers that were none, or false.
        holdings: What the service held after each round.
    """

    service: Service
    running: Running
    clients: int
    written: int = 0
    wrong: list[str] = field(default_factory=list)
    holdings: list[Holdings] = field(default_factory=list)

    def run(self, *, rounds: int = 9, seconds: float = 0) -> None:
        """Run as many rounds, or more while the time lasts; a first one fills all pools."""
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(self.clients) as pool:
            list(pool.map(self.ask, range(self.clients)))
            while len(self.holdings) < rounds or time.monotonic() < deadline:
                list(pool.map(self.ask, range(self.clients)))
                self.holdings.append(measure_at_rest(self.running.process.pid))
        if self.service.writes:
            found = self.running.ask("count_notes")
            if found != self.written:
                self.wrong.append(f"{self.written} notes were taken, {found} are there")

    def ask(self, number: int) -> None:
        """Ask one question, and judge the answer."""
        question, argument, answer = QUESTIONS[number % len(QUESTIONS)]
        is_write = self.service.writes and number % WRITES == 0
        if is_write:
            question, argument = "add_note", f"note-{number}"
        try:
            found = self.running.ask(question, argument)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
            found = error
        if is_write and isinstance(found, int):
            self.written += 1
        elif is_write or found != answer:
            self.wrong.append(f"{question}({argument!r}): {found!r}")

    def find_growth(self) -> dict[str, tuple[float, float]]:
        """What the last third of the rounds held more of than the first, and how much."""
        third = len(self.holdings) // 3
        first, last = (
            Holdings(*map(max, zip(*part, strict=True)))
            for part in (self.holdings[:third], self.holdings[-third:])
        )
        return {
            name: (before, after)
            for name, before, after, allowed in zip(
                Holdings._fields, first, last, ALLOWED, strict=True
            )
            if after > before + allowed
        }


def measure_at_rest(process: int) -> Holdings:
    """What a service holds once the connections of its clients are closed."""
    before = measure(process)
    for _ in range(20):
        time.sleep(0.05)
        now = measure(process)
        if now[:2] == before[:2]:
            break
        before = now
    return now


def measure(process: int) -> Holdings:
    """What the processes of a service hold now."""
    found = [measure_one(Path("/proc", str(each))) for each in find_processes(process)]
    assert found[0], "the service has ended"
    return Holdings(*map(sum, zip(*filter(None, found), strict=True)))


def measure_one(folder: Path) -> Holdings | None:
    """What one process holds, if it has not ended; memory without files, which processes share."""
    lines = (folder / "status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    if "RssAnon" not in status:
        return None
    return Holdings(
        descriptors=len(list((folder / "fd").iterdir())),
        threads=int(status["Threads"]),
        megabytes=int(status["RssAnon"].split()[0]) / 1024,
    )


def find_processes(process: int) -> Iterator[int]:
    """A process and those that descend from it."""
    yield process
    for task in Path("/proc", str(process), "task").iterdir():
        for child in (task / "children").read_text().split():
            yield from find_processes(int(child))
