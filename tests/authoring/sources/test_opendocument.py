"""Hidden rows and columns of OpenDocument sheets."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest

from microcosm_sqlite.authoring.sources.opendocument import Hidden, list_hidden
from microcosm_sqlite.authoring.sources.workbooks import read_sheet


def write_sheet(path: Path, hidden_rows: dict[int, str], hidden_columns: set[int]) -> None:
    """Rows of three columns, written by odfpy; each hidden row is collapsed or filtered out."""
    pytest.importorskip("odf")
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableColumn, TableRow
    from odf.text import P

    document, table = OpenDocumentSpreadsheet(), Table(name="A & B")
    for column in (1, 2, 3):
        is_hidden = {"visibility": "collapse"} if column in hidden_columns else {}
        table.addElement(TableColumn(**is_hidden))
    for number, values in enumerate([["id", "name", "v"], *[[n, f"n{n}", n] for n in range(6)]], 1):
        row = TableRow(**({"visibility": hidden_rows[number]} if number in hidden_rows else {}))
        for value in values:
            if isinstance(value, str):
                cell = TableCell(valuetype="string")
                cell.addElement(P(text=value))
            else:
                cell = TableCell(valuetype="float", value=value)
            row.addElement(cell)
        table.addElement(row)
    table.addElement(TableRow(visibility="collapse", numberrowsrepeated=1_048_569))
    document.spreadsheet.addElement(table)
    document.save(str(path))


def test_rows_and_columns_that_are_hidden_are_told_and_read(tmp_path: Path) -> None:
    path = tmp_path / "t.ods"
    write_sheet(path, {3: "collapse", 4: "filter"}, {3})
    found = read_sheet(path, path.name, "A & B")
    assert len(found.rows) == 6
    assert [note for note in found.notes if "hides" in note] == [
        "2 rows that the sheet hides are read too (the first is row 3); delete what is not meant",
        "1 column that the sheet hides is read too (C); delete what is not meant",
    ]
    with ZipFile(path) as archive:
        hidden = list_hidden(archive.read("content.xml"))
    assert hidden == {"A & B": Hidden(frozenset((3, 4)), ((3, 3),))}
    write_sheet(path, {}, set())  # without what was hidden
    assert not any("hides" in note for note in read_sheet(path, path.name, "A & B").notes)


def test_repeated_rows_and_columns_are_counted_and_groups_are_none() -> None:
    content = b"""
    <table:table table:style-name="x" table:name="1"><table:table-column-group>
    <table:table-column table:number-columns-repeated="2"/>
    <table:table-column table:visibility="collapse" table:number-columns-repeated="3"/>
    </table:table-column-group><table:table-row-group>
    <table:table-row table:number-rows-repeated="4"/><table:table-row table:visibility="filter"
    table:number-rows-repeated="2"><table:table-cell office:value-type="float"/></table:table-row>
    <table:table-row table:visibility="collapse"/></table:table-row-group></table:table>
    <table:table table:name="2"><table:table-row table:visibility="visible"><table:table-cell
    office:value-type="float"/></table:table-row></table:table>"""
    assert list_hidden(content) == {
        "1": Hidden(frozenset((5, 6)), ((3, 5),)),
        "2": Hidden(frozenset(), ()),
    }
    assert list_hidden(b"") == {}
