"""The defects of 2.0.0: each check fails there and passes here.

The numbers are those of the list of defects that this project was begun with.
"""
# ruff: noqa: BLE001, PT017, PTH208

import asyncio
import io
import os
import sqlite3
import subprocess
import sys
import textwrap
import threading
import warnings
from enum import Enum

from microcosm.api import create_object_graph, load_from_dict
from sqlalchemy import Column, Integer, String, text

from microcosm_sqlite import DataSet, Store
from microcosm_sqlite.models import IdentityMixin
from microcosm_sqlite.stores import GetOrCreateSession
from microcosm_sqlite.types import EnumType

Base = DataSet.create("shelf")


class Tool(IdentityMixin, Base):
    __tablename__ = "tool"

    id = Column(Integer, primary_key=True)
    weight = Column(Integer)
    name = Column(String)


class Plain(Base):
    __tablename__ = "plain"

    id = Column(Integer, primary_key=True)
    b = Column(String)
    a = Column(String)
    d = Column(String)
    c = Column(String)


class ToolStore(Store):
    auto_filter_fields = (Tool.id, Tool.name)
    model_class = Tool


class PlainStore(Store):
    model_class = Plain


def make_graph(folder, **sqlite):
    config = {"paths": {"shelf": str(folder / "shelf.db")}, **sqlite}
    graph = create_object_graph("example", testing=True, loader=load_from_dict(sqlite=config))
    graph.use("sqlite", "sqlite_builder", "sqlite_dumper")
    return graph


def fill(folder, **sqlite):
    graph = make_graph(folder, **sqlite)
    Tool.recreate_all(graph)
    with Tool.new_context(graph) as context:
        context.session.add(Tool(id=1, name="saw"))
        context.commit()
    return graph


def install(folder, name, code):
    """A distribution with an entry point, as pip would install it."""
    site = folder / "site"
    info = site / f"{name}_data-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-data\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[microcosm.sqlite]\n{name} = {name}_data:path\n")
    (site / f"{name}_data.py").write_text(code)
    return site


def run(code, *paths):
    """Run code in a process of its own, with these directories on its import path."""
    script = "import sys, site\n" + "".join(f"site.addsitedir({str(p)!r})\n" for p in paths)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", script + textwrap.dedent(code)],
        check=True,
        env=environment,
    )


def check_r1_it_is_imported_without_setuptools(folder):
    run(
        """
        sys.modules["pkg_resources"] = sys.modules["distutils"] = None
        sys.modules["distutils.util"] = None
        import microcosm_sqlite.factories, microcosm_sqlite.types
        """
    )


def check_r2_a_broken_data_wheel_breaks_only_itself(folder):
    site = install(folder, "broken", "raise RuntimeError('broken')\n")
    database = folder / "good.db"
    run(
        f"""
        from microcosm.api import create_object_graph, load_from_dict
        paths = {{"good": {str(database)!r}}}
        graph = create_object_graph("x", loader=load_from_dict(sqlite={{"paths": paths}}))
        graph.use("sqlite")
        graph.sqlite("good")[0].connect().close()
        """,
        site,
    )


def check_r2_entry_points_of_unused_datasets_are_not_called(folder):
    site = install(folder, "unused", "def path(graph):\n    raise SystemExit(3)\n")
    run(
        """
        from microcosm.api import create_object_graph
        create_object_graph("x").use("sqlite")
        """,
        site,
    )


def check_r3_another_thread_does_not_see_my_session(folder):
    graph = fill(folder)
    with Tool.new_context(graph):
        seen = []
        thread = threading.Thread(target=lambda: seen.append(Base.session))
        thread.start()
        thread.join()
    assert seen == [None]


def check_r3_a_nested_context_gives_back_the_outer_one(folder):
    graph = fill(folder)
    with Tool.new_context(graph) as outer:
        mine = outer.session
        with Tool.new_context(graph):
            pass
        assert outer.session is mine
        assert ToolStore().count() == 1


def check_r3_tasks_have_their_own_sessions(folder):
    graph = fill(folder)

    async def work():
        with Tool.new_context(graph) as context:
            mine = context.session
            await asyncio.sleep(0)
            assert Base.session is mine

    async def main():
        await asyncio.gather(work(), work())

    asyncio.run(main())


def check_r3_graphs_are_told_apart(folder):
    one = fill(folder)
    (folder / "two").mkdir()
    two = fill(folder / "two")
    with Tool.new_context(one):
        session = ToolStore(GetOrCreateSession(two)).session
        assert session.get_bind().engine is two.sqlite("shelf")[0]


def check_r4_read_only_data_cannot_be_written(folder):
    fill(folder)
    graph = make_graph(folder, read_only=True)
    try:
        with Tool.new_context(graph) as context:
            context.session.execute(text("INSERT INTO tool (id) VALUES (2)"))
            context.commit()
    except Exception:  # any refusal will do
        pass
    connection = sqlite3.connect(folder / "shelf.db")
    assert connection.execute("SELECT count(*) FROM tool").fetchone() == (1,)


def check_r4_reading_creates_no_file(folder):
    graph = make_graph(folder, read_only=True)
    try:
        with Tool.new_context(graph):
            ToolStore().count()
    except Exception:  # any error will do
        pass
    assert not (folder / "shelf.db").exists()


def check_r4_an_unknown_name_is_told(folder):
    graph = make_graph(folder, paths={})
    try:
        with Tool.new_context(graph):
            ToolStore().count()
    except Exception as error:
        assert "'shelf'" in str(error)


def check_r5_delete_before_load(folder):
    graph = fill(folder)
    builder = graph.sqlite_builder.csv(Tool, delete_before_load=True)
    builder.build(io.StringIO("id,name\n5,axe\n"))
    with Tool.new_context(graph):
        assert [tool.id for tool in ToolStore().search()] == [5]


def check_r5_autocommit(folder):
    graph = fill(folder, autocommit=True)
    with Tool.new_context(graph):
        ToolStore().create(Tool(id=2))
    with Tool.new_context(graph):
        assert ToolStore().count() == 2


def check_r6_a_default_of_zero_is_zero(folder):
    graph = fill(folder)
    graph.sqlite_builder.csv(Tool).default(weight=0).build(io.StringIO("id\n7\n"))
    with Tool.new_context(graph):
        assert ToolStore().one(id=7).weight == 0


def check_r7_the_first_error_is_the_one_that_is_raised(folder):
    graph = fill(folder)
    try:
        with Tool.new_context(graph, defer_foreign_keys=True) as context:
            context.session.add(Plain(id=1))
            context.session.add(Tool(id=1, name="again"))
            context.session.flush()
    except Exception as error:
        assert "UNIQUE" in str(error)
    else:
        raise AssertionError
    assert Base.session is None


def check_r8_a_path_may_hold_any_character(folder):
    odd = folder / "we?ird.db"
    Tool.create_all(make_graph(folder, paths={"shelf": str(odd)}))
    assert [file.name for file in folder.iterdir()] == ["we?ird.db"]


def check_r9_false_is_false_however_it_is_spelt(folder):
    graph = fill(folder)
    assert graph.sqlite.read_only in (False, 0)
    graph = make_graph(folder, read_only="false")
    assert not graph.sqlite.read_only


def check_r9_true_is_a_boolean_too(folder):
    graph = make_graph(folder, use_foreign_keys=True, echo=False)
    engine, _ = graph.sqlite("shelf")
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def check_r10_columns_are_dumped_in_their_order(folder):
    graph = fill(folder)
    assert list(graph.sqlite_dumper.csv(PlainStore()).get_columns()) == ["id", "b", "a", "d", "c"]


def check_r10_a_model_without_the_mixin_is_dumped(folder):
    graph = fill(folder)
    with Plain.new_context(graph) as context:
        context.session.add(Plain(id=1, a="x"))
        context.commit()
        out = io.StringIO()
        graph.sqlite_dumper.csv(PlainStore()).dump(out)
    assert out.getvalue().splitlines() == ["id,b,a,d,c", "1,,x,,"]


def check_r10_defaults_are_used(folder):
    graph = fill(folder)
    with Tool.new_context(graph):
        out = io.StringIO()
        graph.sqlite_dumper.csv(ToolStore()).default(weight=9).dump(out)
    assert out.getvalue().splitlines()[1] == "1,9,saw"


def check_r11_types_can_be_cached(folder):
    class Kind(Enum):
        A = 1

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        column = Column("kind", EnumType(Kind))
        assert (column == Kind.A)._generate_cache_key() is not None


def check_r12_a_store_works_before_any_context_was_opened(folder):
    graph = fill_by_hand(folder)
    assert ToolStore(GetOrCreateSession(graph)).count() == 1
    assert ToolStore().count() == 1


def fill_by_hand(folder):
    connection = sqlite3.connect(folder / "shelf.db")
    connection.execute("CREATE TABLE tool (id INTEGER PRIMARY KEY, weight INTEGER, name VARCHAR)")
    connection.execute("INSERT INTO tool VALUES (1, 2, 'saw')")
    connection.commit()
    connection.close()
    return make_graph(folder)


def check_r12_sessions_of_ended_threads_are_closed(folder):
    graph = fill(folder)
    store = ToolStore(GetOrCreateSession(graph))
    sessions = []

    def work():
        sessions.append(store.session)
        store.count()

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert not any(session.in_transaction() for session in sessions)
    assert len(set(map(id, sessions))) == 3


def check_r13_alembic_stays_as_it_is(folder):
    from alembic.script import ScriptDirectory

    from microcosm_sqlite.alembic import patch_script_directory

    before = ScriptDirectory.from_config
    with patch_script_directory(graph=make_graph(folder), Base=Base):
        assert ScriptDirectory.from_config == before


def check_the_readme_without_a_context(folder):
    graph = fill(folder)

    class SomeStore(Store):
        @property
        def model_class(self):
            return Tool

    store = SomeStore()
    results = store.search()
    assert len(results) == 1
    assert graph


def check_a_context_on_a_model_is_one_on_its_data_set(folder):
    from microcosm_sqlite.context import SessionContext

    with SessionContext(fill(folder), Tool) as context:
        assert Base.session is context.session is Plain.session


def check_a_database_in_memory_is_one_for_all_threads(folder):
    graph = fill(folder, paths={})
    counts = []
    thread = threading.Thread(
        target=lambda: counts.append(ToolStore(GetOrCreateSession(graph)).count())
    )
    thread.start()
    thread.join()
    assert counts == [1]


def check_a_child_that_is_forked_has_its_own_connections(folder):
    graph = fill(folder)
    store = ToolStore(GetOrCreateSession(graph))
    with Tool.new_context(graph):
        pass
    assert store.count() == 1
    mine = str(folder / "shelf.db")
    pid = os.fork()
    if pid == 0:
        count = store.count()
        shared = sum(
            os.path.realpath(f"/proc/self/fd/{n}") == mine for n in os.listdir("/proc/self/fd")
        )
        os._exit(0 if (count, shared) == (1, 2) else 1)
    assert os.waitpid(pid, 0)[1] == 0


def check_an_error_says_what_was_looked_for(folder):
    with Tool.new_context(fill(folder)):
        try:
            ToolStore().one(id=42)
        except Exception as error:
            assert "Tool" in str(error)
            assert "42" in str(error)
            assert "shelf" in str(error)


def check_integrity_errors_are_told_apart_by_code(folder):
    from microcosm_sqlite.errors import DuplicateModelError

    graph = fill(folder)
    with Tool.new_context(graph) as context:
        context.session.execute(
            text(
                "CREATE TRIGGER no BEFORE INSERT ON tool BEGIN"
                " SELECT raise(ABORT, 'UNIQUE constraint failed'); END"
            )
        )
        try:
            ToolStore().create(Tool(id=8))
        except Exception as error:
            assert not isinstance(error, DuplicateModelError)


def check_a_revision_with_our_types_can_be_run(folder):
    from microcosm_sqlite.cmd.migrate import main

    Zoo = DataSet.create("shelf")

    class Colour(Enum):
        RED = 1

    class Bird(Zoo):
        __tablename__ = "bird"
        id = Column(Integer, primary_key=True)
        colour = Column(EnumType(Colour))

    (folder / "migrations" / "shelf").mkdir(parents=True)
    graph = make_graph(folder)
    graph.assign("sqlite_migrations_dir", str(folder / "migrations"))
    main(graph, Zoo, True, "revision", "--autogenerate", "-m", "first")
    main(graph, Zoo, True, "upgrade", "head")


def check_a_context_that_has_read_waits_for_another_that_writes(folder):
    graph = fill(folder)
    with Tool.new_context(graph) as context:
        assert ToolStore().count() == 1
        other = sqlite3.connect(str(folder / "shelf.db"), check_same_thread=False)
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        thread = threading.Timer(0.3, other.execute, ["COMMIT"])
        thread.start()
        ToolStore().create(Tool(id=2, name="axe"))
        context.commit()
        thread.join()


def check_a_context_that_reads_keeps_nobody_from_writing(folder):
    graph = fill(folder)
    with Tool.new_context(graph):
        assert ToolStore().count() == 1
        other = sqlite3.connect(str(folder / "shelf.db"), timeout=0)
        other.execute("INSERT INTO tool (id, name) VALUES (2, 'axe')")
        other.commit()
        assert ToolStore().count() == 2


def check_tables_are_created_by_processes_that_start_at_once(folder):
    graph = make_graph(folder)
    other = sqlite3.connect(str(folder / "shelf.db"), check_same_thread=False)
    other.isolation_level = None
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE tool (id INTEGER PRIMARY KEY, weight INTEGER, name VARCHAR)")
    thread = threading.Timer(0.3, other.execute, ["COMMIT"])
    thread.start()
    Tool.create_all(graph)
    thread.join()
