"""An entity-relationship diagram as SVG: tables, their keys, and what refers to what.

Tables that refer to no other stand on the right, tables that refer to them further left. Those
without any reference are not drawn.
Colours are CSS variables of the page around it.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from microcosm_sqlite.common.wording import measure, spell_count, spell_on_one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from microcosm_sqlite.catalog.manifest_tables import Table

    Reference = tuple[str, str, str, str]
    """Table, its column, the table that it refers to, and that one's column."""

NARROWEST, WIDEST = 180, 224
"""Pixels of a box, as the longest name in the diagram needs."""
PADDING = 12
HEAD = 44
LINE = 22
GAP_X = 64
GAP_Y = 28
MARGIN = 8
TALLEST = 900
"""Pixels of a column of boxes, beyond which it is broken into several side by side."""


NAME_SIZE, KEY_SIZE, ROLE_SIZE = 14, 13, 12
"""Pixels of the letters, as the style sheet has them."""
LETTER = 0.64
"""How wide a letter is on average, as a part of its size, in the widest of the usual fonts."""


class Box:
    """One table, and where it stands.

    Attributes:
        table: The table.
        keys: Each column that is shown to its roles, such as ``"PK FK"``.
        width: In pixels, as are the coordinates.
    """

    __slots__ = ("keys", "table", "width", "x", "y")

    def __init__(self, table: Table, keys: Mapping[str, str]) -> None:
        self.table = table
        self.keys = keys
        self.width = NARROWEST
        self.x = 0
        self.y = 0

    @property
    def needed(self) -> float:
        """The width at which no name is shortened."""
        names = [_span(self.table.name, NAME_SIZE)]
        names += [_span(key, KEY_SIZE) + _room(roles) for key, roles in self.keys.items()]
        return max(names) + 2 * PADDING

    @property
    def height(self) -> int:
        """In pixels."""
        return HEAD + LINE * len(self.keys) + (10 if self.keys else 0)

    def line_of(self, column: str) -> float:
        """The middle of a column's line, or of the head where the column is not shown."""
        if column in self.keys:
            return self.y + HEAD + LINE * ([*self.keys].index(column) + 0.5)
        return self.y + HEAD / 2


def draw_diagram(tables: Mapping[str, Table]) -> str:
    """An ``<svg>`` element; empty text where no table refers to another."""
    references = find_references(tables)
    if not references:
        return ""
    of_table = group_references(references)
    related = {name for source, _, target, _ in references for name in (source, target)}
    boxes = {
        name: Box(table, _keys(table, of_table.get(name, [])))
        for name, table in tables.items()
        if name in related
    }
    width, height = _place(boxes, references)
    told = "; ".join(f"{a}.{b} refers to {c}.{d}" for a, b, c, d in references)
    arrows = "".join(_draw_arrow(boxes, reference) for reference in references)
    drawn = "".join(map(_draw_box, boxes.values()))
    return (
        f'<svg class="diagram" role="group" aria-labelledby="diagram-title diagram-text" '
        f'style="width: {width}px" viewBox="0 0 {width} {height}">'
        '<title id="diagram-title">Tables and what they refer to</title>'
        f'<desc id="diagram-text">{_spell(told)}.</desc>'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path class="tip" d="M0 0 8 4 0 8Z"/></marker></defs>'
        f"{arrows}{drawn}</svg>"
    )


def find_references(tables: Mapping[str, Table]) -> list[Reference]:
    """Every column that refers to another one of the same dataset."""
    return [
        (name, column, target, referred)
        for name, table in tables.items()
        for key in table.foreign_keys
        for target in [key["reference"].get("resource") or name]
        if target in tables
        for column, referred in zip(key["fields"], key["reference"]["fields"], strict=False)
    ]


def group_references(references: Iterable[Reference]) -> dict[str, list[Reference]]:
    """Table to the references of its columns."""
    found: dict[str, list[Reference]] = {}
    for reference in references:
        found.setdefault(reference[0], []).append(reference)
    return found


def _keys(table: Table, references: list[Reference]) -> dict[str, str]:
    referring = {column for _, column, _, _ in references}
    roles = {
        field.name: ["PK"] * (field.name in table.primary_key) + ["FK"] * (field.name in referring)
        for field in table.fields
    }
    return {name: " ".join(of) for name, of in roles.items() if of}


def _place(boxes: Mapping[str, Box], references: list[Reference]) -> tuple[int, int]:
    """Put the boxes in columns; returns the size of the whole."""
    levels = _levels(boxes, references)
    grouped: list[list[str]] = [[] for _ in range(max(levels.values()) + 1)]
    for name in boxes:
        grouped[levels[name]].append(name)
    sources: dict[str, list[str]] = {}
    for source, _, target, _ in references:
        sources.setdefault(target, []).append(source)
    columns: list[list[str]] = []
    middles: dict[str, float] = {}
    for names in reversed(grouped):
        # Near what refers to it, so that fewer lines cross.
        names.sort(key=lambda name: _pull(middles, sources.get(name, [])))
        broken = list(_break(boxes, names))
        columns += broken
        for column in broken:
            middles |= _find_middles(boxes, column)
    tallest = max(_height(boxes, names) for names in columns)
    needed = max(box.needed for box in boxes.values())
    width = round(min(max(NARROWEST, needed), WIDEST))
    for number, names in enumerate(columns):
        y = MARGIN + (tallest - _height(boxes, names)) // 2
        for name in names:
            boxes[name].width = width
            boxes[name].x = MARGIN + number * (width + GAP_X)
            boxes[name].y = y
            y += boxes[name].height + GAP_Y
    whole = len(columns) * (width + GAP_X) - GAP_X + 2 * MARGIN + _loop_room(references)
    return whole, tallest + 2 * MARGIN


def _break(boxes: Mapping[str, Box], names: list[str]) -> Iterator[list[str]]:
    """Columns of boxes that are not too tall, and about equally tall."""
    parts = -(-_height(boxes, names) // TALLEST)
    wanted = -(-_height(boxes, names) // parts)
    column: list[str] = []
    for name in names:
        if column and _height(boxes, [*column, name]) > wanted:
            yield column
            column = []
        column.append(name)
    yield column


def _find_middles(boxes: Mapping[str, Box], names: list[str]) -> dict[str, float]:
    """How far the middle of each box is from the middle of its column."""
    y = -_height(boxes, names) / 2
    middles = {}
    for name in names:
        middles[name] = y + boxes[name].height / 2
        y += boxes[name].height + GAP_Y
    return middles


def _levels(boxes: Mapping[str, Box], references: list[Reference]) -> dict[str, int]:
    """How many references lead on from each table, one after the other; circles end them."""
    levels: dict[str, int] = {}
    targets: dict[str, set[str]] = {name: set() for name in boxes}
    for source, _, target, _ in references:
        targets[source].add(target)
    for first in boxes:
        # Not by recursion, which would end at chains of a thousand tables.
        path: dict[str, tuple[list[str], Iterator[str]]] = {}
        name = first
        while name not in levels:
            if name not in path:
                further = sorted(targets[name] - {name} - path.keys())
                path[name] = further, iter(further)
            further, rest = path[name]
            following = next((each for each in rest if each not in levels), None)
            if following is None:
                levels[name] = 1 + max((levels[each] for each in further), default=-1)
                del path[name]
                following = next(reversed(path), name)
            name = following
    return levels


def _pull(places: Mapping[str, float], sources: list[str]) -> float:
    pulls = [places[source] for source in sources if source in places]
    return sum(pulls) / len(pulls) if pulls else 1e9


def _height(boxes: Mapping[str, Box], names: list[str]) -> int:
    return sum(boxes[name].height for name in names) + GAP_Y * (len(names) - 1)


def _loop_room(references: list[Reference]) -> int:
    return 24 if any(source == target for source, _, target, _ in references) else 0


def _draw_box(box: Box) -> str:
    table = box.table
    name = _fit(table.name, NAME_SIZE, box.width - 2 * PADDING)
    return (
        f'<g transform="translate({box.x} {box.y})">'
        f'<rect class="box" width="{box.width}" height="{box.height}" rx="8"/>'
        f'<a href="#{anchor(table.name)}"><text class="name" x="{PADDING}" y="20">{name}</text></a>'
        f'<text class="quiet" x="{PADDING}" y="36">{spell_count(table.row_count, "row")}, '
        f"{spell_count(len(table.fields), 'column')}</text>"
        f"{''.join(_draw_lines(box))}</g>"
    )


def _draw_lines(box: Box) -> Iterator[str]:
    if box.keys:
        yield f'<path class="rule" d="M0 {HEAD}H{box.width}"/>'
    for number, (key, roles) in enumerate(box.keys.items()):
        y = HEAD + LINE * (number + 0.5) + 8
        name = _fit(key, KEY_SIZE, box.width - 2 * PADDING - _room(roles))
        yield (
            f'<text class="key" x="{PADDING}" y="{y:g}">{name}</text>'
            f'<text class="quiet" text-anchor="end" x="{box.width - PADDING}" y="{y:g}">'
            f"{roles}</text>"
        )


def _room(roles: str) -> float:
    """What the roles of a column take of its line, with a gap before them."""
    return _span(f"{roles} ", ROLE_SIZE)


def _span(text: str, size: int) -> float:
    """The width of a text, at most, as it is spelled."""
    return measure(spell_on_one_line(text)) * size * LETTER


def _fit(name: str, size: int, room: float) -> str:
    """A name that fits, in SVG; where it is shortened, the mouse shows the whole of it."""
    if _span(name, size) <= room:
        return _spell(name)
    short = name[:_MOST_LETTERS]
    while _span(f"{short}…", size) > room:
        short = short[:-1]
    return f"{_spell(short)}…<title>{_spell(name)}</title>"


_MOST_LETTERS = 1000
"""Letters of a name that is shortened that are looked at; no box has room for as many."""


def _draw_arrow(boxes: Mapping[str, Box], reference: Reference) -> str:
    source, column, target, referred = reference
    start, end = boxes[source], boxes[target]
    y1, y2 = start.line_of(column) + 4, end.line_of(referred) + 4
    if start.x < end.x:
        x1, x2 = start.x + start.width, end.x - 2
        bend = (x2 - x1) / 2
        path = f"M{x1} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2} {y2:g}"
    else:
        # A table that refers to itself, or back in a circle: round the outside.
        x1, x2 = start.x + start.width, end.x + end.width + 2
        out = max(x1, x2) + 24
        path = f"M{x1} {y1:g}C{out} {y1:g} {out} {y2:g} {x2} {y2:g}"
    return f'<path class="arrow" d="{path}" marker-end="url(#arrow)"/>'


def anchor(table: str) -> str:
    """The id of a table's part of the page; one word, whatever the table's name."""
    return f"table-{quote(table, safe='')}"


def _spell(text: str) -> str:
    """A text in SVG, which has no control characters."""
    return escape(spell_on_one_line(text))
