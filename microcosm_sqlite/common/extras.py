"""Say which extra is missing, and how to install it, where an import fails."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module

from microcosm_sqlite.errors import MissingDependencyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def require(name: str, module: str) -> None:
    """Import a module of an extra before others that would name an extra of theirs.

    Raises:
        MissingDependencyError: It is not installed.
    """
    with extra(name):
        import_module(module)


@contextmanager
def extra(name: str, what: str = "This", *, hint: str = "") -> Iterator[None]:
    """Run imports that need an extra of this distribution.

    >>> with extra("arrow"):
    ...     import a_library_that_nobody_wrote
    Traceback (most recent call last):
    ...
    microcosm_sqlite.errors.MissingDependencyError: This needs a_library_that_nobody_wrote, \
which is not installed. Run: pip install 'microcosm-sqlite[arrow]'

    Args:
        name: The extra.
        what: What needs it.
        hint: What to do where installing the extra is not enough.

    Raises:
        MissingDependencyError: One of them is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if isinstance(error, MissingDependencyError):
            raise
        raise MissingDependencyError(
            f"{what} needs {error.name}, which is not installed.",
            hint=hint or f"Run: pip install 'microcosm-sqlite[{name}]'",
        ) from error
