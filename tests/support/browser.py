"""A headless Chromium, driven by playwright, that talks to nobody but this machine."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Request

SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"
"""Kept from one run to the next, and not by git."""

AXE = Path(__file__).parents[2] / "build/npm/node_modules/axe-core/axe.min.js"
"""The checker of accessibility, which `make test-heavy` installs."""

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launch() -> Iterator[Browser]:
    """Skips the test, by name of what is missing, where there is no such browser."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium here")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*_QUIET])
        yield browser
        browser.close()


def watch_requests(page: Page) -> list[str]:
    """The addresses that a page asks for from now on without an answer.

    A request that the browser drops, as a click leads to another page, is none of them.
    """
    failures: list[str] = []

    def note(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            failures.append(request.url)

    page.on("requestfailed", note)
    return failures


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, at an address without a slash at its end."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def find_barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical on a page; skips the test where it is missing."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        f"{violation['id']}: {node['html']}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
