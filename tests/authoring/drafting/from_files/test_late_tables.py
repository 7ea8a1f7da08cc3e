"""The table that is meant is read, whatever stands above it, and what is left out is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.from_files.raw_files import RawFile
from microcosm_sqlite.authoring.drafting.from_files.sniffing import sniff
from microcosm_sqlite.authoring.project.repairs import Repair
from microcosm_sqlite.errors import SourceError

MEASURED = "".join(f"{number / 10},{number * number}.5\n" for number in range(-9, 40))
BOOKED = "".join(f"0{day}.01.2024;Shop {day};{day},50;EUR;{day}0,00;EUR\n" for day in range(1, 4))
SERIES = "".join(f"{year},{year % 7}.5,{year % 9}\n" for year in range(1980, 2020))
SETTINGS = "Model,A100\nFirmware,1.2.3\nVertical scale,0.5\nRecord length,500\n"
ACCOUNT = (
    "Export;Made on 3 February\nAccount;123\nName;Current\nBank;Example\nHolder;Somebody\n"
    "Period;January\nBalance;1.234,56;EUR\nOrder;by day\n"
)

FILES = {
    "settings": (f"{SETTINGS}TIME,CH1\n{MEASURED}", ["TIME", "CH1"], 5),
    "settings and a gap": (f"{SETTINGS}\nTIME,CH1\n{MEASURED}", ["TIME", "CH1"], 6),
    "padded": (
        (
            f"Example survey,,\nOriginal values,,\n,,\nSeries:,EX1,\nYears:,1980 to 2019,\n,,\n"
            f"Year,Jan,Feb\n{SERIES}"
        ),
        ["Year", "Jan", "Feb"],
        7,
    ),
    "a short month": (
        f"{ACCOUNT}\nDay;Payee;Amount;Currency;Balance;Of\n{BOOKED}",
        ["Day", "Payee", "Amount", "Currency", "Balance", "Of"],
        10,
    ),
    "ended by semicolons": (
        (
            '"Account:";"1 / Giro";\n\n"From:";"1.1.2024";\n"To:";"31.1.2024";\n'
            '"Day";"Value";"Text";"Amount";\n'
            '"31.1.2024";"31.1.2024";"Shop";"-12,50";\n"30.1.2024";"30.1.2024";"Pay";"1,00";\n'
        ),
        ["Day", "Value", "Text", "Amount", ""],
        5,
    ),
    "units of a series": (
        "Title,A\nCDID,B7\nUnit,pct\n" + "".join(f"{y},1.5\n" for y in range(2000, 2009)),
        ["Title", "A"],
        1,
    ),
    "a smaller table": (
        (
            f"key,amount\n{''.join(f'k{n},{n}{chr(10)}' for n in range(30))}\n"
            f"year,rate,count\n{SERIES}"
        ),
        ["year", "rate", "count"],
        33,
    ),
    "a header alone": (f"year,rate,count\n{SERIES}", ["year", "rate", "count"], 1),
    "words in place of numbers": (
        "name,score\nann,absent\nben,ill\ncid,5\ndora,7\neve,8\n",
        ["name", "score"],
        1,
    ),
    "texts of two lines": (
        '"a","b"\n"ann","ill\n"\n"ben\ncid","sad"\n"dora","3"\n"eve","4"\n"fay","5"\n"gus","6"\n',
        ["a", "b"],
        1,
    ),
    "names above names": (
        f"a,b,c\ndeg,mm,kg\navg,max,min\n{SERIES}",
        ["a", "b", "c"],
        1,
    ),
}


def sniff_text(folder: Path, text: str) -> RawFile:
    (folder / "t.csv").write_text(text, "utf-8")
    found = sniff(folder / "t.csv")
    assert isinstance(found, RawFile)
    return found


@pytest.mark.parametrize(("text", "names", "line"), FILES.values(), ids=FILES)
def test_the_header_is_that_of_the_table_which_is_meant(
    tmp_path: Path, text: str, names: list[str], line: int
) -> None:
    raw = sniff_text(tmp_path, text)
    assert [*raw.header] == names
    assert raw.options.skip_lines == line - 1
    assert any(note.startswith("left out in front") for note in raw.notes) == (line > 1)
    assert not any(repair.kind == "other-table" for repair in raw.proposals)


def test_descriptions_of_the_columns_are_proposed_to_be_left_out(tmp_path: Path) -> None:
    heads = "code,A7,B7\nunit,%,\nrelease,13-08-2024,13-08-2024\nnext,9 May 2025,\nnotes,,\n"
    raw = sniff_text(tmp_path, f"Title,Rate,Count\n{heads}{SERIES}")
    assert raw.proposals == (Repair.of(2, "units", heads.splitlines()),)


@pytest.mark.parametrize(
    "first",
    ["alpha,ND\nbeta,ND\ngamma,ND\n", "1977,ND\n1978,n/a\n1979,x\n", "alpha,7\nbeta,x\ngamma,y\n"],
)
def test_rows_that_lack_a_number_are_no_descriptions(tmp_path: Path, first: str) -> None:
    rows = "".join(f"item{chr(97 + number)},{number}\n" for number in range(20))
    assert not sniff_text(tmp_path, f"name,size\n{first}{rows}").proposals


def test_a_larger_table_below_is_never_left_out(tmp_path: Path) -> None:
    few = "".join(f"k{number},{number}\n" for number in range(150))
    many = "".join(f"x{number},{number},{number}\n" for number in range(400))
    with pytest.raises(SourceError) as refused:
        sniff_text(tmp_path, f"key,amount\n{few}\nkey,left,right\n{many}")
    assert refused.value.line == 153
    assert refused.value.hint == (
        "If another table begins in line 153, save it as a file of its own."
    )
    rows = (tmp_path / "t.csv").read_text().splitlines(keepends=True)
    assert sniff_text(tmp_path, "".join(rows[152:])).header == ("key", "left", "right")
