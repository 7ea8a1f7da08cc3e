"""Make datasets in shards, as the catalogue reads them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from microcosm_sqlite.catalog.codecs import SUFFIXES
from microcosm_sqlite.catalog.manifest import EXTENSION, FILE_NAME
from microcosm_sqlite.catalog.parts import GENERATOR
from tests.support.wheels import BROKEN_INIT, Wheel, compress, describe


class Shards:
    """The distributions of one release of a dataset.

    Attributes:
        raw: The manifest, which tests may change before they install it.
        parts: The distributions of the shards, in order.
    """

    def __init__(
        self,
        database: Path,
        count: int = 3,
        *,
        compression: str = "gzip",
        version: str = "1.0",
        name: str = "colours",
    ) -> None:
        self._name = name
        self.raw = describe(database, name=name, package=f"{name}_data", compression=compression)
        self.parts: list[Wheel] = []
        self._version = version
        content, told = database.read_bytes(), []
        size = -(-len(content) // count)
        for number, offset in enumerate(range(0, len(content), size), 1):
            stretch = content[offset : offset + size]
            packed = compress(stretch, compression)
            shard = f"{name}-data-shard-{number:04}"
            path = f"{shard.replace('-', '_')}/{name}.db{SUFFIXES[compression]}"
            digest = sha256(packed).hexdigest()
            part = Wheel(shard, f"0.{int(digest[:12], 16)}").put(path, packed)
            part.put(f"{part.info}/WHEEL", f"Wheel-Version: 1.0\n{GENERATOR}\nTag: py3-none-any\n")
            self.parts.append(part)
            told.append(
                {
                    "distribution": shard,
                    "version": part.version,
                    "path": path,
                    "offset": offset,
                    "bytes": len(stretch),
                    "fileBytes": len(packed),
                    "fileHash": f"sha256:{digest}",
                }
            )
        self.raw[EXTENSION] |= {"format": 2, "shards": told}

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the manifest says of the shards."""
        found: list[dict[str, Any]] = self.raw[EXTENSION]["shards"]
        return found

    @property
    def whole(self) -> Wheel:
        """The distribution that needs the shards."""
        package = f"{self._name}_data"
        wheel = Wheel(f"{self._name}-data", self._version)
        wheel.put(f"{package}/__init__.py", BROKEN_INIT)
        wheel.put(f"{wheel.info}/extra_metadata/{FILE_NAME}", json.dumps(self.raw))
        return wheel.enter(f"{self._name} = {package}:path")

    @property
    def wheels(self) -> list[Wheel]:
        """All distributions, in the order in which they are published."""
        return [*self.parts, self.whole]

    def install(self, site: Path) -> Path:
        """Unpack all of them into a directory, and return the directory."""
        for wheel in self.wheels:
            wheel.install(site)
        return site

    def file(self, site: Path, number: int) -> Path:
        """The installed file of a shard, counted from zero."""
        return site / self.told[number]["path"]
