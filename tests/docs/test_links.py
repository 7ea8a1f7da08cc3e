"""Links that lead out of the documentation have a form that can be right; nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if "_build" not in page.parts
)
LINK = re.compile(r"\]\(<?(\w+:[^)>\s]*)>?(?: \"[^\"]*\")?\)|<(https?:[^>\s]+)>")
FENCE = re.compile(r"^(`{3,}|:{3,}).*?^\1", re.DOTALL | re.MULTILINE)


def list_links(text: str) -> list[str]:
    """The addresses that a page links to, but for those in its examples."""
    return [first or second for first, second in LINK.findall(FENCE.sub("", text))]


def find_fault(link: str) -> str:
    """What is wrong with the form of an address; empty where nothing is."""
    parts = urlsplit(link)
    if parts.scheme not in ("https", "mailto"):
        return "is not https"
    if parts.scheme == "https" and "." not in (parts.hostname or ""):
        return "has no host that everybody can reach"
    if parts.username or parts.query.startswith("utm_"):
        return "says who asks"
    if re.search(r"[.,;:'\"`]$|[\s<>{}|\\^`]", link):
        return "ends in, or has, a character of the sentence around it"
    return ""


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("https://www.sqlite.org/rescode.html#extended", ""),
        ("mailto:somebody@example.org", ""),
        ("http://www.sqlite.org/", "is not https"),
        ("ftp://example.org/data.csv", "is not https"),
        ("https://localhost:8000/x", "has no host that everybody can reach"),
        ("https://user@example.org/", "says who asks"),
        ("https://example.org/page.", "ends in, or has, a character of the sentence around it"),
    ],
)
def test_a_wrong_form_is_told(link: str, fault: str) -> None:
    assert find_fault(link) == fault
    assert list_links(f"See [there]({link}).\n\n```text\n[x](http://in.an/example)\n```\n") == [
        link
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_external_links_have_a_right_form(page: Path) -> None:
    links = list_links(page.read_text("utf-8"))
    assert {link: fault for link in links if (fault := find_fault(link))} == {}


def test_there_are_external_links() -> None:
    hosts = {
        urlsplit(link).hostname for page in PAGES for link in list_links(page.read_text("utf-8"))
    }
    assert len(hosts) >= 5, hosts
