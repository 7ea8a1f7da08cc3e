"""Datasets are served until the input ends, or somebody presses Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from tests.support.program import Program


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_it_ends_when_it_is_interrupted_and_says_nothing_of_itself(program: Program) -> None:
    with subprocess.Popen(
        program.command("mcp"),
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        hello = {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "x", "version": "1"},
        }
        request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}
        running.stdin.write(json.dumps(request).encode() + b"\n")
        running.stdin.flush()
        assert json.loads(running.stdout.readline())["result"]["serverInfo"]["name"]
        running.send_signal(signal.SIGINT)
        assert running.wait(20) == -signal.SIGINT
        assert running.stderr.read() == b""


def test_an_unknown_dataset_is_refused_at_the_start(program: Program) -> None:
    done = program.run("mcp", "color", code=3)
    assert "No dataset is named 'color'" in done.stderr
    assert not done.stdout
