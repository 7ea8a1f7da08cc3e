"""The addresses of files: which are fetched, how they are sent, and the checksums behind them."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

from microcosm_sqlite.errors import SourceError

_DIGEST = re.compile(r"md5|sha\d*[-_]?\d+|blake\w+|crc\w*")
_SAFE = "/%:@!$&'()*+,;=~?[]|"


def check_address(url: str) -> None:
    """Refuse an address of another scheme than `http` and `https`, or with a password.

    Raises:
        SourceError: It is one, or has no host.
    """
    parts, told = urlsplit(url), spell_address(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise SourceError(f"{told} is not fetched: only http and https addresses are.", file=told)
    if parts.username is not None:
        raise SourceError(
            f"{told} is not fetched: its address names a user, and addresses become public with "
            "the dataset.",
            file=told,
            hint="Download the file, and name it instead.",
        )


def read_checksum(url: str, fragment: str) -> str:
    """The sha256 that a fragment says, in small letters; empty where it says none.

    Raises:
        SourceError: It is a checksum of another kind, which would be believed to be compared.
    """
    told = spell_address(url)
    key, _, expected = fragment.lower().partition("=")
    if key != "sha256" and _DIGEST.fullmatch(key) and expected:
        raise SourceError(
            f"{told} is not fetched: its checksum is of the kind {key}, and only sha256 is "
            "compared.",
            file=told,
            hint="Say #sha256=... behind the address, or nothing.",
        )
    return expected if key == "sha256" else ""


def encode_address(url: str) -> str:
    """An address as it is sent: what may not stand in it is encoded, as browsers do.

    >>> encode_address("http://example.org/my birds.csv?of=Köln&a=%20")
    'http://example.org/my%20birds.csv?of=K%C3%B6ln&a=%20'
    """
    parts = urlsplit(url)
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    path, query = (quote(each, safe=_SAFE) for each in (parts.path, parts.query))
    return urlunsplit((parts.scheme, host, path, query, ""))


def spell_address(url: str) -> str:
    """An address without what it says of a user."""
    return re.sub(r"//[^/@]*@", "//", url)
