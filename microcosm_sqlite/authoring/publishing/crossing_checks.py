"""Checks of a wheel that refers to other datasets: P23."""

from __future__ import annotations

from collections.abc import Iterator

from microcosm_sqlite.authoring.publishing.candidate import Candidate
from microcosm_sqlite.authoring.publishing.checklist import Checklist

CHECKS = Checklist()


@CHECKS.numbered(
    "P23", "Name them, with the versions that fit, in `dependencies` of [project].", is_advice=True
)
def check_requirements(candidate: Candidate) -> Iterator[str]:
    """The distributions that its foreign keys lead into are installed along with it."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    named = set()
    for text in candidate.metadata.get("requires_dist") or []:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue  # told as P10
        if not (requirement.marker and "extra" in str(requirement.marker)):
            named.add(canonicalize_name(requirement.name))
    for name, required in candidate.manifest.requires.items():
        if canonicalize_name(required.distribution) not in named:
            owner = required.distribution or "a file that was registered"
            yield f"it refers to dataset {name!r} of {owner}, which METADATA does not require"
