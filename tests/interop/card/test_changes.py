"""A card shows what changed, whatever Markdown the changelog has in it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from microcosm_sqlite.authoring.project.changelog import Change
from microcosm_sqlite.catalog.manifest import EXTENSION
from microcosm_sqlite.common.wording import escape_markdown, spell_code
from microcosm_sqlite.interop.card.changes import render_markdown, show_changes
from microcosm_sqlite.interop.card.page import render_card
from tests.support.markup import Elements

METADATA = sa.MetaData()
sa.Table("birds", METADATA, sa.Column("id", sa.Integer, primary_key=True))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("- one\n- two\n  more", "<ul>\n<li>one</li>\n<li>two more</li>\n</ul>\n"),
        ("### Rows\n\n* one", "<h4>Rows</h4>\n<ul>\n<li>one</li>\n</ul>\n"),
        ("A text\nof two lines.\n\nAnother.", "<p>A text of two lines.</p>\n<p>Another.</p>\n"),
        ("See [the page](https://example.org/a).", "<p>See the page.</p>\n"),
        ("**Bold** and a\\_b \\<i\\>", "<p>Bold and a_b &lt;i&gt;</p>\n"),
        ("``a`b`` and `` ` ``", "<p><code>a`b</code> and <code>`</code></p>\n"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>\n"),
        ("", ""),
    ],
)
def test_a_changelog_is_shown_as_it_is_meant(written: str, shown: str) -> None:
    assert render_markdown(written) == shown


@given(st.text("ab`*_<>&\\[]()#- \n", max_size=40))
def test_no_text_becomes_markup_of_its_own(text: str) -> None:
    shown = Elements(render_markdown(text))
    assert not shown.open
    assert {tag for tag, _ in shown.elements} <= {"h4", "p", "ul", "li", "code"}


@given(st.text("ab`*_<>&\\[]#- .1", min_size=1, max_size=12).filter(str.strip))
def test_what_release_writes_is_read_back(name: str) -> None:
    shown = "".join(Elements(render_markdown(f"- x{escape_markdown(name)}")).text)
    assert shown.strip() == f"x{name.strip()}"
    code = Elements(render_markdown(f"- x {spell_code(name)} y"))
    assert name in code.text


def make_dataset(make: Any, *changes: dict[str, str]) -> Any:
    dataset = make(METADATA)
    dataset.manifest.raw[EXTENSION]["changes"] = list(changes)
    dataset.manifest.changes = list(changes)
    return dataset


def test_the_latest_version_is_open_and_the_others_are_folded(make: Any) -> None:
    changes = [vars(Change(f"{number}.0", f"- Number {number}")) for number in (3, 2, 1)]
    dataset = make_dataset(make, *changes)
    shown = Elements(render_card(dataset))
    assert not shown.open
    assert {"Changes", "3.0", "Number 3", "Number 1"} <= set(shown.text)
    told = show_changes(dataset.manifest)
    assert told.count("<details>") == 2
    assert told.index("Number 3") < told.index("<details>")
    assert ("a", {"href": "#changes"}) in shown.elements


def test_without_a_changelog_nothing_is_said_of_it(make: Any) -> None:
    assert 'id="changes"' not in render_card(make_dataset(make))
    assert show_changes(None) == ""
    assert "<h3></h3>" in show_changes(make_dataset(make, {"text": "- Odd."}).manifest)
