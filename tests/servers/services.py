"""The services of the page on web services: its files are written, its commands are run."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
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


@dataclass(frozen=True)
class Service:
    """One way to serve the dataset.

    Attributes:
        section: The heading of the page that it stands below.
        libraries: What must be installed for it.
        options: What is added to the command of the page.
        writes: Whether it takes notes.
        programs: What must be installed beside Python.
    """

    section: str
    libraries: tuple[str, ...]
    options: str = ""
    writes: bool = True
    programs: tuple[str, ...] = ()

    def find_command(self) -> str:
        """The command that the page gives."""
        blocks = [block for block in read_blocks(PAGE) if block.section == self.section]
        (command,) = [block.body.strip() for block in blocks if block.kind == "shell"]
        return f"{command} {self.options}".strip()

    def find_missing(self) -> str | None:
        """The first library or program that is not installed."""
        libraries = (library for library in self.libraries if find_spec(library) is None)
        programs = (program for program in self.programs if shutil.which(program) is None)
        return next(chain(libraries, programs), None)


SERVICES = {
    "fastapi": Service("FastAPI", ("fastapi", "uvicorn"), "--log-level warning"),
    "flask": Service("Flask, and gunicorn with preload", ("flask", "gunicorn")),
    "flask-preload": Service(
        "Flask, and gunicorn with preload", ("flask", "gunicorn"), "--preload"
    ),
    "django": Service("Django", ("django", "gunicorn"), writes=False),
    "celery": Service(
        "Celery", ("celery", "redis"), "--loglevel WARNING", programs=("redis-server",)
    ),
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
    with ExitStack() as stack:
        command = service.find_command()
        if "celery" in command:
            ask = make_celery_client(folder, stack.enter_context(run_redis()))
        else:
            port = find_free_port()
            command += f" --port {port}" if "uvicorn" in command else f" --bind 127.0.0.1:{port}"
            ask = make_http_client(port)
        python = shlex.quote(str(venv.python))
        command = re.sub(r"\b(uvicorn|gunicorn|celery) ", rf"{python} -m \1 ", command, count=1)
        log = folder / "service.log"
        process = stack.enter_context(
            run_process(["bash", "-c", f"exec env {command}"], folder, log)
        )
        wait_until_ready(process, ask, log)
        yield Running(process, ask)
    complaints = re.findall(
        r"^(?:Traceback|.*(?:ERROR|CRITICAL)).*$", log.read_text(), re.MULTILINE
    )
    assert not complaints, log.read_text()[-5000:]


@contextmanager
def run_process(command: list[str], folder: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program that prints into a file, and end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONWARNINGS": "", "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            end(process)


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


@contextmanager
def run_redis() -> Iterator[str]:
    """Run a Redis that only this user reaches; the address of its socket."""
    # Not in the folder of the test, whose path may be longer than that of a socket can be.
    with TemporaryDirectory(prefix="redis") as name:
        folder = Path(name)
        socket_file = folder / "socket"
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket_file), "--save", ""]
        log = folder / "redis.log"
        with run_process(command, folder, log) as process:
            deadline = time.monotonic() + PATIENCE
            while not socket_file.exists():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield str(socket_file)


def make_celery_client(folder: Path, socket_file: str) -> Ask:
    """What asks a worker of Celery, by way of Redis."""
    from celery import Celery

    settings = {
        "broker_url": f"redis+socket://{socket_file}",
        "result_backend": f"redis+socket://{socket_file}",
        "broker_connection_retry_on_startup": True,
    }
    lines = [f"{name} = {value!r}\n" for name, value in settings.items()]
    (folder / "celeryconfig.py").write_text("".join(lines), encoding="utf-8")
    client = Celery("client", set_as_current=False)
    client.conf.update(settings)

    def ask(question: str, *arguments: str) -> Any:
        return client.send_task(f"tasks.{question}", args=arguments).get(timeout=PATIENCE)

    return ask
