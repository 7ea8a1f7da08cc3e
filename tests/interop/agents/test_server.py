"""The server, asked by the client of the protocol's own library, in a process of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import partial
from typing import Any

import pytest

pytest.importorskip("mcp")

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from microcosm_sqlite.interop.agents.reading import BoundedReader, Limits
from microcosm_sqlite.interop.agents.server import WORKERS, make_server
from tests.support.hostile_sql import BOMB, REFUSED, WRITES
from tests.support.program import Program
from tests.support.wheels import Wheel, make_database


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """An environment of one dataset."""
    folder = tmp_path_factory.mktemp("agents")
    database = make_database(folder / "made" / "colours.db", rows=500)
    Wheel().carry(database, compression="zstd").install(folder / "site")
    (folder / "home").mkdir()
    return Program(folder / "site", folder / "home", {"PYTHONWARNINGS": "default"})


def start(program: Program, *arguments: str) -> Any:
    """The server in a process of its own."""
    command, *rest = program.command("mcp", *arguments)
    return stdio_client(
        StdioServerParameters(command=command, args=rest, env=program.environment, cwd=program.home)
    )


def talk(server: Any, talking: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        with anyio.fail_after(50):
            async with Client(server) as client:
                await talking(client)

    anyio.run(run)


async def ask(client: Client, tool: str, **arguments: object) -> tuple[bool, str]:
    result: Any = await client.call_tool(tool, arguments)
    return bool(result.is_error), result.content[0].text


async def use_all_tools(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["list_datasets", "describe_dataset", "sample_rows", "run_query"]
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    assert all(tool.description.endswith(".") for tool in tools.values())
    assert "sql" in tools["run_query"].input_schema["required"]
    _, listed = await ask(client, "list_datasets")
    assert json.loads(listed)["datasets"][0]["tables"] == {"colour": 3, "shade": 503}
    _, described = await ask(client, "describe_dataset", dataset="colours", table="colour")
    assert [c["name"] for c in json.loads(described)["columns"]] == ["id", "name", "warmth"]
    _, sample = await ask(client, "sample_rows", dataset="colours", table="shade", rows=2)
    assert json.loads(sample)["rows"] == [["crimson", 1], ["shade 000499", 2]]
    sql = "SELECT name FROM colour ORDER BY warmth DESC"
    _, answer = await ask(client, "run_query", dataset="colours", sql=sql)
    assert json.loads(answer)["rows"] == [["red"], ["blue"], ["grün"]]
    is_error, text = await ask(client, "run_query", dataset="colours", sql="SELECT nam FROM colour")
    assert is_error
    assert text.endswith("no such column: nam. Did you mean 'name'?")
    assert (await ask(client, "run_query", dataset="colours"))[0]
    # Whoever cancels is not waited for, and others are answered meanwhile.
    started = time.monotonic()
    with anyio.move_on_after(0.3):
        await ask(client, "run_query", dataset="colours", sql=BOMB)
    assert time.monotonic() - started < 5
    answers: list[str] = []

    async def count(number: int) -> None:
        counted = f"SELECT {number}, count(*) FROM shade"
        answers.append((await ask(client, "run_query", dataset="colours", sql=counted))[1])

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(count, number)
    assert sorted(json.loads(answer)["rows"][0] for answer in answers) == [
        [number, 503] for number in range(20)
    ]


def test_an_agent_lists_describes_samples_and_queries(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(program.site)
    with closing(BoundedReader(["colours"], Limits(seconds=20))) as reader:
        talk(make_server(reader), use_all_tools)


@pytest.mark.slow
def test_a_host_starts_the_server_and_an_agent_uses_all_tools(program: Program) -> None:
    talk(start(program, "colours", "--seconds", "20"), use_all_tools)


UNKNOWN = [
    (
        "run_query",
        {"sql": "SELECT 1", "limit": 5},
        "'limit'. It takes: dataset, sql, attach, rows.",
    ),
    ("run_query", {"sql": "SELECT 1", "row": 5}, "'row'. Did you mean 'rows'?"),
    ("sample_rows", {"table": "shade", "where": "1", "x": 1}, "'where', 'x'. It takes: "),
    ("describe_dataset", {"tables": ["colour"]}, "'tables'. Did you mean 'table'?"),
    ("list_datasets", {}, "'dataset'. It takes none."),
    ("list_datasets", {"y" * 100_000: 1}, "'dataset', 'yyyy"),
]


def test_an_argument_that_a_tool_does_not_take_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talking(client: Client) -> None:
        for tool, arguments, told in UNKNOWN:
            is_error, text = await ask(client, tool, dataset="colours", **arguments)
            assert is_error, tool
            assert f"{tool} has no argument {told}" in text
            assert len(text) < 500
        assert await ask(client, "drop_table") == (True, "Unknown tool: drop_table")
        tools = (await client.list_tools()).tools
        assert not any(tool.input_schema["additionalProperties"] for tool in tools)

    monkeypatch.syspath_prepend(program.site)
    with closing(BoundedReader(["colours"], Limits(seconds=20))) as reader:
        talk(make_server(reader), talking)


INVALID = [
    ("run_query", {"sql": 5}, "run_query: sql: Input should be a valid string."),
    ("run_query", {"sql": None}, "run_query: sql: "),
    ("run_query", {"sql": ["SELECT 1"]}, "run_query: sql: "),
    ("run_query", {}, "run_query: sql: Field required."),
    ("run_query", {"sql": "SELECT 1", "rows": 0}, "rows: Input should be greater than or equal"),
    ("run_query", {"sql": "SELECT 1", "attach": "x"}, "attach: Input should be a valid list."),
    ("run_query", {"sql": "SELECT 1", "attach": [1]}, "attach.0: Input should be a valid string."),
    ("run_query", {"sql": "SELECT 1", "attach": ["z" * 100_000]}, "No dataset is named 'zzz"),
    ("sample_rows", {"table": "z" * 100_000}, "has no table 'zzz"),
    ("sample_rows", {"table": "shade", "columns": ["z" * 100_000]}, "has no column 'zzz"),
    ("describe_dataset", {"table": "z" * 100_000}, "has no table 'zzz"),
    ("describe_dataset", {"dataset": "z" * 100_000}, "No dataset is named 'zzz"),
]


def test_an_argument_that_is_wrong_is_told_in_a_few_words(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talking(client: Client) -> None:
        for tool, arguments, told in INVALID:
            is_error, text = await ask(client, tool, **{"dataset": "colours", **arguments})
            assert is_error, tool
            assert told in text
            assert "https" not in text
            assert len(text) < 1500

    monkeypatch.syspath_prepend(program.site)
    with closing(BoundedReader(["colours"], Limits(seconds=20))) as reader:
        talk(make_server(reader), talking)


def test_a_list_is_not_held_up_by_statements(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def talking(client: Client) -> None:
        ended: list[str] = []

        async def ask_and_note(tool: str, **arguments: object) -> None:
            await ask(client, tool, **arguments)
            ended.append(tool)

        async with anyio.create_task_group() as group:
            for _ in range(WORKERS + 1):
                group.start_soon(partial(ask_and_note, "run_query", dataset="colours", sql=BOMB))
            await anyio.sleep(0.2)
            await ask_and_note("list_datasets")
            await ask_and_note("describe_dataset", dataset="colours")
        assert ended[:2] == ["list_datasets", "describe_dataset"]
        assert len(ended) == WORKERS + 3

    monkeypatch.syspath_prepend(program.site)
    with closing(BoundedReader(["colours"], Limits(seconds=2))) as reader:
        talk(make_server(reader), talking)


HUGE = [
    "SELECT " + ", ".join([f"{function}(4000000)"] * 300) for function in ("zeroblob", "randomblob")
]


@pytest.mark.slow
def test_no_statement_ends_the_server(program: Program) -> None:
    async def talking(client: Client) -> None:
        for sql in (*WRITES, *REFUSED, BOMB, *HUGE, "SELECT '\0'", "x" * 1_000_000):
            is_error, text = await ask(client, "run_query", dataset="colours", sql=sql)
            assert is_error, sql
            assert len(text) < 1500
            assert "Traceback" not in text
        _, answer = await ask(client, "run_query", dataset="colours", sql="SELECT 1")
        assert json.loads(answer)["rows"] == [[1]]

    talk(start(program, "--seconds", "1"), talking)
    assert {path.name for path in program.home.iterdir()} <= {"cache"}
