"""Numbered checks of datasets, wheels and projects, their results, and the one way to run them."""

from __future__ import annotations

from microcosm_sqlite.common.docstrings import find_docstring
from microcosm_sqlite.errors import CacheError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    Run = TypeVar("Run", bound=Callable[[Any], Iterator[str]])
    from typing import Literal, Self

    Status = Literal["ok", "failed", "warning", "skipped"]


class Outcome:
    """The result of one check.

    Attributes:
        code: The check's number, such as ``V03``.
        meaning: What is true if it holds.
        dataset: Which dataset it is about; empty where it is about a distribution or wheel.
        status: ``ok``; ``failed``; ``warning``, for what is unwise but not wrong; or ``skipped``.
        message: What was found, or why it was skipped.
        hint: What to do about it, if there is anything to do.
    """

    __slots__ = ("code", "dataset", "hint", "meaning", "message", "status")

    def __init__(
        self,
        code: str,
        meaning: str,
        dataset: str,
        status: Status,
        message: str = "",
        hint: str = "",
    ) -> None:
        self.code = code
        self.meaning = meaning
        self.dataset = dataset
        self.status = status
        self.message = message
        self.hint = hint

    def __repr__(self) -> str:
        return f"<Outcome {self.code} {self.status}{': ' * bool(self.message)}{self.message}>"

    def as_dict(self) -> dict[str, str]:
        """The attributes, for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Report:
    """The outcomes of all checks on one dataset or wheel.

    Attributes:
        subject: The dataset's name, or the wheel's file name.
        outcomes: One for each check, in the order of their codes.
    """

    def __init__(self, subject: str, outcomes: list[Outcome]) -> None:
        self.subject = subject
        self.outcomes = outcomes

    def __repr__(self) -> str:
        return f"<Report {self.subject}: {'ok' if self.ok else self.findings}>"

    @property
    def ok(self) -> bool:
        """Whether no check failed; warnings do not count."""
        return not self.findings

    @property
    def findings(self) -> list[Outcome]:
        """The checks that failed."""
        return [outcome for outcome in self.outcomes if outcome.status == "failed"]

    @property
    def warnings(self) -> list[Outcome]:
        """The findings that are unwise but not wrong."""
        return [outcome for outcome in self.outcomes if outcome.status == "warning"]

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "subject": self.subject,
            "ok": self.ok,
            "outcomes": [outcome.as_dict() for outcome in self.outcomes],
        }


MAX_COMPLAINTS = 5
"""Complaints of one check that are told; more are counted."""


class Complaint(str):
    """Something that is wrong, with advice of its own in place of that of its check.

    Args:
        text: What is wrong.
        hint: What to do about it.
    """

    hint: str

    def __new__(cls, text: str, hint: str) -> Self:
        """Make it a text as well."""
        made = super().__new__(cls, text)
        made.hint = hint
        return made


class Unchecked(Exception):  # noqa: N818  # no error: the reason why a check does not apply
    """A check has nothing to compare with; its text says why."""


class Subject:
    """The dataset that checks run on.

    Attributes:
        dataset_name: The dataset that outcomes are about; empty where it is a distribution.
    """

    dataset_name = ""

    def explain(self, error: Exception) -> tuple[str, str] | None:
        """Message and hint, which may be empty, for an error of a check; None for a defect."""
        raise NotImplementedError

    def complete(self, hint: str) -> str:
        """The hint of a check for this subject."""
        return hint


class Check:
    """One line of a checklist.

    Attributes:
        code: Its number.
        run: The function; yields one complaint for each thing that is wrong.
        hint: What to do if it fails.
        is_advice: Whether a complaint is a warning only.
        needs_soundness: Whether it reads rows, which a damaged structure makes dangerous.
    """

    __slots__ = ("code", "hint", "is_advice", "needs_soundness", "run")

    def __init__(
        self,
        code: str,
        run: Callable[[Any], Iterator[str]],
        hint: str,
        *,
        is_advice: bool = False,
        needs_soundness: bool = False,
    ) -> None:
        self.code = code
        self.run = run
        self.hint = hint
        self.is_advice = is_advice
        self.needs_soundness = needs_soundness

    @property
    def meaning(self) -> str:
        """The statement that is true if the check holds."""
        return (find_docstring(self.run) or self.run.__name__).rstrip(".")

    def outcome(
        self, subject: Subject, status: Status, message: str = "", hint: str = ""
    ) -> Outcome:
        """The outcome of this check on a subject."""
        if status in ("failed", "warning"):
            hint = hint or subject.complete(self.hint)
        return Outcome(self.code, self.meaning, subject.dataset_name, status, message, hint)

    def run_on(self, subject: Subject) -> Outcome:
        """Run the check; what it raises becomes an outcome if the subject can explain it.

        Raises:
            CacheError: There is no room here to extract the subject, which says nothing of it.
        """
        try:
            complaints = list(self.run(subject))
        except Unchecked as reason:
            return self.outcome(subject, "skipped", str(reason))
        except CacheError:
            raise
        except Exception as error:
            explained = subject.explain(error)
            if explained is None:
                raise
            return self.outcome(subject, "failed", *explained)
        if not complaints:
            return self.outcome(subject, "ok")
        text = "; ".join(complaints[:MAX_COMPLAINTS])
        more = len(complaints) - MAX_COMPLAINTS
        text += f"; and {more} more" if more > 0 else ""
        hint = next((each.hint for each in complaints if isinstance(each, Complaint)), "")
        return self.outcome(subject, "warning" if self.is_advice else "failed", text, hint)


class Checklist(list[Check]):
    """Checks in the order in which they run."""

    def numbered(
        self, code: str, hint: str, *, is_advice: bool = False, needs_soundness: bool = False
    ) -> Callable[[Run], Run]:
        """Add the decorated function; its docstring says what is true if the check holds."""

        def add(run: Run) -> Run:
            check = Check(code, run, hint, is_advice=is_advice, needs_soundness=needs_soundness)
            self.append(check)
            return run

        return add
