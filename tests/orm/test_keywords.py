"""No word is too special to be a table's or a column's name."""

import apsw
from sqlalchemy import Column, Index, Integer, MetaData, Table, Text, select

from microcosm_sqlite.orm.engines import create_readwrite_engine


def test_every_keyword_of_sqlite_can_name_a_table_and_a_column() -> None:
    metadata = MetaData()
    words = sorted(word.lower() for word in apsw.keywords)
    tables = [
        Table(
            word,
            metadata,
            Column("id", Integer, primary_key=True),
            Column(word, Text),
            Index(f"by {word}", word),
        )
        for word in words
    ]
    engine = create_readwrite_engine(":memory:")

    with engine.begin() as connection:
        metadata.create_all(connection)
        for table in tables:
            connection.execute(table.insert().values({"id": 1, table.name: "one"}))
            found = connection.execute(select(table).where(table.c[table.name] == "one"))
            assert found.one() == (1, "one")

    engine.dispose()
