"""Find shards and columnar twins that no installed dataset needs, which installers leave behind.

An installer that upgrades or removes a dataset does not remove the parts that it brought along.
"""

from __future__ import annotations

import os
import re
import sys

from microcosm_sqlite.catalog.cache.part_files import MOST_NAMED
from microcosm_sqlite.catalog.discovery import discover, list_sites, match_distributions
from microcosm_sqlite.catalog.distributions import Problem, canonical_name, uninstall_command
from microcosm_sqlite.catalog.parts import GENERATOR
from microcosm_sqlite.errors import DatasetError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from microcosm_sqlite.catalog.distributions import Distribution

_NAME = re.compile(r"([a-z0-9_]+)_(shard_[0-9]{4,}|columnar)")
"""Of a part, as metadata folders spell it: nothing that means more in a command to run."""


def find_stray_shards() -> Iterator[Problem]:
    """Find the parts that no installed dataset needs, with the command that removes them.

    Those of a dataset whose manifest cannot be read are left alone: it may need them.
    """
    needed, unreadable = _list_needed()
    for site in filter(os.path.isdir, list_sites()):
        strays: dict[str, list[Distribution]] = {}
        for shard in match_distributions(site, _is_named_like_one):
            owner = _find_owner(shard.name)
            is_needed = canonical_name(shard.name) in needed or owner in unreadable
            if owner and not is_needed:
                strays.setdefault(owner, []).append(shard)
        yield from (
            _describe(site, found)
            for shards in strays.values()
            if (found := [shard for shard in shards if _is_one(shard)])
        )


def _is_named_like_one(name: str) -> bool:
    return _NAME.fullmatch(name) is not None


def _is_one(distribution: Distribution) -> bool:
    try:
        return GENERATOR.encode() in (distribution.read("WHEEL") or b"")
    except DatasetError:
        return False


def _find_owner(name: str) -> str:
    found = _NAME.fullmatch(canonical_name(name))
    return found[1] if found else ""


def _list_needed() -> tuple[set[str], set[str]]:
    """The names of shards that are needed, and of distributions that do not say what they need."""
    needed: set[str] = set()
    unreadable: set[str] = set()
    for entry in discover().entries:
        try:
            manifest = entry.distribution.read_manifest()
        except DatasetError:
            unreadable.add(canonical_name(entry.distribution.name))
            continue
        parts = (*manifest.shards, *manifest.twins.values()) if manifest else ()
        needed.update(canonical_name(part.distribution) for part in parts)
    return needed, unreadable


def _describe(site: str, shards: list[Distribution]) -> Problem:
    names = sorted(canonical_name(shard.name).replace("_", "-") for shard in shards)
    told, verb, them = f"{names[0]} in {site}", "carries", "it"
    if more := len(names) - 1:
        told, verb, them = f"{names[0]} and {more} more in {site}", "carry", "them"
    hint = f"Remove {them} there."
    if _is_of_this_environment(site):
        command = uninstall_command(" ".join(names[:MOST_NAMED]), shards[0].installer)
        hint = f"Run: {command}"
    return Problem(names[0], "", f"{told} {verb} data that no installed dataset needs.", hint)


def _is_of_this_environment(site: str) -> bool:
    """Whether installers remove what is in a site: they keep to the environment they run in."""
    if sys.prefix == sys.base_prefix:
        return True
    return os.path.realpath(site).startswith(os.path.join(os.path.realpath(sys.prefix), ""))
