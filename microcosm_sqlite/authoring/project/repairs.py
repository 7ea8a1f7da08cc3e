"""Repairs: lines of a source that are read as another row than stands there, or as none.

They are a file of the project, `repairs.toml`. The sources stay as they are.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from microcosm_sqlite.authoring.project.pyproject import write_toml
from microcosm_sqlite.authoring.project.source_options import Options
from microcosm_sqlite.errors import SettingsError

REPAIRS_FILE = "repairs.toml"

EMPTY_FILE = "empty-file"
KINDS = (
    "byte-order-mark",
    "delimiter",
    EMPTY_FILE,
    "empty-row",
    "escape",
    "footer",
    "header-rows",
    "missing-delimiter",
    "missing-field",
    "other-table",
    "preamble",
    "quoted-line",
    "repeated-header",
    "stray-quote",
    "surplus-field",
    "units",
)
"""Why lines are repaired; `docs/reference/settings.md` says what each is for."""

_OPTIONS = frozenset({"source", "line", "lines", "kind", "read", "sha256", "becomes"})
_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Repair:
    """Some lines of one source, and what is read instead.

    Attributes:
        line: The number of the first line.
        kind: One of `KINDS`.
        read: The text of the lines, without the last one's end; of long texts the beginning.
        becomes: The fields of the row that they become; none where the lines are left out.
        lines: How many lines they are.
        sha256: The digest of a text of which `read` is only the beginning.
    """

    line: int
    kind: str
    read: str
    becomes: tuple[str, ...] = ()
    lines: int = 1
    sha256: str = ""

    @classmethod
    def of(cls, line: int, kind: str, lines: Iterable[str], becomes: Iterable[str] = ()) -> Repair:
        """Make the repair of these lines, the first of which has number `line`.

        >>> Repair.of(2, "units", [",°C"])
        Repair(line=2, kind='units', read=',°C', becomes=(), lines=1, sha256='')
        """
        texts = [strip_end(text) for text in lines]
        text = "\n".join(texts)
        is_long = len(text) > _LONGEST_TEXT
        return cls(
            line,
            kind,
            text[: _LONGEST_TEXT // 10] if is_long else text,
            tuple(becomes),
            len(texts),
            digest_text(text) if is_long else "",
        )

    def is_for(self, text: str) -> bool:
        """Whether the lines still have the text that they had when this was proposed."""
        return digest_text(text) == self.sha256 if self.sha256 else text == self.read


Repairs = Mapping[str, tuple[Repair, ...]]
"""Source, as errors call it, to its repairs in the order of their lines."""


def strip_end(line: str) -> str:
    """A line without its end."""
    return line.rstrip("\r\n")


def digest_text(text: str) -> str:
    """The hex sha256 of a text, which is the same whatever ends its lines."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def count_kinds(repairs: Iterable[Repair]) -> dict[str, int]:
    """How many repairs there are of each kind, sorted by its name."""
    return dict(sorted(Counter(repair.kind for repair in repairs).items()))


_ABOUT = """\
# Lines that are read as another row than stands in the source, or left out where `becomes` is
# missing. The build refuses a repair whose lines have changed. Delete those that are wrong.
"""


def write_repairs(repairs: Repairs) -> str:
    """Return repairs as `repairs.toml` has them."""
    entries = [
        "\n".join(["[[repairs]]", f"source = {write_toml(source)}", *_write_repair(repair)])
        for source, all_of_it in repairs.items()
        for repair in all_of_it
    ]
    return "\n\n".join([_ABOUT.rstrip(), *entries]) + "\n"


def _write_repair(repair: Repair) -> list[str]:
    values: dict[str, object] = {**asdict(repair), "becomes": [*repair.becomes]}
    if repair.lines == 1:
        del values["lines"]
    return [f"{name} = {write_toml(value)}" for name, value in values.items() if value]


def read_repairs(path: Path) -> Repairs:
    """Read the repairs of a project; none where there is no such file.

    Raises:
        SettingsError: It is not TOML, or says something else than repairs.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from error
    options = Options(document, owner=f"of {path.name}")
    options.only({"repairs"})
    found: dict[str, list[Repair]] = {}
    for entry in options.tables("repairs"):
        found.setdefault(entry.text("source"), []).append(_read_repair(entry))
    return {source: _sort(source, path.name, repairs) for source, repairs in found.items()}


def _read_repair(entry: Options) -> Repair:
    entry.only(_OPTIONS)
    kind = entry.text("kind")
    if kind not in KINDS:
        raise entry.error("kind", f"must be one of {', '.join(KINDS)}, not {kind!r}")
    return Repair(
        line=entry.number("line", 1),
        kind=kind,
        read=entry.text("read", ""),
        becomes=entry.texts("becomes"),
        lines=entry.number("lines", 1),
        sha256=entry.text("sha256", ""),
    )


def _sort(source: str, file: str, repairs: list[Repair]) -> tuple[Repair, ...]:
    ordered = sorted(repairs, key=lambda repair: repair.line)
    free = 1
    for repair in ordered:
        if repair.line < free:
            raise SettingsError(
                f"{file}: two repairs are for line {repair.line} of {source}.",
                hint="Delete one of them.",
            )
        free = repair.line + repair.lines
    return tuple(ordered)
