"""The data card of a wheel that was just built, to look at before it is published."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from microcosm_sqlite.catalog.wheel_file import datasets_in
from microcosm_sqlite.interop.card.page import render_card


def render_wheel_card(wheel: str | os.PathLike[str]) -> str:
    """The data card of a wheel's dataset; nothing of the wheel is installed or run.

    Raises:
        DatasetError: The wheel cannot be read, or carries no dataset.
    """
    with TemporaryDirectory(prefix="microcosm-sqlite-") as folder:
        return render_card(next(datasets_in(os.fspath(wheel), folder)))


def write_wheel_card(wheel: str | os.PathLike[str]) -> Path:
    """Write the card beside the wheel, under the same name but for the ending; gives its path.

    Raises:
        DatasetError: As for `render_wheel_card`.
    """
    path = Path(wheel).with_suffix(".html")
    draft = path.with_suffix(".html.part")
    draft.write_text(render_wheel_card(wheel), encoding="utf-8")
    draft.replace(path)
    return path
