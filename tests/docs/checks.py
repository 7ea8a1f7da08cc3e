"""The page on checks, made from the checks themselves.

Run ``python -m tests.docs.checks`` after changing a check.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from microcosm_sqlite.authoring.publishing import fitness_checks, publication, wheel_checks
from microcosm_sqlite.catalog.verifying import checks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from microcosm_sqlite.catalog.verifying.checklist import Check

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checks.md"

INTRODUCTION = """\
# Checks

`verify` compares an installed dataset or a wheel with what its author published. `check` examines
a project or a wheel before it is published. Both print the problems that they find; `--verbose`
prints every check, and `--json` gives the code, status, message and hint of each. The exit code
is 1 if a check failed. A code keeps its meaning in all later versions.

The status of a check is `ok`, `failed`, `skipped` (there is nothing to compare with) or `warning`.
Warnings do not change the exit code.
"""

WHEN = """\
V09 and V15 read every row. They run with `--full`; V09 also runs if the manifest has no hash of the
file. With `--full`, V06 checks every index as well. V11 imports the models of the data wheel, and
runs only with `--models`."""

SECTIONS = {
    "What `verify` checks": (
        checks.CHECKS,
        WHEN,
    ),
    "What `check` checks": (
        [*publication.CHECKS, *wheel_checks.CHECKS, *fitness_checks.CHECKS],
        "P10 and later examine the wheel, if there is one; P26 to P28 examine the project again.",
    ),
}

HINTS = {
    "{reinstall}": "Follow the hint: install it again, or build it again.",
    "{restore}": "Follow the hint: install it, clear the cache, or build or write the file again.",
    "{copy}": "Follow the hint: install it without links to a cache.",
}


def render() -> str:
    """The page as it should be."""
    sections = [_render(heading, *rest) for heading, rest in SECTIONS.items()]
    return "\n".join([INTRODUCTION, *sections])


def _render(heading: str, checklist: Sequence[Check], note: str) -> str:
    lines = [f"## {heading}", "", note, ""]
    lines += ["| code | what holds | if not | what to do |", "| --- | --- | --- | --- |"]
    for check in sorted(checklist, key=lambda check: check.code):
        result = "warning" if check.is_advice else "failed"
        hint = check.hint
        for name, words in HINTS.items():
            hint = hint.replace(name, words)
        lines.append(f"| {check.code} | {check.meaning} | {result} | {hint} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
