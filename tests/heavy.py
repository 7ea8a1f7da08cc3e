"""Install what the heavy tests want, as far as this machine allows, and run them.

They want a Java machine, a browser, Pyodide, network namespaces, Redis, web servers and large
libraries.
What cannot be installed is no failure: its tests are skipped, and pytest's last lines say which and
why. Arguments go to pytest.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROGRAMS = {
    "chromium": "chromium",
    "ip": "iproute2",
    "java": "default-jre-headless",
    "npm": "npm",
    "redis-server": "redis-server",
    "valgrind": "valgrind",
}
"""Programs, and the Debian packages that have them."""

NODE = ("axe-core@4", "pyodide@>=314")
"""Packages of npm."""

PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
APT = ("apt-get", "--quiet", "--quiet", "--yes", "--no-install-recommends")


def main(arguments: list[str]) -> int:
    """Install, and run; what pytest says."""
    install_programs()
    install_libraries()
    install_node_packages()
    download_pure_wheels()
    suite = (sys.executable, "-m", "pytest", "-m", "heavy", *arguments)
    return subprocess.run(suite, check=False, cwd=ROOT).returncode


def install_programs() -> None:
    """Let Debian's package manager install what is missing, where there is one and it may."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if not missing:
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        print(f"not installed, as only root may with apt-get: {', '.join(missing)}", flush=True)
        return
    attempt(*APT, "update")
    for package in missing:
        attempt(*APT, "install", package)


def install_libraries() -> None:
    """Each whole group at once; where that fails, what can be had of it."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for group in ("servers", "heavy"):
        if not attempt(*PIP, "--group", group):
            for requirement in wanted["dependency-groups"][group]:
                attempt(*PIP, requirement)


def install_node_packages() -> None:
    """Put them into the folder of what is built."""
    folder = ROOT / "build" / "npm"
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-save")
    attempt("npm", "install", *quiet, "--prefix", str(folder), *NODE)


def download_pure_wheels() -> None:
    """Put the wheels that CPython as WebAssembly needs into a folder."""
    sys.path.insert(0, str(ROOT))
    from tests.support import webassembly

    download = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:")
    options = (*webassembly.PURE, "--dest", str(webassembly.WHEELS))
    attempt(*download, *options, *webassembly.list_requirements())


def attempt(*command: str) -> bool:
    """Run a program quietly; say it where it fails, and whether it did not."""
    if not shutil.which(command[0]):
        print(f"failed, as {command[0]} is not installed: {' '.join(command)}", flush=True)
        return False
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        print(f"failed: {' '.join(command)}: {''.join(reason)}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
