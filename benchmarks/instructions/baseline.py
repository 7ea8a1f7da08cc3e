"""What hot paths took when somebody last looked, and whether they take more now."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.instructions.contests import Contest, Figures

BASELINE = Path(__file__).parent / "baseline.json"

TOLERANCE = 0.05
TOLERANCE_OF_OTHERS = 0.25
"""Where Python or SQLAlchemy are other ones than those of the baseline."""


def keep(contests: Iterable[Contest], figures: Figures, memory: Mapping[str, int]) -> None:
    """Write the ratios and the bytes as the baseline."""
    found = {**_versions(), **_name_figures(contests, figures, memory)}
    BASELINE.write_text(json.dumps(found, indent=1) + "\n")


def load() -> dict[str, Any]:
    """Read the baseline."""
    found: dict[str, Any] = json.loads(BASELINE.read_text())
    return found


def compare(
    contests: Iterable[Contest],
    figures: Figures,
    memory: Mapping[str, int],
    baseline: Mapping[str, Any],
) -> list[str]:
    """Name each hot path that costs more than the baseline allows.

    Instructions are compared as ratios to a rival of the same run, since another build of Python or
    SQLite changes what both sides take.
    """
    is_same = all(baseline[name] == value for name, value in _versions().items())
    allowed = 1 + (TOLERANCE if is_same else TOLERANCE_OF_OTHERS)
    return [
        f"{kind} of {name}: {figure}, but the baseline is {baseline[kind][name]} and allows"
        f" {baseline[kind][name] * allowed:.3f}. Make it cheaper, or keep the new figure with"
        " `python -m benchmarks.instructions --keep` and say why"
        for kind, found in _name_figures(contests, figures, memory).items()
        for name, figure in found.items()
        if figure > baseline[kind][name] * allowed
    ]


def _name_figures(
    contests: Iterable[Contest], figures: Figures, memory: Mapping[str, int]
) -> dict[str, dict[str, float]]:
    ratios = {}
    for contest in contests:
        ours, theirs = contest.read(figures)
        ratios[f"{contest.name} against {contest.against}"] = round(ours / theirs, 3)
    return {"ratio": ratios, "bytes": dict(memory)}


def _versions() -> dict[str, str]:
    python = ".".join(platform.python_version_tuple()[:2])
    return {"python": python, "sqlalchemy": version("SQLAlchemy")}
