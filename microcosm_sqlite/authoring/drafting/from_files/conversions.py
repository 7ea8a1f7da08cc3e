"""The line that converts a file of a format which is not read."""

from __future__ import annotations

import shlex
from pathlib import Path

_PANDAS = 'python -c "import sys, pandas; pandas.{}(sys.argv[1]).to_{}(sys.argv[2]{})" {{}} {{}}'
_TABLES = (
    "python -c \"import sys, pandas; [t.to_csv(f'{sys.argv[2]}_{n}.csv', index=False) "
    'for n, t in enumerate(pandas.read_html(sys.argv[1]))]" '
)
_OBJECTS = (
    "Rscript -e 'a <- commandArgs(TRUE); e <- new.env(); for (n in load(a[1], e)) "
    'write.csv(get(n, e), paste0(n, ".csv"), row.names = FALSE)\' '
)
_OBJECT = (
    "Rscript -e 'a <- commandArgs(TRUE); write.csv(readRDS(a[1]), a[2], row.names = FALSE)' {} {}"
)

_MAP = "ogr2ogr -f GeoJSON {1} {0}"

_CONVERSIONS: dict[str, dict[tuple[str, ...], tuple[str, str]]] = {
    "a file of R": {
        (".rds",): (_OBJECT, ".csv"),
        (".rda", ".rdata"): (f"{_OBJECTS}{{}}", ""),
    },
    "HDF5": {(".h5", ".hdf5", ".hdf"): (_PANDAS.format("read_hdf", "parquet", ""), ".parquet")},
    "a pickle, which can run any code when it is read; if you trust who made it": {
        (".pkl", ".pickle"): (_PANDAS.format("read_pickle", "parquet", ""), ".parquet"),
    },
    "XML": {(".xml",): (_PANDAS.format("read_xml", "csv", ", index=False"), ".csv")},
    "a web page": {
        (".html", ".htm"): (f"{_TABLES.replace('{', '{{').replace('}', '}}')}{{}} {{}}", "")
    },
    "a binary Excel workbook": {(".xlsb",): ("soffice --headless --convert-to xlsx {}", "")},
    "a document of Numbers": {(".numbers",): ("cat-numbers -b {} > {}", ".csv")},
    "a database of Access": {
        (".mdb", ".accdb"): (
            'f={}; mdb-tables -1 "$f" | while read -r t; do mdb-export "$f" "$t" > "$t.csv"; done',
            "",
        ),
    },
    "a PDF document": {(".pdf",): ("tabula --pages all --outfile {1} {0}", ".csv")},
    "a map": {(".kml", ".gml", ".topojson"): (_MAP, ".geojson")},
    "GeoJSON with a feature on each line": {(".geojsonl", ".geojsons"): (_MAP, ".geojson")},
}


def describe_conversion(path: Path) -> str:
    """Name the format of a file that cannot be read, and the line that converts it; else empty."""
    suffix = path.suffix.lower()
    for what, lines in _CONVERSIONS.items():
        for suffixes, (line, becomes) in lines.items():
            if suffix in suffixes:
                name, target = shlex.quote(path.name), shlex.quote(f"{path.stem}{becomes}")
                return f"{what}; convert it: {line.format(name, target)}"
    return ""


def list_converted() -> list[str]:
    """What the names of files end in that a line is known for."""
    return [each for lines in _CONVERSIONS.values() for suffixes in lines for each in suffixes]
