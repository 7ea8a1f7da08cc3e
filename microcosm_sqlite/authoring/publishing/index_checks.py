"""Checks of what the index asks of METADATA beyond the standard: P24.

What it asks is in `warehouse/forklift/metadata.py` of https://github.com/pypi/warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr
from urllib.parse import urlsplit

from microcosm_sqlite.authoring.publishing.candidate import Candidate
from microcosm_sqlite.authoring.publishing.checklist import Checklist

CHECKS = Checklist()

LONGEST_SUMMARY, LONGEST_LABEL = 512, 32
"""Characters of the description in [project], and of what a URL in [project.urls] is called."""


@CHECKS.numbered("P24", "Mend [project], and build the wheel again.")
def check_index_rules(candidate: Candidate) -> Iterator[str]:
    """The index takes its version, summary, addresses and classifiers."""
    metadata = candidate.metadata
    if "+" in metadata.get("version", ""):
        yield f"version {metadata['version']} is a local one"
    size = len(metadata.get("summary") or "")
    if size > LONGEST_SUMMARY:
        yield f"the description has {size} characters, more than {LONGEST_SUMMARY}"
    for field in ("author_email", "maintainer_email"):
        _, address = parseaddr(str(metadata.get(field) or ""))
        name, _, host = address.partition("@")
        if address and not (name and "." in host.strip(".")):
            yield f"{address!r} is no e-mail address"
    for label, url in (metadata.get("project_urls") or {}).items():
        if len(label) > LONGEST_LABEL:
            yield f"[project.urls] has {label!r}, of more than {LONGEST_LABEL} characters"
        elif not urlsplit(url).scheme:
            yield f"{url!r} is no URL"
    yield from _check_classifiers(metadata.get("classifiers") or [])


def _check_classifiers(classifiers: list[str]) -> Iterator[str]:
    try:
        from trove_classifiers import all_classifiers, deprecated_classifiers
    except ImportError:  # which hatchling brings, and refuses by itself what is not in there
        return
    for classifier in classifiers:
        if classifier in deprecated_classifiers:
            instead = " or ".join(deprecated_classifiers[classifier]) or "nothing"
            yield f"classifier {classifier!r} is out of use; {instead} is in its place"
        elif classifier not in all_classifiers and not classifier.startswith("Private ::"):
            yield f"{classifier!r} is no classifier"
