"""Tell of a header that has two rows, as exports of surveys and pivot tables have.

::

    Respondent | Which fruit? |      | Age
               | Apple        | Pear |
    1          | Apple        |      | 33
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


def describe_second_header(
    header: Sequence[str], rows: Sequence[Sequence[Any]], line: int
) -> Iterator[str]:
    """Tell that the first row belongs to the header, where it probably does.

    It names a column that the header leaves without a name, has texts alone, and is empty where all
    other rows have a value.

    Args:
        header: The names, empty for none.
        rows: The first rows below it, each of the header's length.
        line: Where the first of them is.
    """
    if len(rows) < 3:
        return
    first, *others = rows
    columns = range(len(header))
    filled = [at for at in columns if not _is_blank(first[at])]
    names_more = any(not header[at].strip() for at in filled)
    is_of_texts = all(isinstance(first[at], str) and not _is_number(first[at]) for at in filled)
    is_short = any(
        at not in filled and header[at].strip() and not any(_is_blank(row[at]) for row in others)
        for at in columns
    )
    if names_more and is_of_texts and is_short:
        yield (
            f"row {line} may belong to the header: it names columns that have no name there, and "
            "is empty where all other rows have values; if it does, write both as one row"
        )


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
