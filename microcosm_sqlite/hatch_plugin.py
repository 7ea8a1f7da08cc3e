"""The build hook for hatchling, which builds a dataset when its wheel is built.

.. code-block:: toml

    [tool.hatch.build.targets.wheel.hooks.microcosm-sqlite]
    dataset = "nycflights13"
    models = "nycflights13_data.models"
    sources = "sources"
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from microcosm_sqlite.common.wording import escape_controls, escape_in_python
from microcosm_sqlite.common.workspace import explain_os_error
from microcosm_sqlite.errors import MicrocosmSQLiteError

if TYPE_CHECKING:
    from microcosm_sqlite.authoring.project.settings import ProjectSettings


class DatasetBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling 1.32.3 fails on parameters
    """Builds the dataset, puts it and its manifest into the wheel, and checks the wheel."""

    PLUGIN_NAME = "microcosm-sqlite"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the dataset, where anything changed, before the wheel is packed."""
        if self.target_name != "wheel":
            return
        from microcosm_sqlite.authoring.build import build_dataset
        from microcosm_sqlite.authoring.progress import LineProgress

        with self._failing_plainly():
            settings = self._read_settings()
            built = build_dataset(settings, progress=LineProgress(self._show))
        root = settings.root
        build_data["artifacts"].append(f"/{built.path.relative_to(root).as_posix()}")
        manifest = str(built.manifest_path.relative_to(root))
        build_data["extra_metadata"][manifest] = "datapackage.json"

    def finalize(
        self,
        version: str,
        build_data: dict[str, Any],  # noqa: ARG002
        artifact_path: str,
    ) -> None:
        """Open the finished wheel, query the database inside, and draw its card if asked to."""
        if self.target_name != "wheel":
            return
        from microcosm_sqlite.authoring.finishing.finalise import verify_in_place, verify_wheel

        with self._failing_plainly():
            if version == "editable":
                verify_in_place(self._read_settings())
                return
            verify_wheel(artifact_path)
            self._tell_size(artifact_path)
            self._write_editions(artifact_path)
            if self.config.get("card"):
                from microcosm_sqlite.interop.card.page import write_wheel_card

                self._show(f"Card: {write_wheel_card(artifact_path)}")

    def _tell_size(self, wheel: str) -> None:
        from pathlib import Path

        from microcosm_sqlite.authoring.sharding.size_limits import explain_refusal

        if refusal := explain_refusal(self._read_settings(), Path(wheel)):
            self.app.display_warning(_escape(" ".join(refusal)))

    def _write_editions(self, wheel: str) -> None:
        settings = self._read_settings()
        if not settings.editions:
            return
        from pathlib import Path

        from microcosm_sqlite.authoring.subsetting.edition_wheel import write_edition_wheel

        for name, recipe in settings.editions.items():
            written = write_edition_wheel(Path(wheel), name, recipe, settings.compression_level)
            self._show(f"Edition {name}: {written}")

    def clean(self, versions: list[str]) -> None:  # noqa: ARG002
        """Remove what this hook built."""
        settings = self._read_settings()
        for path in (settings.database_path, settings.manifest_path):
            path.unlink(missing_ok=True)

    @contextmanager
    def _failing_plainly(self) -> Iterator[None]:
        """End the build with the message of an error, without its traceback."""
        try:
            yield
        except MicrocosmSQLiteError as error:
            self.app.abort(_escape(str(error)))
        except OSError as error:
            self.app.abort(_escape(" ".join(explain_os_error(error))))

    def _show(self, line: str) -> None:
        self.app.display_info(_escape(line))

    def _read_settings(self) -> ProjectSettings:
        from microcosm_sqlite.authoring.project.settings import ProjectSettings

        return ProjectSettings.from_hook(self.root, self.config, self.metadata)


def _escape(text: str) -> str:
    """Text that may name files and tables of strangers, as a terminal may show it."""
    return escape_controls(text, escape_in_python, kept="\n\t")


@hookimpl
def hatch_register_build_hook() -> type[DatasetBuildHook]:
    """The hooks that the plugin offers to hatchling."""
    return DatasetBuildHook
