"""Write what changed between two versions of a dataset as a section of its CHANGELOG.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from microcosm_sqlite.authoring.comparing.comparison import name_version
from microcosm_sqlite.common.wording import escape_markdown, spell_code, spell_count

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.comparing.comparison import Comparison, TableComparison
    from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange

_HEADINGS = {
    "added": "Added", "changed": "Changed", "renamed": "Renamed", "removed": "Removed"
}  # fmt: skip
LONGEST = 60
"""Characters up to which a declaration is quoted."""


def render_changelog(comparison: Comparison) -> str:
    """A section in Markdown, headed by the new side's version, or the next if it was not raised."""
    version = name_version(comparison.old_version, comparison.new_version, comparison.next_version)
    lines = [f"## {escape_markdown(version) or 'Unreleased'}"]
    for change, heading in _HEADINGS.items():
        entries = [_describe(each) for each in comparison.schema if each.change == change]
        lines += _section(heading, entries)
    lines += _section("Rows", [_count(table) for table in comparison.tables if _is_told(table)])
    if comparison.is_same:
        lines += ["", "No changes."]
    return "\n".join(lines) + "\n"


def _section(heading: str, entries: list[str]) -> Iterator[str]:
    if entries:
        yield from ("", f"### {heading}", "")
        yield from (f"- {entry}" for entry in entries)


def _describe(change: SchemaChange) -> str:
    thing, name = change.thing.capitalize(), spell_code(change.name or change.table)
    place = f" of {spell_code(change.table)}" if change.name else ""
    if change.change == "renamed":
        text = f"{thing} {name}{place} to {spell_code(change.after)}."
    elif change.change == "changed":
        declared = f" from {_quote(change.before)} to {_quote(change.after)}"
        is_short = max(len(change.before), len(change.after)) <= LONGEST
        text = f"{thing} {name}{place}{declared if is_short else ''}."
    else:
        declared = change.before or change.after
        text = f"{thing} {name}{place}{f': {_quote(declared)}' if _is_worth(change) else ''}."
    return f"**Breaking:** {text[0].lower()}{text[1:]}" if change.breaks else text


def _is_worth(change: SchemaChange) -> bool:
    return change.thing == "column" and change.change == "added"


def _quote(declared: str) -> str:
    return spell_code(declared) if declared else "none"


def _is_told(table: TableComparison) -> bool:
    return not table.is_same and None not in (table.old_rows, table.new_rows)


def _count(table: TableComparison) -> str:
    old, new = table.old_rows or 0, table.new_rows or 0
    before, now, name = spell_count(old, "row"), spell_count(new, "row"), spell_code(table.table)
    if table.reason:
        amount = f"{now}, as before" if old == new else f"{before} before, {new:,} now"
        return f"{name}: other content; {amount}."
    counts = {"inserted": table.inserted, "deleted": table.deleted, "updated": table.updated}
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    text = f"{name}: {told}; {now} in all."
    return f"**Breaking:** {text}" if table.is_shrunk else text
