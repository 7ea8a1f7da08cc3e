"""A fork while another thread may be inside SQLite is warned of; any other is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.wheels import make_database

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

FORK = """
import os, sys, threading, time, warnings
import microcosm_sqlite
from microcosm_sqlite.catalog.fork_safety import ForkSafetyWarning

dataset = microcosm_sqlite.register("colours", sys.argv[1])

def fork():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
    return sum(issubclass(each.category, ForkSafetyWarning) for each in caught)

def hold(is_closed):
    connection = dataset.connect()
    if is_closed:
        connection.close()
    is_ready.set()
    is_over.wait()
    connection.close()

own = dataset.connect()
for is_closed in (True, False):
    is_ready, is_over = threading.Event(), threading.Event()
    thread = threading.Thread(target=hold, args=[is_closed])
    thread.start()
    is_ready.wait()
    print(fork())
    is_over.set()
    thread.join()
print(fork())
own.close()
"""


def test_a_connection_that_another_thread_has_open_is_warned_of(tmp_path: Path) -> None:
    path = make_database(tmp_path / "colours.db")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK, path],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == ["0", "1", "0"]
    assert done.stderr == ""
