"""How the sources of one table are written: dialects, texts for nothing, formats of dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from microcosm_sqlite.authoring.project.settings_reader import Options

CSV_OPTIONS = frozenset(
    {
        "comment",
        "delimiter",
        "encoding",
        "escapechar",
        "header",
        "quotechar",
        "ragged-rows",
        "skip-initial-space",
        "skip-lines",
    }
)
TABLE_OPTIONS = frozenset({"columns", "csv", "formats", "infinity", "null-values"})


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
        skip_initial_space: Whether spaces behind a delimiter do not count.
        fills_rows: Whether a short row ends in empty fields, and empty fields behind the last
            column do not count.
    """

    delimiter: str = ""
    quotechar: str = '"'
    escapechar: str = ""
    encoding: str = "utf-8"
    skip_lines: int = 0
    header: bool | tuple[str, ...] = True
    comment: str = ""
    skip_initial_space: bool = False
    fills_rows: bool = False

    @property
    def is_divisible(self) -> bool:
        """Whether newlines outside of quotes end rows, and each part can be read by itself."""
        return (
            not (self.escapechar or self.skip_lines or self.comment or "+" in self.encoding)
            and self.header is True
        )


@dataclass(frozen=True)
class TableOptions:
    """How the sources of one table are read.

    Attributes:
        csv: Their dialect, where they are delimited text.
        null_values: Texts that mean NULL in nullable columns, besides the empty field.
        columns: Field of the source to column; no column means that the field is left out.
        formats: Column to the format of its dates, where they are not in ISO 8601.
        infinity: Whether number columns take `inf` and `Infinity`.
    """

    csv: CsvOptions = field(default_factory=CsvOptions)
    null_values: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    infinity: bool = False


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
    )


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
