"""The figures of the page that says when to leave one machine."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks.interop.arithmetic import Scaling

PAGE = Path(__file__).parents[2] / "docs/explanation/when-to-leave-one-machine.md"
MORE = (4, 8, 16, 64)
FORM = """
{rows} rows; {share} of the work stays serial; {start} s to start two workers.

{times}

How many rows are needed before it is worth starting workers for one such query?

{worth}

What is sent, for one year of flights:

{sizes}

"""
FIGURES = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", flags=re.DOTALL)


def write_figures(found: dict[str, Any]) -> str:
    """Put what was measured into the page; gives the text that it has now."""
    text = render_figures(Scaling(**found["scaling"]), found["travel"])
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(FIGURES.sub(lambda _: text, page), encoding="utf-8")
    return text


def render_figures(scaling: Scaling, travel: dict[str, int]) -> str:
    """Tables in Markdown: what was measured, what follows from it, and what is sent."""
    measured = [
        ("one process, polars, no cluster", scaling.alone_s),
        ("cluster of 1 worker", scaling.one_s),
        ("cluster of 2 workers", scaling.two_s),
    ]
    times = [(name, *_describe(scaling, seconds), "measured") for name, seconds in measured]
    times += [
        (
            f"cluster of {workers} workers",
            *_describe(scaling, scaling.seconds(workers)),
            "estimated",
        )
        for workers in MORE
    ]
    worth = [(workers, _describe_rows(scaling.break_even_rows(workers))) for workers in (2, *MORE)]
    sizes = [
        ("the wheel, to each machine, once", _megabytes(travel["wheel_bytes"])),
        ("the description of its data in a task", f"{travel['task_bytes']} bytes"),
        ("the rows, for each query, if there were no wheel", _megabytes(travel["rows_bytes"])),
    ]
    return FORM.format(
        rows=f"{scaling.rows:,}",
        share=f"{scaling.serial_share:.0%}",
        start=f"{scaling.start_s:.1f}",
        times=_draw(times, ("", "seconds", "against 1 worker", "")),
        worth=_draw(worth, ("workers", "rows")),
        sizes=_draw(sizes, ("", "size")),
    )


def _describe(scaling: Scaling, seconds: float) -> tuple[str, str]:
    return f"{seconds:.2f}", f"{scaling.one_s / seconds:.1f} times as fast"


def _describe_rows(rows: float) -> str:
    return "never" if math.isinf(rows) else f"{rows / 1e6:.0f} million"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _draw(rows: list[Any], heads: tuple[str, ...]) -> str:
    return tabulate(rows, heads, tablefmt="github", disable_numparse=True)
