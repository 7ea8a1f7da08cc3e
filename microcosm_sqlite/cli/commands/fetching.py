"""Files that commands are given by their addresses: fetched before, and told by a hidden option."""

from __future__ import annotations

from contextlib import contextmanager

import click

from microcosm_sqlite.cli.commands.projects import open_progress
from microcosm_sqlite.cli.options import ask_for_repairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any


class FileOrAddress(click.Path):
    """A file or folder that is there, or an address to fetch a file from."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Take an address as it is."""
        return value if "://" in value else super().convert(value, param, ctx)


FETCHED = click.option("--fetched", hidden=True, type=click.Path(exists=True, file_okay=False))
"""Where what was fetched is, with what is known of it."""


def fetch_for_new(options: Mapping[str, Any], start: Callable[..., int]) -> int:
    """Fetch the file that `new` is given the address of, then ask which repairs to make."""
    address = options["folder"] or ""
    with _fetching([address] if "://" in address else [], {}) as more:
        return ask_for_repairs(options, lambda *others: start(*more, *others))


def fetch_files(options: Mapping[str, Any], start: Callable[..., int]) -> int:
    """Fetch the files that `add` or `refresh` is given the addresses of, or has in its settings."""
    from pathlib import Path

    from microcosm_sqlite.authoring.drafting.given_files import choose_named, find_facts
    from microcosm_sqlite.authoring.project.settings import ProjectSettings

    root = Path(options["project"])
    named = choose_named(root, options["files"], options["codebook"])
    addresses = [each for each in map(str, named) if "://" in each]
    known: dict[str, dict[str, str]] = {}
    if addresses and "apply" in options:
        settings = ProjectSettings.from_pyproject(root)
        known = find_facts(settings, addresses)
    with _fetching(addresses, known) as more:
        return start(*more)


@contextmanager
def _fetching(
    addresses: Sequence[str], known: Mapping[str, Mapping[str, str]]
) -> Iterator[list[str]]:
    """Fetch files into a folder, and give the arguments that tell the command of it."""
    if not addresses:
        yield []
        return
    from microcosm_sqlite.authoring.drafting.downloads import write_downloads
    from microcosm_sqlite.authoring.drafting.fetching import fetch_all
    from microcosm_sqlite.common.workspace import open_scratch

    with open_scratch() as folder:
        with open_progress(quiet=False) as progress:
            found = fetch_all(addresses, folder, known, progress)
        write_downloads(found, folder)
        yield ["--fetched", str(folder)]
