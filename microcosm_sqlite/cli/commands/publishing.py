"""``release`` and ``check``: the number of the next version, and whether it is fit to publish."""

from __future__ import annotations

import click

from microcosm_sqlite.cli.isolation import isolated
from microcosm_sqlite.cli.options import PathToWrite, complete_dataset, examples, output_options
from microcosm_sqlite.cli.output import Count, Output, report_error


@click.command(
    "release",
    short_help="Give a project its next version and changelog.",
    epilog=examples(
        "microcosm-sqlite release dist/birds_data-1.0-py3-none-any.whl",
        "microcosm-sqlite release birds --summary changes.md",
    ),
)
@click.argument("old", shell_complete=complete_dataset)
@click.option(
    "--project",
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    default=".",
    help="The project; by default the current directory.",
)
@click.option(
    "--summary",
    metavar="FILE",
    type=PathToWrite(dir_okay=False, writable=True),
    help="Write the changes there in Markdown, with rows, as for a pull request.",
)
@isolated("old", "project")
def release_project(old: str, project: str, summary: str | None) -> None:
    """Build a project, compare it with OLD, and write the next version into it.

    OLD is the version before: an installed dataset, a database file or a data wheel. The number
    goes into pyproject.toml and CITATION.cff, what changed into CHANGELOG.md. A number that is
    newer than that of OLD stays. Nothing is published. Prints the section of the changelog.
    """
    from pathlib import Path

    from microcosm_sqlite.authoring.project.settings import ProjectSettings
    from microcosm_sqlite.authoring.publishing import release
    from microcosm_sqlite.authoring.publishing.candidate import BUILD
    from microcosm_sqlite.authoring.sharding.size_limits import BUILD_WHEELS, needs_parts
    from microcosm_sqlite.common.workspace import naming_full_disk

    done = release.release_project(project, old)
    if summary:
        with naming_full_disk(Path(summary)):
            Path(summary).write_text(done.summary, encoding="utf-8", newline="\n")
    out = Output()
    out.text((done.section or done.summary).rstrip("\n"))
    if done.version:
        has_parts = needs_parts(ProjectSettings.from_pyproject(project))
        command = BUILD_WHEELS if has_parts else BUILD.removesuffix(" .")
        out.note(f"Next: {command} {project}")


@click.command(
    "check",
    short_help="Check a project or wheel before it is published.",
    epilog=examples(
        "microcosm-sqlite check",
        "microcosm-sqlite check dist/birds_data-1.1-py3-none-any.whl --verbose",
        "microcosm-sqlite check --json > report.json",
    ),
)
@click.argument("candidate", metavar="[DIRECTORY|WHEEL]", type=click.Path(exists=True), default=".")
@click.option("-v", "--verbose", is_flag=True, help="Show every check, not only problems.")
@output_options
@isolated("candidate")
def check_publication(candidate: str, verbose: bool, out: Output) -> int:
    """Check a dataset project or a wheel before it is published; none of its code is run.

    For a project, the wheel of its version in dist/ is checked as well. It needs a title, a
    description, licences, sources, a readme and a changelog, and nothing that the package index
    would refuse. Exits with 1 if something is wrong; warnings do not count.
    """
    from microcosm_sqlite.authoring.publishing import publication
    from microcosm_sqlite.catalog.parts import find_kind

    report = publication.check_publication(candidate)
    if out.format == "json":
        out.value(report.as_dict())
    else:
        found = report.findings + report.warnings
        shown = report.outcomes if verbose else found
        rows = [(each.code, each.status, each.message or each.meaning, each.hint) for each in shown]
        if not found and not verbose:
            passed = sum(each.status == "ok" for each in report.outcomes)
            rows.append(("", "ok", f"{Count(passed).of('check')} passed", ""))
        out.listing(("check", "status", "message", "hint"), rows)
    if report.ok:
        uploads = publication.list_uploads(candidate)
        if uploads.parts:
            kinds = {find_kind(wheel.name) for wheel in uploads.parts}
            others = Count(len(uploads.parts)).of("shard" if kinds == {"shard"} else "other wheel")
            last = " and ".join(wheel.name for wheel in uploads.wheels)
            out.note(f"Publish the {others} first, and {last} last.")
        return 0
    count = Count(len(report.findings)).of("check")
    report_error(f"{report.subject} is not ready to be published: {count} failed.")
    return 1
