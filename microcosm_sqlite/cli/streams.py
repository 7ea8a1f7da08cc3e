"""Write to the standard streams, be they a terminal, a file, a pipe, full or closed.

A terminal gets no control character that a dataset, its author or a file name brought along. Files
and pipes get every text as it is, in UTF-8 with plain line ends.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress

from microcosm_sqlite.common.wording import escape_controls, escape_in_python

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

_JSON_FORMS = ("json", "jsonl")
_ANYHOW = "microcosm-sqlite"


def prepare_streams() -> None:
    """Make the standard streams usable: open the null device for closed ones, and set encodings."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, _open_null(mode))
    codecs.register_error(_ANYHOW, _encode_anyhow)
    if isinstance(sys.stdout, io.TextIOWrapper):
        if is_terminal():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", errors=_ANYHOW, newline="\n")


def finish_streams() -> None:
    """Write what is still buffered; what cannot be written is dropped without a word."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            # The interpreter flushes once more, and would complain where everybody reads it.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_terminal() -> bool:
    """Whether results are shown on a terminal."""
    return sys.stdout.isatty()


def use_color() -> bool | None:
    """False where the user wants no colour; None lets click look at the stream."""
    return False if os.environ.get("NO_COLOR") else None


def printable(text: str, form: str = "") -> str:
    r"""Text for a terminal: control characters and marks of direction become escapes.

    Args:
        text: The text; line feeds and tabs in it stay.
        form: Its format; JSON has escapes of its own.

    >>> printable("\x1b]0;\u202e"), printable("\x9b", "json")
    ('\\x1b]0;\\u202e', '\\u009b')
    """
    escape = _escape_json if form in _JSON_FORMS else escape_in_python
    return escape_controls(text, escape, kept="\n\t")


def write_result(texts: Iterable[str], form: str = "") -> None:
    """Write texts of a format to standard output."""
    sys.stdout.writelines(_for_stdout(texts, form))


def open_result(form: str) -> TextIO:
    """Standard output as a file for texts of a format."""
    return _Terminal(form) if is_terminal() else sys.stdout  # type: ignore[return-value]


def write_note(text: str, *, end: str = "\n") -> None:
    """Write a line to standard error; a command does not fail because nobody can read its notes.

    It comes behind the results so far where both streams lead to one place.
    """
    import click

    if sys.stdout is not None:
        with suppress(OSError, ValueError):  # of a reader that is gone, which the end tells
            sys.stdout.flush()
    with suppress(OSError):
        click.echo(f"{text}{end}", nl=False, err=True, color=use_color())


class _Terminal(io.TextIOBase):
    def __init__(self, form: str) -> None:
        self._form = form

    def write(self, text: str) -> int:
        return sys.stdout.write(printable(text, self._form))


def _for_stdout(texts: Iterable[str], form: str) -> Iterator[str]:
    return (printable(text, form) for text in texts) if is_terminal() else iter(texts)


def _escape_json(character: str) -> str:
    from json import dumps

    return f"\\u{ord(character):04x}" if character == "\x7f" else dumps(character)[1:-1]


def _open_null(mode: str) -> TextIO:
    # This takes the number of the stream that is closed, so that no database is opened under it.
    descriptor = os.open(os.devnull, os.O_RDWR)
    os.set_inheritable(descriptor, descriptor <= 2)
    return os.fdopen(descriptor, mode, encoding="utf-8", closefd=False)  # type: ignore[return-value]


def _encode_anyhow(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write file names that are not UTF-8 as their bytes, other lone surrogates as escapes."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)
