"""How the sources of one table are written: dialects, texts for nothing, formats of dates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from microcosm_sqlite.common.wording import suggest
from microcosm_sqlite.errors import SettingsError

CSV_OPTIONS = frozenset(
    {
        "comment",
        "delimiter",
        "encoding",
        "escapechar",
        "header",
        "quotechar",
        "quoted-lines",
        "ragged-rows",
        "skip-initial-space",
        "skip-lines",
    }
)
TABLE_OPTIONS = frozenset({"columns", "csv", "formats", "infinity", "nested", "null-values"})
NESTED_OPTIONS = ("table", "field", "key", "row", "position")


@dataclass(frozen=True)
class CsvOptions:
    """How delimited text is written.

    Attributes:
        delimiter: One character between fields; empty means by file name: a tab in `.tsv`, else
            a comma.
        quotechar: One character around fields that hold delimiters; empty for none.
        escapechar: One character in front of a literal quote or delimiter; empty for none.
        encoding: The text encoding; a byte order mark overrules it. After a `+` comes the encoding
            of what is not in the first one: `utf-8+cp1252`.
        skip_lines: Lines in front of the header to leave out.
        header: Whether the first line names the fields; or their names, where no line does.
        comment: One character that begins lines to leave out; empty for none.
        skip_initial_space: Whether spaces behind a delimiter, and between a closing quote and the
            next delimiter, do not count.
        quoted_lines: Whether whole lines are within quotes, which are taken away first, and quotes
            in them are doubled once more.
        fills_rows: Whether a short row ends in empty fields, and fields behind the last column
            that are empty or blank do not count.
    """

    delimiter: str = ""
    quotechar: str = '"'
    escapechar: str = ""
    encoding: str = "utf-8"
    skip_lines: int = 0
    header: bool | tuple[str, ...] = True
    comment: str = ""
    skip_initial_space: bool = False
    quoted_lines: bool = False
    fills_rows: bool = False

    @property
    def is_divisible(self) -> bool:
        """Whether newlines outside of quotes end rows, and each part can be read by itself."""
        return (
            not (self.escapechar or self.skip_lines or self.comment or self.quoted_lines)
            and "+" not in self.encoding
            and self.header is True
        )


@dataclass(frozen=True, kw_only=True)
class Nested:
    """Where the rows of a table are: in a field of another table's source.

    Attributes:
        table: The other table.
        field: The field, which has objects, or lists of objects.
        key: The columns that refer to the other table's row, by the fields that have their values.
        row: The column that has the number of that row, where there are no such fields.
        position: The column that counts the objects of one list, from 1; empty for none.
    """

    key: Mapping[str, str] = field(default_factory=dict)
    table: str
    field: str
    row: str = ""
    position: str = ""


@dataclass(frozen=True)
class TableOptions:
    """How the sources of one table are read.

    Attributes:
        csv: Their dialect, where they are delimited text.
        null_values: Texts that mean NULL in nullable columns, besides the empty field.
        columns: Field of the source to column; no column means that the field is left out.
        formats: Column to the format of its dates, where they are not in ISO 8601.
        infinity: Whether number columns take `inf` and `Infinity`.
        nested: Where they are within the sources of another table, if they are.
    """

    csv: CsvOptions = field(default_factory=CsvOptions)
    null_values: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    infinity: bool = False
    nested: Nested | None = None


def read_table_options(options: Options, base: TableOptions) -> TableOptions:
    """The options of one table; what it does not say is as in `base`.

    Raises:
        SettingsError: An option is wrong.
    """
    options.only(TABLE_OPTIONS)
    return TableOptions(
        csv=read_csv_options(options.table("csv"), base.csv),
        null_values=options.texts("null-values", base.null_values),
        columns={**base.columns, **options.mapping("columns")},
        formats=options.mapping("formats"),
        infinity=options.flag("infinity", default=base.infinity),
        nested=_read_nested(options.table("nested")) if "nested" in options.values else None,
    )


def _read_nested(options: Options) -> Nested:
    options.only(NESTED_OPTIONS)
    found = Nested(
        table=options.text("table"),
        field=options.text("field"),
        key=options.mapping("key"),
        row=options.text("row", ""),
        position=options.text("position", ""),
    )
    if bool(found.key) == bool(found.row):
        raise options.error("key", "or `row` is required, and not both")
    return found


def read_csv_options(options: Options, base: CsvOptions) -> CsvOptions:
    """A dialect; what is not said of it is as in `base`.

    Raises:
        SettingsError: An option is wrong.
    """
    options.only(CSV_OPTIONS)
    rows = ("fill", "error") if base.fills_rows else ("error", "fill")
    return CsvOptions(
        delimiter=options.character("delimiter", base.delimiter),
        quotechar=options.character("quotechar", base.quotechar),
        escapechar=options.character("escapechar", base.escapechar),
        encoding=options.text("encoding", base.encoding),
        skip_lines=options.number("skip-lines", base.skip_lines, least=0),
        header=_read_header(options, base.header),
        comment=options.character("comment", base.comment),
        skip_initial_space=options.flag("skip-initial-space", default=base.skip_initial_space),
        quoted_lines=options.flag("quoted-lines", default=base.quoted_lines),
        fills_rows=options.choice("ragged-rows", rows) == "fill",
    )


def _read_header(options: Options, default: bool | tuple[str, ...]) -> bool | tuple[str, ...]:
    value = options.values.get("header", default)
    if isinstance(value, bool | tuple):
        return value
    names = options.texts("header")
    if not names or "" in names or len(set(names)) < len(names):
        raise options.error("header", "must be a boolean, or a list of names, no two alike")
    return names


HOOK = "microcosm-sqlite"
HATCH_OPTIONS = frozenset(
    {
        "dependencies",
        "enable-by-default",
        "require-runtime-dependencies",
        "require-runtime-features",
    }
)


_UNITS = {"kB": 1000, "MB": 1000**2, "GB": 1000**3}


class Options:
    """One table of options, of the build hook if nothing else is said.

    Every reader returns the value in its Python type, or raises `SettingsError` with the
    option's name and what it must be.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        where: str = "",
        owner: str = f"for build hook `{HOOK}`",
    ) -> None:
        self.values = values
        self.where = where
        self.owner = owner

    def text(self, name: str, default: str | None = None) -> str:
        """A non-empty string; required where there is no default."""
        value = self.values.get(name, default)
        if value is None:
            raise self.error(name, "is required")
        if not isinstance(value, str) or not (value or default == ""):
            raise self.error(name, "must be a non-empty string")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of `choices`; the first is the default."""
        value = self.text(name, choices[0])
        if value not in choices:
            allowed = " or ".join(f'"{choice}"' for choice in choices)
            raise self.error(name, f'must be {allowed}, not "{value}"')
        return value

    def character(self, name: str, default: str) -> str:
        """One character, or an empty string."""
        value = self.values.get(name, default)
        if not isinstance(value, str) or len(value) > 1:
            raise self.error(name, "must be one character, or an empty string for none")
        return value

    def number(self, name: str, default: int, *, least: int = 1, most: float = float("inf")) -> int:
        """A whole number that is not below `least`, and not above `most`."""
        value = self.values.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            bound = "above zero" if least == 1 else f"of at least {least}"
            bound = bound if most == float("inf") else f"from {least} to {most}"
            raise self.error(name, f"must be a whole number {bound}")
        return value

    def size(self, name: str) -> int:
        """A number of bytes, as text with a unit; 0 where it is not given."""
        value = self.values.get(name)
        if value is None:
            return 0
        spelt = re.fullmatch(r"(\d+(?:\.\d+)?) ?(kB|MB|GB)", str(value))
        if not spelt or not float(spelt[1]):
            raise self.error(name, 'must be a size above zero, such as "90 MB"')
        return int(float(spelt[1]) * _UNITS[spelt[2]])

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean."""
        value = self.values.get(name, default)
        if not isinstance(value, bool):
            raise self.error(name, "must be a boolean")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings."""
        value = self.values.get(name, [*default])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(name, "must be a list of strings")
        return tuple(value)

    def mapping(self, name: str) -> dict[str, str]:
        """A table of strings, empty where it is not given."""
        values = self.table(name).values
        if not all(isinstance(value, str) for value in values.values()):
            raise self.error(name, "must be a table of strings")
        return dict(values)

    def table(self, name: str) -> Options:
        """A table of options, empty where it is not given."""
        value = self.values.get(name, {})
        if not isinstance(value, Mapping):
            raise self.error(name, "must be a table")
        return Options(value, f"{self.where}{name}.", self.owner)

    def tables(self, name: str) -> tuple[Options, ...]:
        """A list of tables of options."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
            raise self.error(name, "must be a list of tables")
        return tuple(
            Options(item, f"{name}[{index}].", self.owner) for index, item in enumerate(value)
        )

    def only(self, known: Iterable[str]) -> None:
        """Raise for the first option that nobody reads."""
        names = sorted(known)
        for name in self.values:
            if name in names or name in HATCH_OPTIONS:
                continue
            hint = suggest(name, names, "Known", spell="`{}`".format)
            raise self.error(name, "does not exist", hint)

    def error(self, name: str, complaint: str, hint: str = "") -> SettingsError:
        """The error that says that option `name` is wrong."""
        return SettingsError(f"Option `{self.where}{name}` {self.owner} {complaint}.", hint=hint)
