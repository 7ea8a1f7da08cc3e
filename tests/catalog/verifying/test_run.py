"""A dataset that is not what was published does not pass; one that is, does."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import zipfile
from pathlib import Path

import pytest

from microcosm_sqlite import dataset, errors, register
from microcosm_sqlite.catalog.cache import private_files
from microcosm_sqlite.catalog.cache.upkeep import clear
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from microcosm_sqlite.catalog.manifest_tables import Field
from microcosm_sqlite.catalog.verifying.checklist import Report
from microcosm_sqlite.catalog.verifying.checks import CHECKS
from microcosm_sqlite.catalog.verifying.ranges import measure_columns
from microcosm_sqlite.catalog.verifying.run import verify, verify_wheel
from tests.support.wheels import Wheel, describe, make_database
from tests.support.windows import imitate_windows


def statuses(report: Report) -> dict[str, str]:
    return {outcome.code: outcome.status for outcome in report.outcomes}


def failed(report: Report) -> set[str]:
    return {outcome.code for outcome in report.findings}


def test_codes_are_unique_and_every_check_says_what_it_means() -> None:
    codes = [check.code for check in CHECKS]
    assert codes == sorted(set(codes)) == [f"V{n:02}" for n in range(1, len(codes) + 1)]
    assert all(check.meaning and check.hint and "\n" not in check.meaning for check in CHECKS)


def test_what_was_published_passes(installed: Path) -> None:
    report = dataset("colours").verify()
    assert report.ok, report.findings
    assert statuses(report) == {
        **{check.code: "ok" for check in CHECKS},
        "V09": "skipped",
        "V11": "skipped",
        "V15": "skipped",
        "V16": "skipped",
        "V17": "skipped",
    }
    assert "colours_data" not in sys.modules
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True


def test_in_full_the_rows_are_hashed_as_well(installed: Path) -> None:
    assert statuses(dataset("colours").verify(full=True))["V09"] == "ok"


@pytest.mark.parametrize("codec", ["zstd", "gzip", "xz"])
def test_a_compressed_dataset_passes(database: Path, site: Path, codec: str) -> None:
    Wheel().carry(database, compression=codec).install(site)
    assert dataset("colours").verify(full=True).ok


def test_damage_in_the_cache_is_mended_by_clearing_it(database: Path, site: Path) -> None:
    Wheel().carry(database, compression="zstd").install(site)
    path = dataset("colours").path
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)
    (finding,) = [found for found in dataset("colours").verify().findings if found.code == "V03"]
    assert finding.hint == "Run: microcosm-sqlite cache clear"
    clear()
    assert dataset("colours").verify().ok


def test_altered_rows_are_told_table_by_table(installed: Path) -> None:
    path = installed / "colours_data" / "colours.db"
    writer = sqlite3.connect(path)
    writer.execute("UPDATE colour SET name = 'pink' WHERE id = 1")
    writer.commit()
    writer.close()
    report = dataset("colours").verify()
    assert failed(report) == {"V01", "V03", "V09"}
    messages = {outcome.code: outcome.message for outcome in report.findings}
    assert messages["V01"] == "colours_data/colours.db is not what was published"
    assert messages["V09"] == "table colour has other rows than were published"
    hints = {outcome.hint for outcome in report.findings}
    assert hints == {"Run: pip install --force-reinstall --no-deps colours-data"}


def test_what_uv_linked_is_removed_from_its_cache_first(wheel: Wheel, site: Path) -> None:
    wheel.put(f"{wheel.info}/INSTALLER", "uv").install(site)
    path = site / "colours_data" / "colours.db"
    path.write_bytes(path.read_bytes().replace(b"crimson", b"scarlet"))
    hints = {outcome.hint for outcome in dataset("colours").verify().findings}
    again = "uv cache clean colours-data && uv pip install --reinstall colours-data"
    assert hints == {f"Run: {again}"}
    path.unlink()
    with pytest.raises(errors.DatasetFileMissingError):
        dataset("colours").connect()
    assert f"Run: {again}" in {outcome.hint for outcome in dataset("colours").verify().findings}


@pytest.mark.parametrize("record", [None, ""])
def test_a_wheel_whose_record_is_gone_or_emptied_fails(
    wheel: Wheel, tmp_path: Path, record: str | None
) -> None:
    sound, path = wheel.pack(tmp_path / "dist"), tmp_path / "colours_data-9-py3-none-any.whl"
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            if not name.endswith("/RECORD"):
                new.writestr(name, old.read(name))
            elif record is not None:
                new.writestr(name, record)
    assert verify_wheel(sound).ok
    assert "V01" in failed(verify_wheel(path))


def test_an_installed_record_that_was_emptied_fails_and_none_is_unchecked(
    installed: Path,
) -> None:
    (record,) = installed.glob("*.dist-info/RECORD")
    record.write_text("")
    assert "V01" in failed(dataset("colours").verify())
    record.unlink()
    codes = {outcome.code: outcome.status for outcome in dataset("colours").verify().outcomes}
    assert codes["V01"] == "skipped"


def test_every_altered_or_missing_file_of_the_distribution_is_named(installed: Path) -> None:
    (installed / "colours_data" / "__init__.py").write_text("import os")
    (installed / Wheel().info / "METADATA").unlink()
    (finding,) = dataset("colours").verify().findings
    assert finding.code == "V01"
    assert "colours_data/__init__.py is not what was published" in finding.message
    assert "METADATA does not exist" in finding.message


@pytest.mark.parametrize(
    ("damage", "codes"),
    [
        ("truncated", {"V01", "V03", "V04", "V06"}),
        ("emptied", {"V01", "V03", "V04", "V06"}),
        ("removed", {"V01", "V03", "V04", "V06"}),
        ("journal", {"V05", "V06"}),
        ("structure", {"V01", "V03", "V06"}),
        ("wal mode", {"V01", "V03", "V04", "V06"}),
        ("directory", {"V01", "V03", "V04", "V06"}),
    ],
)
def test_a_damaged_file_fails_and_its_rows_are_not_read(
    installed: Path, damage: str, codes: set[str]
) -> None:
    path = installed / "colours_data" / "colours.db"
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[:-100])
    elif damage == "emptied":
        path.write_bytes(b"")
    elif damage in ("removed", "directory"):
        path.unlink()
        if damage == "directory":
            path.mkdir()
    elif damage == "journal":
        Path(f"{path}-journal").write_bytes(b"hot")
    elif damage == "structure":
        path.write_bytes(content[:8192] + b"\x77" * 4096 + content[12288:])
    elif damage == "wal mode":
        path.write_bytes(content[:18] + b"\x02\x02" + content[20:])
    report = dataset("colours").verify()
    assert codes <= failed(report), report
    by_code = {outcome.code: outcome for outcome in report.outcomes}
    assert by_code["V07"].status == "skipped"
    assert "not tried" in by_code["V07"].message


def test_an_unlisted_database_is_a_finding(wheel: Wheel, installed: Path) -> None:
    record = installed / wheel.info / "RECORD"
    lines = [line for line in record.read_text().splitlines() if "colours.db" not in line]
    record.write_text("\n".join(lines))
    assert failed(dataset("colours").verify()) == {"V01"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("colours_data/colours.db,md5=abc,1", "proves nothing"),
        ('"unclosed', "cannot be read"),
        ("\x00", "is not listed"),
    ],
)
def test_a_record_that_proves_nothing_is_a_finding(
    wheel: Wheel, installed: Path, line: str, words: str
) -> None:
    (installed / wheel.info / "RECORD").write_text(f"{line}\n")
    finding, *refusals = dataset("colours").verify().findings
    assert finding.code == "V01"
    assert words in finding.message
    assert all("did not install" in refusal.message for refusal in refusals)


def test_a_manifest_that_tells_of_other_data_is_a_finding(site: Path, database: Path) -> None:
    raw = describe(database)
    raw["resources"][0]["rowCount"] = 99
    raw["resources"][0]["digest"] = "sha256:00"
    raw[EXTENSION]["fingerprint"] = "sha256:00"
    del raw["resources"][1]
    wheel = Wheel().carry(database)
    wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", json.dumps(raw)).install(site)
    report = dataset("colours").verify(full=True)
    assert failed(report) == {"V08", "V09", "V10"}
    counts = next(outcome.message for outcome in report.findings if outcome.code == "V08")
    assert counts == (
        "table colour has 3 rows; published were 99; table shade is not in the manifest"
    )


def test_what_a_manifest_says_of_columns_is_compared_in_full(site: Path, database: Path) -> None:
    wheel = Wheel().carry(database)
    file = f"{wheel.info}/extra_metadata/datapackage.json"
    raw = json.loads(wheel.files[file])
    connection = sqlite3.connect(database)
    for table in raw["resources"]:
        fields = [Field(field) for field in table["schema"]["fields"]]
        measured = measure_columns(connection, table["name"], fields)
        for field, found in zip(table["schema"]["fields"], measured, strict=True):
            field.update(found)
    connection.close()
    wheel.put(file, json.dumps(raw)).install(site)
    assert statuses(dataset("colours").verify())["V15"] == "skipped"
    assert statuses(dataset("colours").verify(full=True))["V15"] == "ok"
    raw["resources"][0]["schema"]["fields"][2]["nullCount"] += 1
    wheel.put(file, json.dumps(raw)).install(site)
    (finding,) = dataset("colours").verify(full=True).findings
    assert (finding.code, finding.hint) == ("V15", "Tell its author to build it again.")
    assert finding.message == "column colour.warmth does not hold what the manifest says"


def test_foreign_keys_that_lead_nowhere_are_a_finding(tmp_path: Path, site: Path) -> None:
    extra = "INSERT INTO shade VALUES ('lost', 77), ('gone', 78);"
    Wheel().carry(make_database(tmp_path / "colours.db", extra=extra)).install(site)
    (finding,) = dataset("colours").verify().findings
    assert finding.code == "V07"
    assert finding.message == "2 references of shade to rows of colour that are not there"


def test_hard_links_are_a_warning(installed: Path, tmp_path: Path) -> None:
    os.link(installed / "colours_data" / "colours.db", tmp_path / "cached.db")
    report = dataset("colours").verify()
    assert report.ok
    (warning,) = report.warnings
    assert warning.code == "V12"


@pytest.mark.parametrize("target", ["colours_data", "colours_data/colours.db"])
def test_a_file_that_anybody_can_change_is_a_finding(installed: Path, target: str) -> None:
    (installed / target).chmod(0o777)
    (finding,) = dataset("colours").verify().findings
    assert finding.code == "V13"
    assert "0777" in finding.message


def test_modes_are_not_judged_on_windows(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (installed / "colours_data").chmod(0o777)
    (installed / "colours_data" / "colours.db").chmod(0o666)
    imitate_windows(monkeypatch)
    report = dataset("colours").verify()
    assert report.ok
    assert statuses(report)["V13"] == "skipped"


def test_a_registered_file_is_checked_as_far_as_it_goes(database: Path) -> None:
    report = register("mine", database).verify()
    assert report.ok
    assert statuses(report)["V01"] == statuses(report)["V03"] == "skipped"
    assert statuses(report)["V06"] == statuses(report)["V07"] == "ok"


def test_an_editable_install_is_unverifiable_and_says_so(
    wheel: Wheel, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    for name in [name for name in wheel.files if name.startswith("colours_data/")]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_bytes(wheel.files.pop(name))
    wheel.put("_colours_data.pth", str(project)).install(site)
    monkeypatch.setattr(sys, "path", [*sys.path, str(project)])
    report = dataset("colours").verify()
    assert report.ok, report.findings
    assert report.outcomes[0].message.startswith("unverifiable (editable)")


MODELS = """
from types import SimpleNamespace as N
column = lambda name, nullable, key=False: N(name=name, nullable=nullable, primary_key=key)
shade = N(name="shade", columns=[column("code", False, True), column("colour_id", {nullable})])
class Shade:
    metadata = N(tables={{"shade": shade, **{more}}})
"""


@pytest.mark.parametrize(
    ("nullable", "more", "message"),
    [
        ("False", "{}", ""),
        ("True", "{}", "shade.colour_id has other NOT NULL or key constraints in the models"),
        ("False", "{'x': N(name='x')}", "the models have a table x, the file has none"),
        (
            "False",
            "{'colour': N(name='colour', columns=[column('id', False, True), column('x', True)])}",
            (
                "the file has a column colour.name, the models have none; "
                "the file has a column colour.warmth, the models have none; "
                "the models have a column colour.x, the file has none"
            ),
        ),
    ],
)
def test_models_are_compared_on_request(
    database: Path, site: Path, nullable: str, more: str, message: str
) -> None:
    wheel = Wheel().carry(database, init="", models="colours_data.models")
    source = MODELS.format(nullable=nullable, more=more)
    wheel.put("colours_data/models.py", source).install(site)
    assert statuses(dataset("colours").verify())["V11"] == "skipped"
    report = dataset("colours").verify(models=True)
    assert [outcome.message for outcome in report.findings] == [message] * bool(message)


class TestWheelFile:
    """A wheel is verified before it is installed, and nothing of it is run."""

    def test_a_good_wheel_passes(self, wheel: Wheel, tmp_path: Path) -> None:
        report = verify_wheel(wheel.pack(tmp_path / "dist"), full=True)
        assert report.ok, report.findings
        assert report.subject == "colours_data-2026.1-py3-none-any.whl"
        assert "colours_data" not in sys.modules
        assert not (tmp_path / "cache").exists()

    @pytest.mark.parametrize("codec", ["zstd", "gzip", "xz"])
    def test_a_compressed_one_passes(self, database: Path, tmp_path: Path, codec: str) -> None:
        wheel = Wheel().carry(database, compression=codec)
        assert verify_wheel(wheel.pack(tmp_path / "dist")).ok

    def test_a_tampered_one_does_not(self, wheel: Wheel, tmp_path: Path) -> None:
        path = wheel.pack(tmp_path / "dist")
        other = make_database(tmp_path / "other.db", rows=1).read_bytes()
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, other if name.endswith(".db") else content)
            archive.writestr("evil.pth", "import os")
        report = verify_wheel(path)
        assert {"V01", "V03"} <= failed(report)
        messages = {outcome.code: outcome.message for outcome in report.findings}
        assert "evil.pth is not listed" in messages["V01"]
        assert "colours_data/colours.db is not what was published" in messages["V01"]
        assert all(outcome.hint.startswith("Do not install it") for outcome in report.findings)

    def test_one_for_which_there_is_no_room_is_not_blamed(
        self, wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise errors.CacheFullError("No room.")

        monkeypatch.setattr(private_files, "check_space", refuse)
        with pytest.raises(errors.CacheFullError):
            verify_wheel(wheel.pack(tmp_path / "dist"))

    def test_one_that_claims_more_than_its_header_is_not_extracted(
        self, database: Path, tmp_path: Path
    ) -> None:
        wheel = Wheel().carry(database, compression="gzip", bytes=1 << 20)
        codes = {each.code: each for each in verify_wheel(wheel.pack(tmp_path)).findings}
        assert "where its header says" in codes["V03"].message

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_an_ambiguous_archive_does_not(self, wheel: Wheel, tmp_path: Path) -> None:
        path = wheel.pack(tmp_path / "dist")
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("colours_data/__init__.py", "import os")
        (finding,) = verify_wheel(path).findings
        assert "more than once" in finding.message

    def test_a_legacy_one_cannot_be_judged(self, tmp_path: Path) -> None:
        legacy = Wheel("legacy-data").enter("legacy = legacy_data:path")
        report = verify_wheel(legacy.pack(tmp_path / "dist"))
        assert statuses(report)["V01"] == "ok"
        assert statuses(report)["V02"] == "skipped"
        assert "only its own code" in {o.code: o for o in report.findings}["V04"].message

    @pytest.mark.parametrize("kind", ["gone", "text", "foreign", "broken"])
    def test_what_is_no_data_wheel_is_an_error(self, tmp_path: Path, kind: str) -> None:
        path = tmp_path / "x.whl"
        if kind == "text":
            path.write_text("no zip")
        elif kind == "foreign":
            path = Wheel("foreign").pack(tmp_path)
        elif kind == "broken":
            path = Wheel("broken-data").enter("nonsense").pack(tmp_path)
        with pytest.raises(errors.DatasetError, match=str(path.name)):
            verify_wheel(path)


def test_verification_never_raises_and_opens_nothing_for_good(installed: Path) -> None:
    before = set(Path("/proc/self/fd").iterdir())
    verify(dataset("colours"), full=True)
    assert set(Path("/proc/self/fd").iterdir()) == before
