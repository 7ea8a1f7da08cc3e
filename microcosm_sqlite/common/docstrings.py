"""Docstrings that people read when the program runs, such as the help of commands."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def find_docstring(thing: type | Callable[..., Any]) -> str:
    """The docstring of a function, or of a class itself, without its indentation.

    ``python -OO`` drops docstrings; they are then read from the source, where there is one.
    """
    text = vars(thing).get("__doc__") if isinstance(thing, type) else thing.__doc__
    if text is None and sys.flags.optimize > 1:
        text = _read_source(thing)
    if not text or "\n" not in text:
        return text or ""
    from inspect import cleandoc

    return cleandoc(text)


def _read_source(thing: type | Callable[..., Any]) -> str:
    import ast
    from inspect import getsource
    from textwrap import dedent

    try:
        (definition,) = ast.parse(dedent(getsource(thing))).body
    except (OSError, TypeError, SyntaxError):
        # It was made without a source, or is in an application that carries none.
        return ""
    if not isinstance(definition, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    return ast.get_docstring(definition, clean=False) or ""
