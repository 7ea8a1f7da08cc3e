"""Ask real servers for a while, and print what they hold: ``make servers``.

With names as arguments, only those services. Each runs on this machine alone, and ends after as
many minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.servers.services import SERVICES, run_service
from tests.servers.trial import Holdings, Trial
from tests.support.flights import build_copy
from tests.support.venvs import Venv, make_venv


def main() -> int:
    """Return 1 where an answer was wrong, or a service grew."""
    options = argparse.ArgumentParser(prog="python -m tests.servers")
    options.add_argument("names", nargs="*", choices=[[], *SERVICES], metavar="service")
    options.add_argument("--minutes", type=float, default=10, help="for each service")
    options.add_argument("--clients", type=int, default=200, help="that ask at once")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = build_copy(folder / "nycflights13-data")
        venv = make_venv(folder / "venv")
        venv.install(*(project / "dist").glob("*.whl"))
        names = chosen.names or list(SERVICES)
        seconds = 60 * chosen.minutes
        passed = [try_service(name, venv, folder, seconds, chosen.clients) for name in names]
    return not all(passed)


def try_service(name: str, venv: Venv, folder: Path, seconds: float, clients: int) -> bool:
    """Ask one service, and print its holdings; return whether all was well."""
    service = SERVICES[name]
    if missing := service.find_missing():
        print(f"{name}: skipped, as {missing} is not installed", flush=True)
        return True
    with run_service(service, venv, folder / name) as running:
        trial = Trial(service, running, clients)
        trial.run(seconds=seconds)
    rounds = len(trial.holdings)
    print(f"{name}: {(rounds + 1) * clients:,} questions, {len(trial.wrong)} wrong", flush=True)
    for word, held in (("first", trial.holdings[0]), ("last", trial.holdings[-1])):
        print(f"    {word:<6}{describe(held)}", flush=True)
    for complaint in trial.wrong[:5]:
        print(f"    {complaint}", flush=True)
    growth = trial.find_growth()
    for what, (before, after) in growth.items():
        print(f"    {what} grew from {before:.0f} to {after:.0f}", flush=True)
    return not (trial.wrong or growth)


def describe(held: Holdings) -> str:
    """Holdings as text."""
    return (
        f"{held.descriptors} descriptors, {held.threads} threads, {held.megabytes:.0f} MB of memory"
    )


if __name__ == "__main__":
    sys.exit(main())
