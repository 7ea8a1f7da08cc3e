"""What a checklist for publishing is made of.

A check is given a candidate and yields one complaint for each thing that is wrong; ``Unchecked``
says that it does not apply. Its docstring says what is true if it holds. Codes are never used again
for another meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from microcosm_sqlite.authoring.publishing.candidate import Candidate

Run = Callable[[Candidate], Iterator[str]]


@dataclass(frozen=True)
class Check:
    """One line of a checklist.

    Attributes:
        code: Its number.
        run: The function.
        mend: What to do if it fails.
        is_advice: Whether a complaint is a warning only.
    """

    code: str
    run: Run
    mend: str
    is_advice: bool

    @property
    def meaning(self) -> str:
        """What is true if it holds."""
        return (self.run.__doc__ or self.run.__name__).rstrip(".")  # python -OO drops docstrings


class Checklist(list[Check]):
    """Checks in the order in which they run."""

    def numbered(self, code: str, mend: str, *, is_advice: bool = False) -> Callable[[Run], Run]:
        """Add the decorated function."""

        def add(run: Run) -> Run:
            self.append(Check(code, run, mend, is_advice))
            return run

        return add
