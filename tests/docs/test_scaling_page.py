"""The page on leaving one machine reckons as it says that it does."""

from __future__ import annotations

import math

import pytest

from benchmarks.interop.arithmetic import Scaling
from benchmarks.interop.scaling_page import FIGURES, PAGE, render_figures

HALF = Scaling(rows=1_000_000, alone_s=4.0, one_s=8.0, two_s=6.0, start_s=2.0)


def test_the_serial_share_explains_what_was_measured() -> None:
    assert HALF.serial_share == 0.5
    assert [HALF.seconds(workers) for workers in (1, 2, 4)] == [8.0, 6.0, 5.0]
    assert HALF._replace(two_s=4.0).serial_share == 0.0
    assert HALF._replace(two_s=9.0).serial_share == 1.0


def test_workers_are_worth_their_start_where_they_beat_one_process() -> None:
    assert math.isinf(HALF.break_even_rows(4))
    quick = HALF._replace(two_s=4.0)
    assert quick.seconds(4) == 2.0
    assert quick.break_even_rows(4) == pytest.approx(1_000_000)


def test_the_page_has_room_for_the_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")
    figures = FIGURES.search(page)
    assert figures
    travel = {"wheel_bytes": 1, "task_bytes": 1, "rows_bytes": 1}
    assert shape(figures[0]) == shape(render_figures(HALF, travel))


def shape(text: str) -> list[str]:
    """The first words of each line, which no measurement changes."""
    return [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
