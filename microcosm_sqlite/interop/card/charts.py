"""Small charts of the values of a column, as SVG and HTML, each told in words too."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from microcosm_sqlite.common.wording import spell_share

if TYPE_CHECKING:
    from collections.abc import Sequence


HEIGHT = 36
BAR = 7


def draw_histogram(bins: Sequence[int], low: str, high: str) -> str:
    """Bars of equal width; steps that hold anything at all are always to be seen.

    >>> draw_histogram([1, 0, 2], "0", "3").count("M")
    2
    """
    most = max(bins)
    heights = [max(1.5, HEIGHT * count / most) if count else 0 for count in bins]
    bars = "".join(
        f"M{place * BAR} {HEIGHT}v{-height:.4g}h{BAR - 1}V{HEIGHT}z"
        for place, height in enumerate(heights)
        if height
    )
    width = len(bins) * BAR - 1
    told = f"Histogram from {low} to {high}: {_describe(bins)}."
    return (
        f'<svg class="histogram" role="img" aria-label="{escape(told)}" '
        f'viewBox="0 0 {width} {HEIGHT}" preserveAspectRatio="none">'
        f'<path d="{bars}"/></svg>'
    )


def draw_shares(values: Sequence[tuple[str, int]], total: int) -> str:
    """The most frequent values, each with its share as a bar behind it."""
    items = "".join(
        f'<li style="--part: {count / total:.4f}"><span dir="auto">{escape(value)}</span> '
        f'<span class="count">{escape(spell_share(count / total))}</span></li>'
        for value, count in values
    )
    return f'<ul class="shares">{items}</ul>'


def _describe(bins: Sequence[int]) -> str:
    """The shape in words: where most values are."""
    total, most = sum(bins), max(bins)
    place = bins.index(most)
    return f"{most:,} of {total:,} values are in step {place + 1} of {len(bins)}"
