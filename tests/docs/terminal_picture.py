"""A picture of a terminal session, drawn as SVG from what the program printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

COLUMNS = 80
MARGIN, TOP, LINE, LETTER = 18, 46, 20, 8.43
BOLD = re.compile(r"\x1b\[1m(.*?)\x1b\[0m")
HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-labelledby="title" font-family="ui-monospace, SFMono-Regular, \
Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="#d7dde4">
<title id="title">{title}</title>
<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>
<circle cx="22" cy="19" r="6" fill="#ff6b60"/><circle cx="42" cy="19" r="6" fill="#f5bf4f"/>\
<circle cx="62" cy="19" r="6" fill="#5fc454"/>"""


def draw(session: Sequence[tuple[str, str]], title: str) -> str:
    """The picture of some commands, each with what it printed on a terminal of 80 columns."""
    lines = list(_lines(session))
    size = {"width": round(2 * MARGIN + COLUMNS * LETTER), "height": TOP + LINE * len(lines)}
    rows = [
        f'<text x="{MARGIN}" y="{TOP + LINE * number}" xml:space="preserve">{line}</text>'
        for number, line in enumerate(lines)
        if line
    ]
    return "\n".join([HEAD.format(title=escape(title), **size), *rows, "</svg>", ""])


def _lines(session: Sequence[tuple[str, str]]) -> Iterator[str]:
    for command, printed in session:
        first, *more = command.splitlines()
        for prompt, line in [("$", first), *((">", line) for line in more)]:
            typed = f'<tspan font-weight="bold">{escape(line)}</tspan>'
            yield f'<tspan fill="#5fc454">{escape(prompt)}</tspan> {typed}'
        for line in printed.rstrip("\n").splitlines():
            yield BOLD.sub(r'<tspan font-weight="bold">\1</tspan>', escape(line))
        yield ""
