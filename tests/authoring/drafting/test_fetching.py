"""Files are fetched whole from a real server, or refused with the reason; projects take them."""

from __future__ import annotations

import gzip
import io
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from microcosm_sqlite.authoring.drafting.adding import add_tables
from microcosm_sqlite.authoring.drafting.draft import draft_project
from microcosm_sqlite.authoring.drafting.fetching import fetch
from microcosm_sqlite.authoring.drafting.refreshing import refresh_project
from microcosm_sqlite.authoring.project.settings import ProjectSettings
from microcosm_sqlite.catalog.manifest import Manifest
from microcosm_sqlite.errors import SettingsError, SourceError
from tests.support.drafts import build, read_tree

ROWS = "".join(f"{at},Player {at},{('AL', 'NL')[at % 2]}\n" for at in range(1, 60))
CSV = f"id,name,league\n{ROWS}".encode()
BOMB = gzip.compress(b"0" * 5_000_000)
Answer = Callable[[BaseHTTPRequestHandler], None]


def send(
    handler: BaseHTTPRequestHandler,
    body: bytes = CSV,
    code: int = 200,
    size: int | None = None,
    **headers: str,
) -> None:
    handler.send_response(code)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body) if size is None else size))
    handler.end_headers()
    handler.wfile.write(body)


def send_tagged(handler: BaseHTTPRequestHandler) -> None:
    if handler.headers.get("If-None-Match") == '"one"':
        send(handler, b"", 304)
    else:
        send(handler, ETag='"one"')


def stall(handler: BaseHTTPRequestHandler) -> None:
    send(handler, CSV[:10], size=len(CSV))
    time.sleep(1)


def send_chunks(handler: BaseHTTPRequestHandler) -> None:
    """Break off in the middle of an answer whose size nobody said."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"ff\r\nshort")


def pack(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return packed.getvalue()


ANSWERS: dict[str, Answer] = {
    "/first/files.zip": lambda each: send(each, pack(players=CSV, teams=b"id,city\n1,Ulm\n")),
    "/more/files.zip": lambda each: send(each, pack(games=b"id,player\n1,1\n")),
    "/The-Players.csv": send,
    "/tagged.csv": send_tagged,
    "/gone.csv": lambda each: send(each, b"no", 404),
    "/cut.csv": lambda each: send(each, CSV[:100], size=len(CSV)),
    "/chunks.csv": send_chunks,
    "/slow.csv": stall,
    "/file.csv": lambda each: send(each, b"", 302, Location="file:///etc/hostname"),
    "/ftp.csv": lambda each: send(each, b"", 301, Location="ftp://localhost/a.csv"),
    "/moved.csv": lambda each: send(each, b"", 302, Location="/The-Players.csv"),
    "/loop.csv": lambda each: send(each, b"", 302, Location="/loop.csv"),
    "/nowhere.csv": lambda each: send(each, b"", 301),
    "/my%20birds/K%C3%B6ln.csv?at=%C3%A9%20": send,
    "/packed.csv": lambda each: send(each, gzip.compress(CSV), Content_Encoding="gzip"),
    "/bomb.csv": lambda each: send(each, BOMB, Content_Encoding="gzip"),
    "/half.csv": lambda each: send(each, gzip.compress(CSV)[:-9], Content_Encoding="gzip"),
    "/odd.csv": lambda each: send(each, CSV, Content_Encoding="br"),
    "/players.csv.gz": lambda each: send(each, gzip.compress(CSV), Content_Encoding="gzip"),
    "/export": lambda each: send(each, Content_Type="text/csv; charset=utf-8"),
    "/download?id=3": lambda each: send(
        each, Content_Disposition='attachment; filename="../../.evil/Teams.csv"'
    ),
    "/page": lambda each: send(each, b"<html>", Content_Type="text/html"),
}


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ANSWERS[self.path](self)

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


REFUSED = {
    "/gone.csv": "answered 404 Not Found",
    "/cut.csv": "breaks off after 100 of",
    "/chunks.csv": "breaks off",
    "/slow.csv": "silent for 0.5 seconds",
    "/file.csv": "redirects to file:///etc/hostname, which is not followed",
    "/ftp.csv": "redirects to ftp://localhost/a.csv, which is not followed",
    "/loop.csv": "answered 302 and redirects in a circle, or to nowhere\\. Check",
    "/nowhere.csv": "answered 301 and redirects in a circle, or to nowhere\\. Check",
    "/bomb.csv": "larger than 1,000,000 bytes",
    "/half.csv": "breaks off in the middle of gzip",
    "/odd.csv": "encoding br",
    "/page": "no known format",
    "/The-Players.csv#sha256=00": "sha256 .* where 00 was said",
    "/The-Players.csv#md5=00": "of the kind md5, and only sha256 is compared",
    "/The-Players.csv#SHA512=00": "of the kind sha512, and only sha256 is compared",
}


@pytest.mark.parametrize("path", REFUSED)
def test_what_is_not_as_it_should_be_is_refused(server: str, tmp_path: Path, path: str) -> None:
    with pytest.raises(SourceError, match=REFUSED[path]):
        fetch(server + path, tmp_path, limit=1_000_000, seconds=0.5)


def test_a_file_larger_than_the_limit_is_refused(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="larger than 100 bytes"):
        fetch(f"{server}/The-Players.csv", tmp_path, limit=100)
    monkeypatch.setenv("MICROCOSM_SQLITE_MAX_DOWNLOAD", "much")
    with pytest.raises(SettingsError, match="MAX_DOWNLOAD is 'much'"):
        fetch(f"{server}/The-Players.csv", tmp_path)


@pytest.mark.parametrize("address", ["file:///etc/hostname", "ftp://localhost/a.csv", "http:///a"])
def test_only_http_is_spoken(tmp_path: Path, address: str) -> None:
    with pytest.raises(SourceError, match="only http and https"):
        fetch(address, tmp_path)


def test_no_network_is_told_without_a_password(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="could not be fetched") as caught:
        fetch(f"http://127.0.0.1:{port}/a.csv", tmp_path)
    assert "download the file and name it" in caught.value.hint
    with pytest.raises(SourceError, match="its address names a user") as caught:
        fetch(f"http://me:secret@127.0.0.1:{port}/a.csv", tmp_path)
    assert "secret" not in str(caught.value)


TAKEN = {
    "/The-Players.csv": "The-Players.csv",
    "/moved.csv": "moved.csv",
    "/my birds/Köln.csv?at=é ": "Köln.csv",
    "/my%20birds/K%C3%B6ln.csv?at=%C3%A9%20": "Köln.csv",
    "/packed.csv": "packed.csv",
    "/export": "export.csv",
    "/download?id=3": "Teams.csv",
}


@pytest.mark.parametrize("path", TAKEN)
def test_a_file_comes_as_it_is_under_its_own_name(server: str, tmp_path: Path, path: str) -> None:
    digest = sha256(CSV).hexdigest()
    found = fetch(f"{server}{path}#sha256={digest}", tmp_path)
    assert found
    assert (found.path.name, found.path.read_bytes()) == (TAKEN[path], CSV)
    assert found.path.is_relative_to(tmp_path)
    assert found.sha256 == digest


def test_a_compressed_file_stays_compressed(server: str, tmp_path: Path) -> None:
    found = fetch(f"{server}/players.csv.gz", tmp_path)
    assert found
    assert gzip.decompress(found.path.read_bytes()) == CSV


def test_a_file_is_fetched_only_if_it_changed(server: str, tmp_path: Path) -> None:
    first = fetch(f"{server}/tagged.csv", tmp_path)
    assert first
    assert first.facts == {"sha256": sha256(CSV).hexdigest(), "etag": '"one"'}
    for fragment in ("", f"#sha256={first.sha256}", f"#SHA256={first.sha256.upper()}", "#rows"):
        assert fetch(f"{server}/tagged.csv{fragment}", tmp_path, first.facts) is None
    with pytest.raises(SourceError, match="where 0123 was said"):
        fetch(f"{server}/tagged.csv#sha256=0123", tmp_path, first.facts)


def test_a_project_lives_from_addresses(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drafted from one, and refreshed without naming it; the manifest has address and checksum."""
    url = f"{server}/The-Players.csv"
    project = draft_project(tmp_path / "ball-data", url).path
    settings = ProjectSettings.from_pyproject(project)
    assert settings.upstream == {"The_Players": url}
    assert settings.fetched["The_Players"] == {"sha256": sha256(CSV).hexdigest()}
    build(project)
    before = read_tree(project)
    assert not refresh_project(project, apply=True).is_new

    newer = CSV + b"99,A player of a much longer name,FL\n"
    monkeypatch.setitem(ANSWERS, "/The-Players.csv", lambda each: send(each, newer, ETag='"2"'))
    assert refresh_project(project).is_new
    assert read_tree(project) == before
    done = refresh_project(project, apply=True)
    assert done.is_applied, done.spell()
    facts = {"sha256": sha256(newer).hexdigest(), "etag": '"2"'}
    assert ProjectSettings.from_pyproject(project).fetched["The_Players"] == facts
    build(project)
    manifest = Manifest.loads((project / "src/ball_data/datapackage.json").read_bytes())
    assert manifest.sources == [
        {"title": "The-Players.csv", "path": url, "hash": f"sha256:{facts['sha256']}"}
    ]

    teams = f"{server}/download?id=3"
    add_tables(project, [teams])
    assert ProjectSettings.from_pyproject(project).upstream["Teams"] == teams
    monkeypatch.delitem(ANSWERS, "/The-Players.csv")
    monkeypatch.setitem(ANSWERS, "/The-Players.csv", ANSWERS["/gone.csv"])
    tree = read_tree(project)
    with pytest.raises(SourceError, match="404"):
        refresh_project(project, apply=True)
    assert read_tree(project) == tree


def test_a_project_without_an_address_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "players.csv").write_bytes(CSV)
    project = draft_project(tmp_path / "ball-data", tmp_path / "files").path
    with pytest.raises(SettingsError, match="name no address"):
        refresh_project(project)


@pytest.mark.slow
def test_the_program_fetches_for_each_command(server: str, tmp_path: Path) -> None:
    """The process that reads files has little time; the one that fetches waits for the network."""

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "microcosm_sqlite", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    told = run("new", "ball-data", "--from", f"{server}/tagged.csv")
    assert f"Fetching {server}/tagged.csv: {len(CSV):,} bytes" in told
    assert f"{server}/tagged.csv: unchanged" in run("refresh", "--project", "ball-data")
    run("add", f"{server}/The-Players.csv", "--project", "ball-data")
    assert "model ThePlayer" in (tmp_path / "ball-data/draft-report.txt").read_text("utf-8")


def test_archives_are_unpacked_and_fetched_again(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = draft_project(tmp_path / "ball-data", f"{server}/first/files.zip").path
    add_tables(project, [f"{server}/more/files.zip", write_here(tmp_path / "files.zip")])
    names = {file.name for file in (project / "sources").iterdir()}
    assert names == {"players.csv", "teams.csv", "games.csv", "cities.csv"}
    assert not refresh_project(project).is_new
    newer = pack(players=CSV + b"60,New,AL\n", teams=b"id,city\n1,Ulm\n")
    monkeypatch.setitem(ANSWERS, "/first/files.zip", lambda each: send(each, newer))
    assert refresh_project(project, apply=True).is_applied
    assert b"60,New,AL" in (project / "sources/players.csv").read_bytes()


def test_the_members_of_an_archive_have_its_address_and_what_is_known_of_it(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = {f"all/games/{n}": b"id,sum\n%d,2\n" % n for n in (1, 2)}
    members = {"all/players": CSV, "all/2020/teams": b"id,city\n1,Ulm\n", **months}
    asked: list[str | None] = []

    def send_archive(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.headers.get("If-None-Match"))
        body = pack(**members)
        tag = f'"{sha256(repr(members).encode()).hexdigest()[:8]}"'
        send(handler, *((b"", 304) if asked[-1] == tag else (body, 200)), ETag=tag)

    monkeypatch.setitem(ANSWERS, "/all.zip", send_archive)
    url = f"{server}/all.zip"
    project = draft_project(tmp_path / "ball-data", url).path
    tables = {"players", "_2020_teams", "games"}
    for is_changed in (False, True, False):
        before = ProjectSettings.from_pyproject(project)
        assert {table: before.upstream[table] for table in tables} == dict.fromkeys(tables, url)
        [known] = {facts["sha256"] for facts in before.fetched.values()}
        assert before.fetched.keys() == tables
        build(project)
        [origin] = Manifest.loads(before.manifest_path.read_bytes()).raw["sources"]
        assert (origin["path"], origin["hash"]) == (url, f"sha256:{known}")
        if is_changed:
            members["all/games/3"] = b"id,sum\n3,2\n"
        done = refresh_project(project, apply=True)
        assert (done.is_new, done.is_applied) == (is_changed, is_changed), done.spell()
        assert asked[-1], "the server was asked for changes only"
        assert (f"{url}: unchanged" in done.report) != is_changed
    (project / "sources/players.csv").write_bytes(CSV + b"60,New,AL\n")
    refresh_project(project)
    assert asked[-1] is None, "the project has not what was fetched"
    members["all/squad"] = members.pop("all/players")
    [lost] = refresh_project(project, apply=True).decisions
    assert lost.startswith(f"players: {url} has no file of that name any more, but squad.csv.")
    members["all/players"] = CSV
    done = refresh_project(project, apply=True, adds=True)
    assert done.added
    known = ProjectSettings.from_pyproject(project)
    assert (known.upstream["squad"], known.fetched["squad"]["sha256"]) == (
        url, known.fetched["players"]["sha256"],
    ), done.spell()  # fmt: skip
    assert not refresh_project(project).is_new
    assert asked[-1], "the server was asked for changes only"


def write_here(path: Path) -> Path:
    path.write_bytes(pack(cities=b"id,name\n1,Ulm\n"))
    return path
