"""The services of the page on web services: its files are written, its commands are run."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.page import CAPTION, read_blocks
from tests.support.venvs import Venv

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve-a-dataset.md"
PATIENCE = 60.0
"""Seconds that a service may take to start, to answer and to end."""

PATHS = {
    "get_airline": ("GET", "airlines/{}", "name"),
    "count_flights": ("GET", "flights/{}", "flights"),
    "add_note": ("POST", "notes/{}", "id"),
    "count_notes": ("GET", "notes", "notes"),
}
"""How each question is asked by HTTP, and what of the answer tells it."""

Ask = Callable[..., Any]

# What needs no server of its own, polled often enough for a test.
CELERY_CONFIGURATION = """
broker_url = "filesystem://"
broker_transport_options = {
    "data_folder_in": "queue",
    "data_folder_out": "queue",
    "control_folder": "control",
    "polling_interval": 0.05,
}
result_backend = "file://results"
broker_connection_retry_on_startup = True
"""


@dataclass(frozen=True)
class Service:
    """One way to serve the dataset.

    Attributes:
        section: The heading of the page that it stands below.
        libraries: What must be installed for it.
        options: What is added to the command of the page.
        writes: Whether it takes notes.
    """

    section: str
    libraries: tuple[str, ...]
    options: str = ""
    writes: bool = True

    def find_command(self) -> str:
        """The command that the page gives."""
        blocks = [block for block in read_blocks(PAGE) if block.section == self.section]
        (command,) = [block.body.strip() for block in blocks if block.kind == "shell"]
        return f"{command} {self.options}".strip()


SERVICES = {
    "fastapi": Service("FastAPI", ("fastapi", "uvicorn"), "--log-level warning"),
    "flask": Service("Flask, and gunicorn with preload", ("flask", "gunicorn")),
    "flask-preload": Service(
        "Flask, and gunicorn with preload", ("flask", "gunicorn"), "--preload"
    ),
    "django": Service("Django", ("django", "gunicorn"), writes=False),
    "celery": Service("Celery", ("celery",), "--loglevel WARNING"),
}


@dataclass(frozen=True)
class Running:
    """A service that runs.

    Attributes:
        process: Its first process.
        ask: Asks it a question, and returns its answer.
    """

    process: subprocess.Popen[bytes]
    ask: Ask


def write_files(folder: Path) -> None:
    """Write the files of the page."""
    for block in read_blocks(PAGE):
        if caption := CAPTION.search(block.body):
            (folder / caption["file"]).write_text(block.body[caption.end() :], encoding="utf-8")


@contextmanager
def run_service(service: Service, venv: Venv, folder: Path) -> Iterator[Running]:
    """Start a service in a folder of its own, and end it."""
    folder.mkdir()
    write_files(folder)
    command = service.find_command()
    if "celery" in command:
        ask = make_celery_client(folder)
    else:
        port = find_free_port()
        command += f" --port {port}" if "uvicorn" in command else f" --bind 127.0.0.1:{port}"
        ask = make_http_client(port)
    python = shlex.quote(str(venv.python))
    command = re.sub(r"\b(uvicorn|gunicorn|celery) ", rf"{python} -m \1 ", command, count=1)
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec env {command}"],
            cwd=folder,
            env=os.environ | {"PYTHONWARNINGS": "", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_until_ready(process, ask, log)
            yield Running(process, ask)
        finally:
            end(process)
    complaints = re.findall(
        r"^(?:Traceback|.*(?:ERROR|CRITICAL)).*$", log.read_text(), re.MULTILINE
    )
    assert not complaints, log.read_text()[-5000:]


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a service to end, as systems do, and insist where it does not."""
    process.send_signal(signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
        return
    process.kill()
    process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], ask: Ask, log: Path) -> None:
    """Wait for the first answer."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        try:
            ask("get_airline", "UA")
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        else:
            return


def find_free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


def make_http_client(port: int) -> Ask:
    """What asks a web service, by a new connection each time."""

    def ask(question: str, *arguments: str) -> Any:
        method, path, key = PATHS[question]
        url = f"http://127.0.0.1:{port}/{path.format(*arguments)}"
        request = urllib.request.Request(url, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)[key]
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    return ask


def make_celery_client(folder: Path) -> Ask:
    """What asks a worker of Celery, by files in a folder."""
    from celery import Celery

    names = ("queue", "control", "results")
    text = re.sub(rf'"(file://)?({"|".join(names)})"', rf'"\1{folder}/\2"', CELERY_CONFIGURATION)
    for name in names:
        (folder / name).mkdir()
    (folder / "celeryconfig.py").write_text(text)
    settings: dict[str, Any] = {}
    exec(text, settings)
    settings.pop("__builtins__")
    client = Celery("client", set_as_current=False)
    client.conf.update(settings)

    def ask(question: str, *arguments: str) -> Any:
        sent = client.send_task(f"tasks.{question}", args=arguments)
        return sent.get(timeout=PATIENCE, interval=0.02)

    return ask
