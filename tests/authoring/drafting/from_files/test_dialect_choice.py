"""In which dialect a file is written, when separators alone would not tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff
from microcosm_sqlite.errors import SourceError

ROWS = [["1", "oak, oiled", "2.5"], ["2", "it won't", "3.5"], ["3", "ash", "4.5"]]


def sniff_text(folder: Path, text: str) -> RawFile:
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    raw = sniff(path)
    assert isinstance(raw, RawFile)
    return raw


def read(raw: RawFile) -> list[list[str]]:
    with raw.open_rows() as rows:
        return [[*row] for row in rows]


DIALECTS = [
    (delimiter, '"', "") for delimiter in (",", ";", "\t", "|", "\x01", "\x1f", "\x1c", " ")
]
DIALECTS += [(delimiter, '"', " ") for delimiter in ",;\t|"]
DIALECTS += [(",", "'", ""), (",", "'", " ")]


@pytest.mark.parametrize(("delimiter", "quote", "space"), DIALECTS)
def test_any_delimiter_and_quotation_is_found(
    tmp_path: Path, delimiter: str, quote: str, space: str
) -> None:
    rows = [["id", "name", "size"], *ROWS]
    lines = [
        f"{delimiter}{space}".join(
            f"{quote}{text.replace(quote, quote * 2)}{quote}" if " " in text else text
            for text in row
        )
        for row in rows
    ]
    raw = sniff_text(tmp_path, "\n".join(lines) + "\n")
    assert raw.header == ("id", "name", "size")
    assert read(raw) == ROWS


def test_quotes_do_not_swallow_rows(tmp_path: Path) -> None:
    for delimiter in "\t|":
        lines = ["id,name,size", '1,"5,2', "2,x,3", '3,6",4', "4,y,5"]
        text = "\n".join(line.replace(",", delimiter) for line in lines) + "\n"
        raw = sniff_text(tmp_path, text)
        assert len(read(raw)) == 4
        assert "quotes are taken as parts of the texts, as they surround no fields" in raw.notes


def test_a_quote_among_many_rows_is_text_and_among_few_a_fault(tmp_path: Path) -> None:
    head = "id,name\n"
    raw = sniff_text(tmp_path, head + "1,x\n" * 20 + '2,"y\n')
    assert read(raw)[-1] == ["2", '"y']
    assert "quotes are taken as parts of the texts, as they surround no fields" in raw.notes
    with pytest.raises(SourceError, match="line 4: a quote is opened and not closed"):
        sniff_text(tmp_path, head + "1,x\n" * 2 + '2,"y\n')
    with pytest.raises(SourceError, match=r"line 2: .* Or draft it with --repair"):
        sniff_text(tmp_path, head + '1,"x, y" z\n' + "1,x\n" * 20 + '2,"y\n')


def test_a_header_with_an_empty_name_too_many_is_not_filled_up_below(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="2 fields where the header has 3"):
        sniff_text(tmp_path, "id,,name\n1,x\n2,y\n")


@pytest.mark.parametrize("surplus", [",", ",,"])
@pytest.mark.parametrize("front", ["", "Rates: 2020\n\n"])
def test_a_header_with_blank_names_at_its_end_fits_without_them(
    tmp_path: Path, front: str, surplus: str
) -> None:
    rows = "a,2020,1.5\nb,2020,2.5\nc,2020,\n"
    with pytest.raises(SourceError, match="3 fields where the header has") as caught:
        sniff_text(tmp_path, f"{front}series,year,value{surplus}\n{rows}")
    assert caught.value.hint.startswith(f"Delete the surplus {surplus!r} at the end of the header.")
    assert "becomes ['series', 'year', 'value']" in caught.value.hint
    raw = sniff_text(tmp_path, f"{front}series,year,value\n{rows}")
    assert (raw.header, len(read(raw))) == (("series", "year", "value"), 3)


def test_rows_below_a_header_in_one_piece_are_not_of_one_column(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="with --repair, line 1, delimiter: 'id name size'"):
        sniff_text(tmp_path, "id name size\n1,x,2\n2,y,3\n3,z,4\n")
