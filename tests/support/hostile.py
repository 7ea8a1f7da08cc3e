"""Names and texts that a stranger would choose, and the shape of what is made of them."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.support.markup import Elements

MARK = "HOSTILE_NAME_RAN"
RUN = f"__import__('sys').modules.__setitem__('{MARK}', 1)"
PAYLOADS = [
    RUN,
    f'")\n{RUN}\n("',
    f'"""\n{RUN}\n"""',
    f"'''\n{RUN}\n'''",
    f"X(object): pass\n{RUN}\nclass Y",
    f"\n    {RUN}\n    #",
    f"\r{RUN}\r#",
    f"\x0c\x0b\x1c\x85\u2028\u2029{RUN}",
    "\\",
    '\\"',
    "{{ 7 * 7 }}{% raw %}",
    "%(name)s %s {0}",
    ":name \\:name",
    "\x1b]0;title\x07\x9b\x7f\u202e\u2066",
    "|`<script>[a](b)*",
    "$(touch x) `touch x` ; &",
    "a.b.c",
    "\N{LATIN SMALL LETTER N PRECEDED BY APOSTROPHE}\N{LATIN SMALL LIGATURE FF}",
]
TEXTS = st.lists(
    st.sampled_from(PAYLOADS) | st.text(st.characters(exclude_characters="\0"), max_size=8),
    min_size=1,
    max_size=3,
).map("".join)
NAMES = TEXTS.map(lambda text: text.encode("utf-8", "replace").decode())
"""What SQLite can call a table or a column."""
NUMBER_OF_NAMES = 24


def spread(names: list[str]) -> list[str]:
    """Names that sort in the same order whatever they are, none of them an identifier."""
    return [f"{chr(97 + number)} {name}" for number, name in enumerate(names)]


HARMLESS = spread(["plain"] * NUMBER_OF_NAMES)
HOSTILE = st.lists(NAMES, min_size=NUMBER_OF_NAMES, max_size=NUMBER_OF_NAMES).map(spread)


def find_html_shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    """The elements and their attributes; whatever leads somewhere leads to the page or the web."""
    page = Elements(html)
    for address in (*page.having("href"), *page.having("src")):
        assert re.match(r"#|https?://", address), address
    return [(name, tuple(attributes)) for name, attributes in page.elements]


def find_markdown_shape(text: str) -> list[str]:
    """The parts that a page of Markdown has; text is text, whatever it says."""
    parser = MarkdownIt("commonmark").enable("table")
    shape: list[str] = []
    for token in parser.parse(text):
        shape.append(token.type)
        # Escapes and line breaks cut one text into several.
        inner = [child.type for child in token.children or () if child.type != "text"]
        shape += [kind for kind in inner if kind not in ("softbreak", "text_special")]
    return shape


def find_shape_of_values(value: Any) -> Any:
    """What there is in a document, without its texts and the names that are keys in it."""
    if isinstance(value, dict):
        return sorted((find_shape_of_values(each) for each in value.values()), key=json.dumps)
    if isinstance(value, list | tuple):
        return [find_shape_of_values(each) for each in value]
    return "" if isinstance(value, str) else value


def list_texts(value: Any) -> list[str]:
    """Every text of a document."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in list_texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in list_texts(each)]
    return [value] if isinstance(value, str) else []
