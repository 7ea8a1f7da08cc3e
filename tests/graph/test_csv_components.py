"""Making an object graph imports what is needed to read, and nothing of what writes datasets."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from microcosm.api import create_object_graph, load_from_dict
from microcosm_sqlite import DataSet, Store

graph = create_object_graph("service", loader=load_from_dict())
graph.use("sqlite", "sqlite_builder", "sqlite_dumper")
wanted = [name for name in sys.modules if name.startswith("microcosm_sqlite.authoring")]
wanted += {"packaging", "tarfile", "tomllib"} & sys.modules.keys()
print(*wanted)
Base = DataSet.create("service")
assert type(graph.sqlite_builder.csv(Base)).__name__ == "CSVBuilder"
"""


def test_a_graph_imports_no_authoring_until_it_builds() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
