"""Suggest what was meant by a keyword that a function does not take."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])


_ELSEWHERE = {
    "limit": ("count", "head", "max_rows", "maxrows", "n", "n_rows", "nrows", "num_rows", "size"),
    "columns": ("cols", "fields", "names", "select", "usecols"),
    "where": ("condition", "filter", "filters", "predicate", "query"),
    "params": ("args", "bind", "parameters", "values"),
    "batch_size": ("chunk_size", "chunksize"),
    "npartitions": ("parts", "partitions"),
    "connection": ("con", "conn"),
    "dtype_backend": ("backend", "dtypes"),
}
"""What other libraries call the same, by our name for it."""


def explain_keywords(*more: str) -> Callable[[Function], Function]:
    """Make a function tell in one line what was meant by a keyword that it does not take.

    >>> @explain_keywords()
    ... def read(table, *, limit=None):
    ...     return limit
    >>> read("flights", nrows=5)
    Traceback (most recent call last):
        ...
    TypeError: read() has no keyword 'nrows'. Did you mean 'limit'?

    Args:
        more: Keywords that the function hands on.
    """

    def decorate(function: Function) -> Function:
        def call(*args: Any, **options: Any) -> Any:
            if options:
                _check(function, more, options)
            return function(*args, **options)

        # By hand, as each cold start would pay for importing functools; for the same reason the
        # keywords are listed when they are needed.
        for name in ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__"):
            setattr(call, name, getattr(function, name))
        call.__wrapped__ = function  # type: ignore[attr-defined]  # for inspect and help
        return call  # type: ignore[return-value]

    return decorate


def _check(function: Callable[..., Any], more: Collection[str], given: Collection[str]) -> None:
    code = function.__code__
    known = (*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], *more)
    for name in given:
        if name not in known:
            raise _refuse(function.__name__, name, known)


def _refuse(function: str, unknown: str, known: Collection[str]) -> TypeError:
    from microcosm_sqlite.common.wording import suggest

    options = [name for name in known if name not in ("self", "dataset", "table")]
    meant = next((ours for ours, theirs in _ELSEWHERE.items() if unknown in theirs), "")
    hint = f"Did you mean {meant!r}?" if meant in options else ""
    hint = hint or suggest(unknown, options, "It takes") or "It takes none."
    return TypeError(f"{function}() has no keyword {unknown!r}. {hint}")
