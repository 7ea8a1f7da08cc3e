"""Dask workers on other hosts read the wheels that are installed there, and only those."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

pytest.importorskip("dask.dataframe")
pytest.importorskip("distributed")

import distributed

import microcosm_sqlite
from microcosm_sqlite.errors import DatasetNotFoundError
from tests.support.hosts import NETWORK, make_hosts

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::UserWarning"),
]

METADATA = sa.MetaData()
sa.Table(
    "numbers",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("half", sa.Integer),
)
ROWS = [{"half": n // 2} for n in range(1000)]


@pytest.fixture
def hosts():
    with make_hosts(2) as names:
        yield names


@pytest.fixture
def client(hosts):
    """A scheduler on this host; the test starts the workers."""
    options = {"n_workers": 0, "host": f"{NETWORK}.1", "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options, silence_logs="ERROR") as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def start(client):
    """Start a worker on a host, which sees a folder of installed wheels, or none."""
    workers = []

    def start_worker(host, site):
        command = ["ip", "netns", "exec", host, sys.executable, "-m", "distributed.cli.dask_worker"]
        options = ["--no-nanny", "--no-dashboard", "--nthreads=1"]
        workers.append(
            subprocess.Popen(
                [*command, client.scheduler.address, *options],
                env=os.environ | {"PYTHONPATH": str(site or "")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    yield start_worker
    for worker in workers:
        worker.terminate()
        worker.wait(20)


def test_each_host_reads_its_own_copy(make, install, hosts, client, start, tmp_path):
    site = install(make(METADATA, {"numbers": ROWS}, "shared"))
    copied = tmp_path / "another-disk"
    copied.symlink_to(site, target_is_directory=True)
    for host, place in zip(hosts, (site, copied), strict=True):
        start(host, place)
    client.wait_for_workers(2, timeout=60)
    frame = microcosm_sqlite.dataset("shared").dask("numbers", npartitions=8)
    assert frame["half"].sum().compute() == sum(n // 2 for n in range(1000))
    addresses = {
        worker.split("//")[1].split(":")[0] for worker in client.scheduler_info()["workers"]
    }
    assert addresses == {f"{NETWORK}.11", f"{NETWORK}.12"}


def test_a_host_without_the_wheel_is_told_what_to_install(make, install, hosts, client, start):
    install(make(METADATA, {"numbers": ROWS}, "shared"))
    start(hosts[0], None)
    client.wait_for_workers(1, timeout=60)
    frame = microcosm_sqlite.dataset("shared").dask("numbers", npartitions=2)
    with pytest.raises(DatasetNotFoundError, match=r"Install shared-data 1\.0 on every worker"):
        frame.compute()
