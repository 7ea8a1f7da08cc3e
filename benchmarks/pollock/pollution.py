"""Files of the classes that Pollock pollutes, made of a table of our own.

They stand in folders as in a checkout of the benchmark: `polluted_files/csv` and
`polluted_files/clean`, so that everything can be tried without one. The classes, and what is
expected of each, follow the paper (Vitagliano et al., "Pollock: A Data Loading Benchmark", 2023).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

HEADER = ["day", "hour", "amount", "code", "price", "thing", "about", "address", "remark"]
QUOTED = {"about", "address"}
ROWS = 83
THINGS = ("Lamp", "Shelf, oak", 'Frame, 10" wide', "Children's chair", "Rug, round", "Hooks")
ABOUT = (
    "Made by hand, and meant to last.",
    "It stands where you want it, whether that is a hall or a kitchen; it won't scratch.",
    'A board of 24" with rounded corners, oiled twice.',
    "Light, sturdy and easily cleaned.",
)

Cell = tuple[str, bool]
"""A text, and whether quotes surround it in the file."""


def make_rows() -> list[list[str]]:
    """The clean table: a header and its rows."""
    return [HEADER] + [
        [
            f"{number % 27 + 1:02}/{number % 12 + 1:02}/2018",
            f"{number % 24:02}:{number % 4 * 15:02}",
            str(number * 7 % 31),
            f"{'ABCDE'[number % 5]}X-{1000 + number * 37}",
            f"${number * 3.17 + 1:.2f}",
            THINGS[number % len(THINGS)],
            ABOUT[number % len(ABOUT)],
            f"https://example.org/things/{number}.html",
            "",
        ]
        for number in range(ROWS)
    ]


def write_all(folder: Path, step: int = 1) -> int:
    """Write every file and its clean form; how many they are.

    Args:
        folder: Where to; as a checkout would be.
        step: Of the faults of single rows, only those of every so many rows.
    """
    for name in ("csv", "clean"):
        (folder / "polluted_files" / name).mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text, clean in pollute(make_rows(), step):
        (folder / "polluted_files/csv" / name).write_bytes(text.encode())
        with (folder / "polluted_files/clean" / name).open("w", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(clean)
        count += 1
    return count


Polluted = tuple[str, str, list[list[str]]]
"""The name of a file, its text, and the rows that are expected of it, the header first."""


def pollute(rows: list[list[str]], step: int = 1) -> Iterator[Polluted]:
    """Every polluted form of a table."""
    yield "source.csv", write(rows), rows
    yield from _pollute_files(rows)
    yield from _pollute_dialects(rows)
    for row in range(0, len(rows), step):
        yield from _pollute_row(rows, row)


def _pollute_files(rows: list[list[str]]) -> Iterator[Polluted]:
    text = write(rows)
    yield "file_no_payload.csv", "", []
    yield "file_no_trailing_newline.csv", text.rstrip("\r\n"), rows
    yield "file_double_trailing_newline.csv", f"{text}\r\n", rows
    yield "file_no_header.csv", write(rows[1:]), rows[1:]
    for count in (2, 3):
        joined = [" ".join([name] * count) for name in rows[0]]
        name = f"file_header_multirow_{count}.csv"
        yield name, write([rows[0]] * (count - 1) + rows), [joined, *rows[1:]]
    width = len(rows[0])
    preamble = [["PREAMBLE", *[""] * (width - 1)], [""] * width]
    yield "file_preamble.csv", write(preamble) + text, rows
    yield "file_multitable_same.csv", text + write(rows), rows
    yield "file_multitable_less.csv", text + write([row[:-1] for row in rows]), rows
    wider = [[*rows[0], "col1"]] + [[*row, ""] for row in rows[1:]]
    yield "file_multitable_more.csv", text + write(wider), rows
    yield "file_header_only.csv", write(rows[:1]), rows[:1]
    yield "file_one_data_row.csv", write(rows[:2]), rows[:2]


def _pollute_dialects(rows: list[list[str]]) -> Iterator[Polluted]:
    yield "file_record_delimiter_0xA.csv", write(rows, end="\n"), rows
    yield "file_record_delimiter_0xD.csv", write(rows, end="\r"), rows
    for delimiter in ("\t", ";", ", ", " "):
        code = "_".join(f"0x{ord(each):X}" for each in delimiter)
        yield f"file_field_delimiter_{code}.csv", write(rows, delimiter=delimiter), rows
    yield "file_quotation_char_0x27.csv", write(rows, quote="'"), rows
    yield "file_escape_char_0x5C.csv", write(rows, escape="\\"), rows
    yield "file_escape_char_0x00.csv", write(rows, escape=""), rows


def _pollute_row(rows: list[list[str]], at: int) -> Iterator[Polluted]:
    front, behind = write(rows[:at]), write(rows[at + 1 :])
    cells = [
        _write_cell(text, '"', '"', is_quoted=name in QUOTED) for name, text in _pair(rows, at)
    ]

    def splice(row: str) -> str:
        return f"{front}{row}\r\n{behind}"

    for column in range(len(cells)):
        left, right = cells[:column], cells[column:]
        more = ",".join([*left, "", *right])
        yield f"row_more_sep_row{at}_col{column}.csv", splice(more), rows
        if column:
            less = ",".join([*left[:-1], left[-1] + right[0], *right[1:]])
            yield f"row_less_sep_row{at}_col{column}.csv", splice(less), rows
        cell = cells[column]
        is_quoted = cell.startswith('"')
        stray = ",".join([*left, f'""{cell[1:]}' if is_quoted else f'"{cell}', *right[1:]])
        text = [*rows[at]]
        text[column] = f'"{text[column]}'
        clean = [*rows[:at], text, *rows[at + 1 :]]
        yield f"row_extra_quote{at}_col{column}.csv", splice(stray), clean
    yield f"row_field_delimiter_{at}_0x20.csv", splice(" ".join(cells)), rows


def _pair(rows: list[list[str]], at: int) -> Iterator[tuple[str, str]]:
    return zip(HEADER, rows[at], strict=True)


def write(
    rows: list[list[str]],
    delimiter: str = ",",
    quote: str = '"',
    escape: str = '"',
    end: str = "\r\n",
) -> str:
    """Rows as text; quotes surround what has a comma, and every text of some columns."""
    text = io.StringIO()
    for row in rows:
        names = [*HEADER, *[""] * len(row)]
        cells = [
            _write_cell(field, quote, escape, is_quoted=name in QUOTED)
            for name, field in zip(names, row, strict=False)
        ]
        text.write(delimiter.join(cells) + end)
    return text.getvalue()


def _write_cell(text: str, quote: str, escape: str, *, is_quoted: bool) -> str:
    if not (is_quoted or "," in text):
        return text
    if quote == '"':
        text = text.replace(quote, escape + quote)
    return f"{quote}{text}{quote}"
