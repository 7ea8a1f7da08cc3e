"""What changed in the last versions of a dataset, from the Markdown of its changelog."""

from __future__ import annotations

import re
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.manifest import Manifest

_CODE = re.compile(r"(?<!\\)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)\s]*\)")
_BOLD = re.compile(r"(?<![\\*])\*\*(?=\S)(.+?)(?<=\S)\*\*")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ITEM = re.compile(r"\s*[-*+]\s+")


def show_changes(manifest: Manifest | None) -> str:
    """The changes of each version, of which all but the latest are folded; empty for none."""
    if not (manifest and manifest.changes):
        return ""
    (version, text), *others = (
        (escape(each.get("version", "")), render_markdown(each.get("text", "")))
        for each in manifest.changes
    )
    shown = f"<h3>{version}</h3>\n{text}"
    folded = "".join(
        f"<details><summary>{version}</summary>\n{text}</details>\n" for version, text in others
    )
    return (
        f'<h2 id="changes">Changes</h2>\n<div class="changes" dir="auto">\n{shown}{folded}</div>\n'
    )


def render_markdown(text: str) -> str:
    r"""The headings, lists and paragraphs of a changelog as HTML; all else is shown as written.

    >>> render_markdown("### Added\n\n- Column `name` of\n  *planes*.")
    '<h4>Added</h4>\n<ul>\n<li>Column <code>name</code> of *planes*.</li>\n</ul>\n'
    """
    blocks = groupby(_read_blocks(text), lambda block: block[0])
    return "".join(_render(kind, [words for _, words in group]) for kind, group in blocks)


def _read_blocks(text: str) -> Iterator[tuple[str, str]]:
    """Each heading, item and paragraph, with its kind, as one line of text."""
    kind, words = "", ""
    for line in [*text.splitlines(), ""]:
        is_item, is_heading = bool(_ITEM.match(line)), line.startswith("#")
        if words and (is_item or is_heading or not line.strip()):
            yield kind, words
            words = ""
        if is_heading:
            yield "h4", line.strip("# ")
        elif is_item:
            kind, words = "li", _ITEM.sub("", line, count=1).strip()
        elif words:
            words = f"{words} {line.strip()}"
        elif line.strip():
            kind, words = "p", line.strip()


def _render(kind: str, texts: list[str]) -> str:
    shown = "".join(f"<{kind}>{_render_line(text)}</{kind}>\n" for text in texts)
    return f"<ul>\n{shown}</ul>\n" if kind == "li" else shown


def _render_line(text: str) -> str:
    """A line with its code; what stands outside of that, without the backslashes of Markdown."""
    shown, end = "", 0
    for code in _CODE.finditer(text):
        shown += _render_words(text[end : code.start()])
        inner = code[2][1:-1] if re.fullmatch(r" .*\S.* ", code[2]) else code[2]
        shown += f"<code>{escape(inner)}</code>"
        end = code.end()
    return shown + _render_words(text[end:])


def _render_words(text: str) -> str:
    words = _BOLD.sub(r"\1", _LINK.sub(r"\1", text))
    return escape(_ESCAPED.sub(r"\1", words))
