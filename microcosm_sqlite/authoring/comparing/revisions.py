"""Write what changed between versions of a dataset: a revision for Alembic, and a changelog."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from microcosm_sqlite.authoring.comparing.schema_steps import (
    Definitions,
    Step,
    plan_steps,
    read_definitions,
)
from microcosm_sqlite.authoring.comparing.version_numbers import name_version
from microcosm_sqlite.common.wording import (
    escape_markdown,
    spell_code,
    spell_count,
    spell_on_one_line,
)
from microcosm_sqlite.common.workspace import making_folder, write_new
from microcosm_sqlite.errors import SettingsError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.comparing.comparison import Comparison, TableComparison
    from microcosm_sqlite.authoring.comparing.schema_changes import SchemaChange
    from microcosm_sqlite.catalog.installed import InstalledDataset


@dataclass(frozen=True)
class Revision:
    """A revision for Alembic.

    Attributes:
        name: Its identifier: the version of the dataset that it leads to.
        after: The identifier of the one before it; empty for the first.
        upgrade: Steps from the old schema to the new one.
        downgrade: Steps back.
    """

    name: str
    after: str
    upgrade: Sequence[Step]
    downgrade: Sequence[Step]

    @property
    def unfilled(self) -> list[str]:
        """Required columns that old rows have no value for."""
        return _name_columns((step, step.unfilled) for step in self.upgrade)

    @property
    def lost(self) -> list[str]:
        """Columns that the new schema does not have, at least not under this name."""
        return _name_columns((step, step.lost) for step in self.upgrade)

    def render(self) -> str:
        """The text of its module."""
        return "\n".join(
            [
                f'"""Take the schema to version {self.name} of the data."""',
                "",
                "from alembic import op",
                "",
                f"revision = {self.name!r}",
                f"down_revision = {self.after or None!r}",
                "branch_labels = None",
                "depends_on = None",
                *_render_function("upgrade", self.upgrade),
                *_render_function("downgrade", self.downgrade),
                "",
            ]
        )


def _name_columns(steps: Iterable[tuple[Step, Iterable[str]]]) -> list[str]:
    return [
        f"{step.reason.partition(':')[0]}.{column}" for step, names in steps for column in names
    ]


def write_revision(
    old: InstalledDataset, new: InstalledDataset, folder: str | Path, version: str
) -> tuple[Path, Revision] | None:
    """Write the revision from one version's schema to another's, after those in `folder`.

    Args:
        old: The older version.
        new: The newer one.
        folder: `sqlite-migrations/<dataset>` of whoever applies it; made where it does not exist.
        version: What the newer version is called; empty where nothing says it.

    Returns:
        The file and what is in it, or None where the schemas are the same.

    Raises:
        SettingsError: There is a revision of this name already, or the folder has branches.
        DatasetError: A dataset cannot be opened.
        MissingDependencyError: Alembic is not installed.
    """
    with closing(old.connect()) as before, closing(new.connect()) as after:
        definitions = read_definitions(before), read_definitions(after)
    upgrade = plan_steps(*definitions)
    if not upgrade:
        return None
    name = re.sub(r"[^\w.]", "_", version) or f"schema_{_digest(definitions[1])}"
    folder = Path(folder)
    file = folder / f"{name}.py"
    with making_folder(folder):
        revision = Revision(name, _find_last(folder, name), upgrade, plan_steps(*definitions[::-1]))
        write_new(file, revision.render())
    return file, revision


def _digest(definitions: Definitions) -> str:
    texts = [*definitions.tables.values(), *definitions.others.values()]
    return sha256("\n".join(texts).encode()).hexdigest()[:12]


def _find_last(folder: Path, name: str) -> str:
    from microcosm_sqlite.orm.migrations import list_revisions

    known, heads = list_revisions(folder)
    if name in known:
        raise SettingsError(
            f"{folder} has a revision {name} already.",
            hint="Remove it, or give the new version another number.",
        )
    if len(heads) > 1:
        raise SettingsError(
            f"{folder} has several last revisions: {', '.join(sorted(heads))}.",
            hint="Merge them: run the command that runs migrations with `merge heads`.",
        )
    return heads[0] if heads else ""


def _render_function(name: str, steps: Sequence[Step]) -> Iterator[str]:
    yield from ("", "", f"def {name}():")
    for number, step in enumerate(steps):
        if number:
            yield ""
        yield _comment(step.reason)
        if step.unfilled:
            yield _comment(f"Say below what old rows get instead of NULL: {_list(step.unfilled)}.")
        if step.lost:
            yield _comment(f"Values go; copy those that only have a new name: {_list(step.lost)}.")
        yield from (f"    op.execute({_quote(statement)})" for statement in step.statements)


def _comment(text: str) -> str:
    # On one line, whatever the names in it hold: what follows a line break would be code.
    return f"    # {spell_on_one_line(' '.join(text.split()))}"


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _quote(statement: str) -> str:
    """A statement as Python source; Alembic takes a name behind a colon for a parameter."""
    escaped = re.sub(r"(?<![:\w\\]):(?=\w)", r"\:", statement)
    is_plain = all(each.isprintable() or each in "\n\t" for each in escaped)
    if "\n" not in escaped or '"""' in escaped or escaped.endswith("\\") or not is_plain:
        return repr(escaped)
    end = "\n" if escaped.endswith('"') else ""
    return f'{"r" if chr(92) in escaped else ""}"""{escaped}{end}"""'


_HEADINGS = {
    "added": "Added", "changed": "Changed", "renamed": "Renamed", "deprecated": "Deprecated",
    "removed": "Removed",
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


def list_news(old: InstalledDataset, new: InstalledDataset) -> list[dict[str, str]]:
    """What the newer side's changelog says of versions that the older one's does not have.

    Returns:
        ``version`` and ``text`` of each, the latest one first; empty where a side has no changelog.
    """
    if not (old.manifest and new.manifest and old.manifest.changes):
        return []
    known = {each.get("version") for each in old.manifest.changes}
    return [each for each in new.manifest.changes if each.get("version") not in known]


def _section(heading: str, entries: list[str]) -> Iterator[str]:
    if entries:
        yield from ("", f"### {heading}", "")
        yield from (f"- {entry}" for entry in entries)


def _describe(change: SchemaChange) -> str:
    thing, name = change.thing.capitalize(), spell_code(change.name or change.table)
    place = f" of {spell_code(change.table)}" if change.name else ""
    if change.change == "renamed":
        doubt = f", probably: {change.doubt}" if change.doubt else ""
        text = f"{thing} {name}{place} to {spell_code(change.after)}{doubt}."
    elif change.change == "deprecated":
        text = f"{thing} {name}{place}: {escape_markdown(change.after)}"
    elif change.change == "changed":
        declared = f" from {_quote_code(change.before)} to {_quote_code(change.after)}"
        is_short = max(len(change.before), len(change.after)) <= LONGEST
        text = f"{thing} {name}{place}{declared if is_short else ''}."
    else:
        declared = change.before or change.after
        text = f"{thing} {name}{place}{f': {_quote_code(declared)}' if _is_worth(change) else ''}."
    return f"**Breaking:** {text[0].lower()}{text[1:]}" if change.breaks else text


def _is_worth(change: SchemaChange) -> bool:
    return change.thing == "column" and change.change == "added"


def _quote_code(declared: str) -> str:
    return spell_code(declared) if declared else "none"


def _is_told(table: TableComparison) -> bool:
    return not table.is_same and None not in (table.old_rows, table.new_rows)


def _count(table: TableComparison) -> str:
    old, new = table.old_rows or 0, table.new_rows or 0
    before, now, name = spell_count(old, "row"), spell_count(new, "row"), spell_code(table.table)
    if table.is_renumbered:
        return f"{name}: the same rows under other numbers; {now} in all."
    if table.inserted is None:
        amount = f"{now}, as before" if old == new else f"{before} before, {new:,} now"
        return f"{name}: other content; {amount}."
    counts = {"inserted": table.inserted, "deleted": table.deleted, "updated": table.updated}
    told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    text = f"{name}: {told}; {now} in all."
    return f"**Breaking:** {text}" if table.is_shrunk else text
