"""Several hosts on one machine: network namespaces joined by a bridge."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = "10.199.77"

_numbers = count(1)


@contextmanager
def make_hosts(number: int) -> Iterator[list[str]]:
    """Names of namespaces with the addresses .11, .12, ...; this process has .1.

    Skips the test where the system has no namespaces, or does not let us make any.
    """
    if not shutil.which("ip"):
        pytest.skip("there is no iproute2 here")
    # The kernel may take its time to forget the names of an earlier test.
    bridge = f"msq{os.getpid() % 100_000}x{next(_numbers)}"
    names = [f"{bridge}-{place}" for place in range(1, number + 1)]
    with ExitStack() as stack:
        if not _can("ip", "link", "add", bridge, "type", "bridge"):
            pytest.skip("network namespaces are not allowed here")
        stack.callback(_can, "ip", "link", "del", bridge)
        _do("ip", "addr", "add", f"{NETWORK}.1/24", "dev", bridge)
        _do("ip", "link", "set", bridge, "up")
        for place, name in enumerate(names, 11):
            _do("ip", "netns", "add", name)
            stack.callback(_can, "ip", "netns", "del", name)
            outside = f"{bridge}v{place}"
            _do("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
            stack.callback(_can, "ip", "link", "del", outside)
            _do("ip", "link", "set", outside, "master", bridge, "up")
            inside = ("ip", "-n", name)
            _do(*inside, "addr", "add", f"{NETWORK}.{place}/24", "dev", "eth0")
            _do(*inside, "link", "set", "eth0", "up")
            _do(*inside, "link", "set", "lo", "up")
        yield names


def _can(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
