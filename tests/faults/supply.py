"""Cases 36 to 44: discovery among broken neighbours, tampering, installing and building."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

from microcosm_sqlite import errors
from microcosm_sqlite.catalog.manifest import FILE_NAME
from microcosm_sqlite.catalog.verifying.run import verify_wheel
from tests.faults.harness import MissingMeans, Trial, need_tool, proves, run
from tests.support.projects import build_wheel, make_project
from tests.support.venvs import make_venv
from tests.support.wheels import Wheel, make_database

LOOK = """
import json, sys
sys.path[:0] = sys.argv[1:]
import microcosm_sqlite
found = {}
for name in [*microcosm_sqlite.datasets(), "x"]:
    try:
        connection = microcosm_sqlite.dataset(name).connect()
        found[name] = connection.execute("SELECT count(*) FROM shade").fetchone()[0]
        connection.close()
    except microcosm_sqlite.errors.DatasetError as error:
        found[name] = f"{type(error).__name__}: {error}"
ours = [problem for problem in microcosm_sqlite.problems()]
modules = [name for name in sys.modules if name.endswith("_data")]
print(json.dumps([found, [f"{p.distribution}: {p.message}" for p in ours], modules]))
"""


def look(*path: Path) -> tuple[dict[str, object], list[str], list[str]]:
    import json

    ended = run("import microcosm_sqlite.errors\n" + LOOK, *map(str, path))
    if ended.code:
        return {"crash": ended.errors}, [], []
    found, problems, modules = json.loads(ended.output.splitlines()[-1])
    return found, problems, modules


def make_x(folder: Path, **options: object) -> Wheel:
    database = make_database(folder / "source" / "x.db")
    return Wheel("x-data").carry(database, name="x", package="x_data", **options)


NEIGHBOURS: dict[str, dict[str, bytes]] = {
    "not UTF-8": {"bad-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\n\xff = a:b\n"},
    "no equals sign": {"bad-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\nnonsense\n"},
    "foreign nonsense": {"bad-1.dist-info/entry_points.txt": b"nonsense\n\xff\xfe\x00"},
    "no METADATA": {"bad-1.dist-info/RECORD": b""},
    "a leftover": {"~x_data-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\nx = evil:path\n"},
    "an older version": {
        "x_data-1999.dist-info/METADATA": b"Name: x-data\nVersion: 1999\n",
        "x_data-1999.dist-info/entry_points.txt": b"[microcosm.sqlite]\nx = x_data:path\n",
    },
    "a file": {"bad-1.dist-info": b"no folder"},
    "a broken manifest": {
        "bad-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\nbad = bad:path\n",
        f"bad-1.dist-info/extra_metadata/{FILE_NAME}": b"{",
    },
    "a manifest that leads out": {
        "bad-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\nbad = bad:path\n",
        f"bad-1.dist-info/extra_metadata/{FILE_NAME}": (
            b'{"name": "bad", "resources": [], "microcosm-sqlite": {"format": 1, "bytes": 1, '
            b'"resource": "../../../etc/passwd", "hash": "' + b"0" * 64 + b'"}}'
        ),
    },
    "a module that raises": {
        "bad-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\nbad = bad_data:path\n",
        "bad_data.py": b"raise RuntimeError",
    },
    "a module that exits": {
        "bad-1.dist-info/entry_points.txt": b"[microcosm.sqlite]\nbad = bad_data:path\n",
        "bad_data.py": b"import os; os.abort if 0 else exit(3)",
    },
}  # fmt: skip


@proves(36, 38)
def no_broken_neighbour_hides_a_dataset(trial: Trial) -> None:
    for name, files in NEIGHBOURS.items():
        site = make_x(trial.folder).install(trial.folder / name)
        for path, content in files.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(content)
        if name == "an older version":
            os.utime(site / "x_data-1999.dist-info", (0, 0))
        found, problems, modules = look(site)
        trial.expect(found.get("x") == 3, f"{name}: {found}")
        trial.expect(set(modules) <= {"bad_data"}, f"{name}: {modules} were imported")
        is_quiet = (
            name in ("foreign nonsense", "no METADATA", "a leftover", "a file") or "module" in name
        )
        trial.expect(bool(problems) != is_quiet, f"{name}: problems {problems}")


@proves(37)
def two_distributions_with_one_name_are_both_named(trial: Trial) -> None:
    site = make_x(trial.folder).install(trial.folder / "site")
    database = make_database(trial.folder / "other" / "x.db")
    Wheel("y-data", "7").carry(database, name="x", package="y_data").install(site)
    Wheel("z-data").carry(database, name="z", package="z_data").install(site)
    found, problems, _ = look(site)
    said = str(found["x"])
    trial.expect(said.startswith("AmbiguousDatasetError"), said)
    trial.expect("x-data 2026.1" in said and "y-data 7" in said, said)
    trial.expect(found["z"] == 3 and len(problems) == 1, f"{found} {problems}")


@proves(39)
def editable_installs_are_read_without_being_imported(trial: Trial) -> None:
    wheel = make_x(trial.folder)
    source = trial.folder / "src"
    for name in [name for name in wheel.files if name.startswith("x_data/")]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(wheel.files.pop(name))
    site = wheel.put("_x_data.pth", str(source)).install(trial.folder / "site")
    found, problems, modules = look(site, source)
    trial.expect(
        found == {"x": 3} and not problems and not modules, f"{found} {problems} {modules}"
    )


@proves(40)
def wheels_and_applications_in_zips_are_found(trial: Trial) -> None:
    packed = make_x(trial.folder).pack(trial.folder / "dist")
    os.environ["MICROCOSM_SQLITE_CACHE_DIR"] = str(trial.folder / "cache")
    found, problems, modules = look(packed)
    trial.expect(
        found == {"x": 3} and not problems and not modules, f"{found} {problems} {modules}"
    )


@proves(41)
def tampered_wheels_and_installs_fail_verification(trial: Trial) -> None:
    packed = make_x(trial.folder).pack(trial.folder / "dist")
    trial.expect(verify_wheel(packed).ok, "a good wheel fails")
    with zipfile.ZipFile(packed) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for target in files:
        if target.endswith("RECORD"):
            continue
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content + b"\n#" if name == target else content)
        try:
            report = verify_wheel(packed)
            told = [outcome.message for outcome in report.findings]
            trial.expect(any(target in message for message in told), f"{target}: {told}")
        except errors.DatasetError as error:
            trial.expect(
                target.split("/")[-1] in str(error) or "manifest" in str(error), str(error)
            )
    made = make_venv(trial.folder / "venv")
    try:
        made.install(packed)
    except subprocess.CalledProcessError as error:
        raise MissingMeans("pip does not install here") from error
    said = made.run("import microcosm_sqlite as m; print(m.dataset('x').verify().ok)")
    trial.expect("False" in said, f"what pip installed passes: {said}")


READER = """
import sys, time
import microcosm_sqlite
from microcosm_sqlite import errors
end = time.monotonic() + float(sys.argv[1])
answers, refusals = {}, 0
while time.monotonic() < end:
    try:
        connection = microcosm_sqlite.dataset("x").connect()
        answer = connection.execute(
            "SELECT count(*), sum(colour_id), min(code), max(code) FROM shade").fetchone()
        answers[answer] = answers.get(answer, 0) + 1
        connection.close()
    except errors.DatasetError:
        refusals += 1
print(sorted(answers), sum(answers.values()), refusals)
"""


@proves(3, 41)
def upgrading_under_readers_never_shows_a_wrong_row(trial: Trial) -> None:
    wheels, truths = [], set()
    for version, rows in (("1.0", 10_000), ("2.0", 17_000)):
        database = make_database(trial.folder / version / "x.db", rows=rows)
        wheel = Wheel("x-data", version).carry(database, name="x", package="x_data")
        wheels.append(wheel.pack(trial.folder / "dist"))
        connection = sqlite3.connect(database)
        truths.add(
            connection.execute(
                "SELECT count(*), sum(colour_id), min(code), max(code) FROM shade"
            ).fetchone()
        )
        connection.close()
    made = make_venv(trial.folder / "venv")
    made.install(wheels[0])
    seconds = "25" if trial.is_full else "2"
    crowd = [
        subprocess.Popen(
            [made.python, "-c", READER, seconds],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(8)
    ]  # fmt: skip
    turn = 0
    while any(reader.poll() is None for reader in crowd):
        turn += 1
        made.install("--upgrade", "--force-reinstall", wheels[turn % 2])
    for reader in crowd:
        output, complaint = reader.communicate()
        matched = re.fullmatch(r"(\[.*\]) (\d+) (\d+)\n", output)
        seen = set(eval(matched[1])) if matched else {complaint[-400:]}  # our own output
        trial.tries += int(matched[2]) if matched else 1
        if not seen or not seen <= truths:
            trial.wrong.append(f"{seen - truths}")


BUILD = """
import os, sys
from microcosm_sqlite.authoring.build import build_dataset
from microcosm_sqlite.authoring.project.settings import ProjectSettings
try: os.mkdir("/marker/of/the/fault/suite")
except OSError: pass
build_dataset(ProjectSettings.from_pyproject(sys.argv[1]), force=True)
"""


@proves(43)
def a_build_killed_at_any_system_call_leaves_the_old_database_or_the_new(trial: Trial) -> None:
    strace = need_tool("strace")
    project = make_project(trial.folder / "project")
    folder = project / "src" / "birds_data"
    first = run(BUILD, str(project))
    trial.expect(first.code == 0, first.errors)
    old = (folder / "birds.db").read_bytes()
    more = (project / "sources" / "birds.csv").read_text() + "4,Jay,CORV,55,\n"
    (project / "sources" / "birds.csv").write_text(more)
    calls = (
        "openat",
        "write",
        "pwrite64",
        "fsync",
        "fdatasync",
        "rename",
        "unlink",
        "mkdir",
        "ftruncate",
    )
    log = trial.folder / "log"
    run(
        [
            strace,
            "-f",
            "-o",
            str(log),
            "-e",
            f"trace={','.join(calls)}",
            sys.executable,
            "-c",
            BUILD,
            str(project),
        ]
    )
    new = (folder / "birds.db").read_bytes()
    trial.expect(new != old, "the build has no effect")
    counts: dict[str, int] = {}
    points, is_marked = [], False
    for line in log.read_text().splitlines():
        matched = re.match(r"\d+\s+(\w+)\(", line)
        if matched:
            counts[matched[1]] = counts.get(matched[1], 0) + 1
            is_marked = is_marked or "/marker/of" in line
            # Opening modules and sources changes nothing; opening to write is a point.
            if is_marked and "O_RDONLY" not in line:
                points.append((matched[1], counts[matched[1]]))
    for call, number in trial.choose(points, 2):
        (folder / "birds.db").write_bytes(old)
        inject = f"inject={call}:signal=SIGKILL:when={number}"
        watched = [strace, "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        ended = run([*watched, sys.executable, "-c", BUILD, str(project)])
        found = (folder / "birds.db").read_bytes()
        what = f"kill at {call} {number}"
        trial.expect(found in (old, new), f"{what}: neither the old file nor the new")
        trial.expect(ended.was_killed or found == new, f"{what}: {ended}")
        trial.expect(run(BUILD, str(project)).code == 0, f"{what}: no recovery")
    litter = {path.name for path in folder.iterdir()}
    known = {"birds.db", "__init__.py", "models.py", FILE_NAME, "__pycache__"}
    trial.leftovers += sorted(litter - known)


@proves(42, 44)
def builds_carry_their_ignored_database_and_repeat_to_the_byte(trial: Trial) -> None:
    digests = set()
    umasks = (0o022, 0o077)
    for number, umask in enumerate(umasks):
        project = make_project(trial.folder / f"{number}")
        subprocess.run(["git", "init", "-q", str(project)], check=False)
        for path in project.rglob("*"):
            os.utime(path, (number * 1_000_000, number * 1_000_000))
        before = os.umask(umask)
        try:
            wheel = build_wheel(project)
        finally:
            os.umask(before)
        with zipfile.ZipFile(wheel) as archive:
            trial.expect(
                "birds_data/birds.db" in archive.namelist(), "the wheel lacks its database"
            )
            digests.add(hashlib.sha256(archive.read("birds_data/birds.db")).hexdigest())
            digests.add(hashlib.sha256(wheel.read_bytes()).hexdigest())
        report = verify_wheel(wheel, full=True)
        trial.expect(report.ok, f"{report}")
    trial.expect(len(digests) == 2, "two builds differ")
