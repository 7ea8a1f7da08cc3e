"""The command line: one module for each group of commands, imported when it is run.

>>> from microcosm_sqlite.cli import main
>>> main(["path", "nycflights13"])                              # doctest: +SKIP
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit; ``arguments`` are those of the process unless given.

    Exit codes: 0 done; 1 failure, or problems found, such as a dataset that fails verification;
    2 wrong usage; 3 no such dataset; 130 interrupted; 141 the reader of a pipe closed it.
    """
    from microcosm_sqlite.cli.streams import prepare_streams

    try:
        prepare_streams()
        from microcosm_sqlite.cli.app import app

        app(arguments)
    except KeyboardInterrupt:
        # It came before click was ready, or after it was done.
        raise SystemExit(130) from None
