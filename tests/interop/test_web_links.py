"""Only addresses on the web become links."""

from __future__ import annotations

import pytest

from microcosm_sqlite.interop.web_links import find_license_url, find_web_url

HARMFUL = [
    "javascript:alert(1)",
    " JavaScript:x",
    "data:text/html,x",
    "file:///etc/passwd",
    "x.txt",
]


@pytest.mark.parametrize("path", HARMFUL)
def test_another_address_is_none(path: str) -> None:
    assert find_web_url({"path": path}) == ""
    assert find_license_url({"path": path, "title": "Ours"}) == ""
    assert find_license_url({"path": path, "name": "MIT"}) == "https://spdx.org/licenses/MIT.html"


def test_an_address_on_the_web_stays_as_it_is() -> None:
    for path in ("https://example.org/a?b=c", "HTTP://example.org"):
        assert find_web_url({"path": path}) == path
        assert find_license_url({"path": path, "name": "MIT"}) == path


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_datasette_gets_no_other_address(tmp_path) -> None:
    pytest.importorskip("datasette")
    from microcosm_sqlite.interop.datasette_plugin import _describe_license, _describe_source

    entry = {"title": "Notes", "path": "javascript:alert(1)"}
    assert _describe_license([entry]) == {"license": "Notes"}
    assert _describe_source([entry, entry]) == {"source": "Notes and 1 more"}
