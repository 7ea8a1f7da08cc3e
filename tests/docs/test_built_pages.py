"""Each built page says what search engines and previews of links show of it."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
ADDRESS = "https://pages.invalid/"


class Head(HTMLParser):
    """What a page says of itself to search engines and previews."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.properties: dict[str, str] = {}
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name = found.get("property") or found.get("name")
        if tag == "meta" and name and (name.startswith("og:") or name == "description"):
            assert name not in self.properties, f"{name} is there twice"
            self.properties[name] = found["content"]


@pytest.mark.slow
@pytest.mark.once
def test_each_page_has_a_title_a_description_and_a_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sphinx")
    monkeypatch.setenv("DOCS_URL", ADDRESS)
    site = tmp_path / "html"
    build = [sys.executable, "-m", "sphinx", "-E", "-W", "-q", str(DOCS), str(site)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    # Not even what other libraries log while they are imported.
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    heads = {page.relative_to(site): Head(page).properties for page in site.rglob("*.html")}
    assert len(heads) > 50
    titles: dict[str, Path] = {}
    for page, found in heads.items():
        assert re.fullmatch("[^<>&]+", found["og:title"]), page
        assert 20 <= len(found["og:description"]) <= 160, f"{page}: {found['og:description']}"
        assert found["og:description"] == found["description"], page
        assert found["og:image"] == f"{ADDRESS}_static/social.png", page
        if page.name not in ("genindex.html", "py-modindex.html", "search.html"):
            same = titles.setdefault(found["og:title"], page)
            assert same == page, f"{page} and {same} have one title: {found['og:title']}"
    assert (site / "_static" / "social.png").read_bytes().startswith(b"\x89PNG")
