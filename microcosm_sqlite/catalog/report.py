"""The results of checks, for people and for programs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

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
        """What is unwise but not wrong."""
        return [outcome for outcome in self.outcomes if outcome.status == "warning"]

    def as_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "subject": self.subject,
            "ok": self.ok,
            "outcomes": [outcome.as_dict() for outcome in self.outcomes],
        }
