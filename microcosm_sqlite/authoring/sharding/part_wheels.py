"""The wheels of parts, which hold data only, and the wheel that they belong to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from microcosm_sqlite.authoring.finishing.finalise import publish, settle
from microcosm_sqlite.authoring.finishing.wheel_files import WheelWriter, copy_info
from microcosm_sqlite.catalog.manifest import FILE_NAME, Manifest
from microcosm_sqlite.catalog.parts import FOLDER, GENERATOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from microcosm_sqlite.catalog.distributions import Distribution
    from microcosm_sqlite.catalog.parts import Part

_DATE = (2020, 2, 2, 0, 0, 0)
"""Of the members of a part's wheel, which stays the same whenever it is built."""

_METADATA = """\
Metadata-Version: 2.4
Name: {name}
Version: {version}
Summary: Data of {owner}: {what}
{license}Description-Content-Type: text/markdown

This distribution is a part of {owner}, {use}. It holds data only, and is of no use by
itself.
"""

_MOST_BYTES = 1 << 24
"""Bytes of a member that are held in memory."""

WHEEL = f"""\
Wheel-Version: 1.0
{GENERATOR}
Root-Is-Purelib: true
Tag: py3-none-any
"""


def write_metadata(
    name: str, version: str, owner: Distribution, owner_name: str, what: str, use: str
) -> str:
    """METADATA of the wheel of a part, with the licence of its owner.

    Args:
        name: The distribution.
        version: Its version.
        owner: What it belongs to.
        owner_name: The name of that, as it is written.
        what: What it is.
        use: What its owner does with it.
    """
    headers = (owner.read("METADATA") or b"").decode().partition("\n\n")[0]
    lines = headers.splitlines()
    license_ = "".join(f"{line}\n" for line in lines if line.startswith("License-Expression: "))
    return _METADATA.format(
        name=name, version=version, owner=owner_name, what=what, use=use, license=license_
    )


def write_part_wheel(folder: Path, part: Part, metadata: str, files: Mapping[str, Path]) -> Path:
    """Write the wheel of a part into a folder, the same bytes whenever it is written.

    Args:
        folder: The folder.
        part: The part, or one of those that are in the same wheel.
        metadata: METADATA.
        files: Where each file is, by its place below the site directory.
    """
    info = f"{part.distribution.replace('-', '_')}-{part.version}.dist-info"
    target = folder / part.wheel
    with ZipFile(target, "w") as archive:
        writer = WheelWriter(archive, ZIP_STORED)  # the data are compressed, the rest is small
        for path, file in files.items():
            writer.add(_describe_member(path), file)
        writer.add(_describe_member(f"{info}/METADATA"), metadata.encode())
        writer.add(_describe_member(f"{info}/WHEEL"), WHEEL.encode())
        writer.add_record(_describe_member(f"{info}/RECORD"))
    return target


def rewrite_wheel(
    wheel: Path,
    target: Path,
    distribution: Distribution,
    raw: dict[str, Any],
    headers: str,
    left_out: str = "",
) -> None:
    """Write a wheel with another manifest, and with more lines in METADATA.

    Args:
        wheel: The wheel.
        target: Where to.
        distribution: Its metadata folder.
        raw: The manifest.
        headers: The lines.
        left_out: The member to leave out.
    """
    folder = Path(distribution.metadata).name
    with ZipFile(wheel) as full, ZipFile(target, "w") as archive:
        writer = WheelWriter(archive)
        for info in full.infolist():
            if info.is_dir() or info.filename in (left_out, f"{folder}/RECORD"):
                continue
            if info.file_size > _MOST_BYTES:
                copy = Path(full.extract(info, target.parent))
                writer.add(copy_info(info, info.filename), copy)
                copy.unlink()
                continue
            content = full.read(info)
            if info.filename == f"{folder}/METADATA":
                known, _, body = content.decode().partition("\n\n")
                content = f"{known.rstrip()}\n{headers}\n{body}".encode()
            elif info.filename == f"{folder}/extra_metadata/{FILE_NAME}":
                content = Manifest(raw).dumps().encode()
            writer.add(copy_info(info, info.filename), content)
        record = full.getinfo(f"{folder}/RECORD")
        writer.add_record(copy_info(record, record.filename))


def publish_wheels(wheels: Sequence[Path], folder: Path) -> list[Path]:
    """Move wheels into a folder: those of parts, and last the one that they belong to."""
    *parts, whole = wheels
    published = publish_parts(parts, folder)
    return [*published, _publish(whole, folder)]


def publish_parts(wheels: Sequence[Path], folder: Path) -> list[Path]:
    """Move the wheels of parts into a folder of their own in another."""
    return [_publish(wheel, folder / FOLDER) for wheel in wheels]


def _publish(wheel: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    settle(wheel)
    publish(wheel, folder / wheel.name)
    return folder / wheel.name


def _describe_member(name: str) -> ZipInfo:
    info = ZipInfo(name, _DATE)
    info.external_attr = 0o100644 << 16
    info.create_system = 3
    return info
