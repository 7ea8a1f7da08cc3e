"""Refuse text in UTF-8 that the settings read in another encoding, which would give other letters.

A new edition of a file is often in UTF-8 where the one before was not. Read as cp1252 it has no
byte at fault, and `Müller` becomes `MÃ¼ller`.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from microcosm_sqlite.authoring.sources.streams import BUFFER_SIZE, open_bytes
from microcosm_sqlite.authoring.sources.text_decoding import find_mark
from microcosm_sqlite.errors import SourceError

_ENOUGH, _ENOUGH_WIDE = 1, 8
"""How many letters have to be UTF-8 by their bytes, all of them: letters of several bytes in other
encodings now and then are, by chance."""
_SHOWN = 20


def refuse_misread(path: Path, encoding: str, name: str) -> None:
    """Refuse a text whose letters beyond ASCII all are UTF-8, though it is read otherwise.

    Args:
        path: The file.
        encoding: What it is read in, as the option `csv.encoding` says.
        name: How errors call it.

    Raises:
        SourceError: It is such a text, or cannot be read.
    """
    first = encoding.partition("+")[0]
    try:
        other = codecs.lookup(first).name
    except LookupError:
        return  # which is told where it is decoded
    if other.startswith("utf"):
        return
    is_wide = len(bytes(range(256)).decode(other, "replace")) < 256
    letters = _take_letters(path, name, _ENOUGH_WIDE if is_wide else _ENOUGH)
    if letters:
        misread = letters.encode().decode(other, "replace")
        raise SourceError(
            f"{name} is UTF-8, but read as {encoding}, in which {letters!r} would be {misread!r}.",
            file=name,
            hint='Set `csv.encoding = "utf-8"`; or, if other files of its table are in '
            f'{first}, `csv.encoding = "utf-8+{first}"`.',
        )


def _take_letters(path: Path, name: str, enough: int) -> str:
    """The first letters beyond ASCII; empty if some are not UTF-8, or there are too few."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    found, count = "", 0
    with open_bytes(path, name=name) as stream:
        chunk = stream.read(BUFFER_SIZE)
        if find_mark(chunk):
            return ""
        while chunk:
            if not chunk.isascii() or decoder.getstate()[0]:
                try:
                    text = decoder.decode(chunk)
                except UnicodeDecodeError:
                    return ""
                beyond = "".join(letter for letter in text if not letter.isascii())
                found, count = (found + beyond)[:_SHOWN], count + len(beyond)
            chunk = stream.read(BUFFER_SIZE)
    return found if count >= enough and not decoder.getstate()[0] else ""
