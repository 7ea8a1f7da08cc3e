"""Fetch files by HTTP, with a limit, a checksum and what is needed to ask again only for changes.

Only `http` and `https` are spoken, whatever a server redirects to, and nothing is sent but what the
address says. What arrives is complete, or an error.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urldefrag, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from microcosm_sqlite.authoring.drafting.addresses import (
    check_address,
    encode_address,
    read_checksum,
    spell_address,
)
from microcosm_sqlite.authoring.drafting.downloads import Download, Downloads, is_url
from microcosm_sqlite.authoring.drafting.source_files import is_readable
from microcosm_sqlite.authoring.progress import Progress
from microcosm_sqlite.common.platforms import spell_file_name
from microcosm_sqlite.errors import SettingsError, SourceError

LIMIT = "MICROCOSM_SQLITE_MAX_DOWNLOAD"
"""Environment variable: the most megabytes of one file."""

_DEFAULT_LIMIT = 2_000
_MB = 1_000_000
_CHUNK = 1 << 18
SECONDS = 60.0
"""How long a server may be silent."""

_FORMATS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/json": ".json",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.sqlite3": ".db",
    "application/x-sqlite3": ".db",
    "application/zip": ".zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}


def fetch(
    address: str,
    folder: Path,
    known: Mapping[str, str] | None = None,
    *,
    progress: Progress | None = None,
    limit: int = 0,
    seconds: float = SECONDS,
) -> Download | None:
    """Fetch a file into a folder; None where it is as it was.

    Args:
        address: Where it is. `#sha256=...` behind it says what its content has to be.
        folder: Where to; it gets a folder of its own there.
        known: What is known of the file that is there, as `Download.facts`.
        progress: Told how far it is.
        limit: The most bytes; that of the environment for 0.
        seconds: How long the server may be silent.

    Raises:
        SourceError: It cannot be reached, is not complete, too large or another than expected.
        SettingsError: The limit in the environment is not a number.
    """
    url, fragment = urldefrag(address)
    check_address(url)
    expected = read_checksum(url, fragment)
    if known and expected not in ("", known.get("sha256")):
        known = None  # that it has not changed would not make it the file that is meant
    progress = progress or Progress()
    try:
        # The scheme was checked above.
        request = Request(encode_address(url), headers=_write_headers(known or {}))  # noqa: S310
        with _OPENER.open(request, timeout=seconds) as response:
            progress.start(f"Fetching {spell_address(url)}", _read_size(response))
            path = _choose_place(folder, url, response)
            with path.open("wb") as stream:
                digest = _copy(response, path, stream, progress, limit or _read_limit(), url)
            found = Download(
                url,
                path,
                digest,
                response.headers.get("ETag", ""),
                response.headers.get("Last-Modified", ""),
            )
            progress.finish(f"{path.stat().st_size:,} bytes")
    except HTTPError as error:
        error.close()
        if error.code == 304 and known:
            return None
        raise _refuse(url, f"the server answered {error.code} {_read_reason(error)}") from error
    except TimeoutError as error:
        raise _refuse(url, f"the server was silent for {seconds:g} seconds") from error
    except URLError as error:
        is_slow = isinstance(error.reason, TimeoutError)
        told = f"the server was silent for {seconds:g} seconds" if is_slow else str(error.reason)
        raise _refuse(url, f"it cannot be reached: {told}") from error
    except (HTTPException, ConnectionError, ValueError) as error:
        raise _refuse(url, f"the answer breaks off or is none of HTTP: {error}") from error
    _check_digest(found, expected)
    return found


def _read_reason(error: HTTPError) -> str:
    """What a server says of an error; urllib says more of too many redirections, in lines."""
    if 300 <= error.code < 400 and error.code != 304:
        return "and redirects in a circle, or to nowhere"
    return str(error.reason).partition("\n")[0].rstrip(".")


def _refuse(url: str, why: str) -> SourceError:
    return SourceError(
        f"{spell_address(url)} could not be fetched: {why}.",
        file=spell_address(url),
        hint="Check the address and the network, or download the file and name it instead.",
    )


def _write_headers(known: Mapping[str, str]) -> dict[str, str]:
    headers = {"User-Agent": "microcosm-sqlite", "Accept-Encoding": "identity"}
    if known.get("etag"):
        headers["If-None-Match"] = known["etag"]
    elif known.get("modified"):
        headers["If-Modified-Since"] = known["modified"]
    return headers


class _Redirect(HTTPRedirectHandler):
    """Follows redirects, but only to `http` and `https`, and never out of `https`."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        scheme = urlsplit(newurl).scheme.lower()
        is_weaker = urlsplit(req.full_url).scheme == "https" and scheme != "https"
        if scheme not in ("http", "https") or is_weaker:
            raise URLError(f"it redirects to {spell_address(newurl)}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> HTTPResponse | None:
        target = headers.get("Location", "")
        if is_url(target) and urlsplit(target).scheme.lower() not in ("http", "https"):
            raise URLError(f"it redirects to {spell_address(target)}, which is not followed")
        answer: HTTPResponse | None = super().http_error_302(req, fp, code, msg, headers)
        return answer

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _make_opener() -> OpenerDirector:
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        UnknownHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPDefaultErrorHandler(),
        _Redirect(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    opener.addheaders = []
    return opener


_OPENER = _make_opener()


def _choose_place(folder: Path, url: str, response: HTTPResponse) -> Path:
    """A path of its own, called as the file is at the address, or as the server says."""
    candidates = [unquote(urlsplit(url).path), response.headers.get_filename() or ""]
    names = [re.split(r"[/\\]", each.rstrip("/"))[-1] for each in candidates]
    names = [spell_file_name(each) for each in (each.lstrip(".") for each in names) if each]
    name = next((each for each in names if is_readable(Path(each))), "")
    if not name:
        suffix = _FORMATS.get(response.headers.get_content_type(), "")
        if not suffix:
            raise SourceError(
                f"{spell_address(url)} is a file of no known format: neither its name nor its "
                f"type, {response.headers.get_content_type()}, says which.",
                file=spell_address(url),
                hint="Download it, and give it a name that ends with its format, such as .csv.",
            )
        name = f"{next(iter(names), 'data')}{suffix}"
    number = sum(1 for _ in folder.iterdir())
    place = folder / f"{number}"
    place.mkdir()
    return place / name


def _read_size(response: HTTPResponse) -> int:
    size = response.headers.get("Content-Length") or ""
    return int(size) if size.isdecimal() else 0


def _copy(
    response: HTTPResponse,
    path: Path,
    stream: IO[bytes],
    progress: Progress,
    limit: int,
    url: str,
) -> str:
    """Write what arrives, as it is without the encoding that it was sent in; its digest."""
    digest, size = sha256(), 0
    for chunk in _decode(_read_chunks(response, progress, url), response, path, url):
        size += len(chunk)
        if size > limit:
            raise SourceError(
                f"{spell_address(url)} is larger than {limit:,} bytes, so it was not fetched.",
                file=spell_address(url),
                hint=f"If that is right, set {LIMIT} to more megabytes.",
            )
        digest.update(chunk)
        stream.write(chunk)
    return digest.hexdigest()


def _read_chunks(response: HTTPResponse, progress: Progress, url: str) -> Iterator[bytes]:
    total, size = _read_size(response), 0
    while chunk := response.read(_CHUNK):
        size += len(chunk)
        progress.advance(len(chunk))
        yield chunk
    if total and size != total:
        raise _refuse(url, f"the answer breaks off after {size:,} of {total:,} bytes")


def _decode(
    chunks: Iterator[bytes], response: HTTPResponse, path: Path, url: str
) -> Iterator[bytes]:
    """Undo the encoding of an answer; of a compressed file, servers may call that its encoding."""
    encoding = response.headers.get("Content-Encoding", "identity").lower().removeprefix("x-")
    if encoding == "identity" or (encoding == "gzip" and path.suffix.lower() == ".gz"):
        yield from chunks
        return
    if encoding not in ("gzip", "deflate"):
        raise _refuse(url, f"the server sends it in the encoding {encoding}, not as it is")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        for chunk in chunks:
            packed = chunk
            while packed:
                yield unpacker.decompress(packed, _CHUNK)
                packed = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise _refuse(url, f"it is sent as {encoding}, and cannot be unpacked: {error}") from error
    if not unpacker.eof:
        raise _refuse(url, f"the answer breaks off in the middle of {encoding}")


def _read_limit() -> int:
    given = os.environ.get(LIMIT, "")
    if given and not (given.isdecimal() and int(given)):
        raise SettingsError(
            f"The environment variable {LIMIT} is {given!r}.",
            hint="Give it a whole number greater than 0, or remove it.",
        )
    return int(given or _DEFAULT_LIMIT) * _MB


def _check_digest(found: Download, expected: str) -> None:
    if expected not in ("", found.sha256):
        raise SourceError(
            f"{spell_address(found.url)} has the sha256 {found.sha256}, where {expected} was said.",
            file=spell_address(found.url),
            hint="It is another file than the one meant, or was damaged on its way.",
        )


def fetch_all(
    addresses: Iterable[str],
    folder: Path,
    known: Mapping[str, Mapping[str, str]] | None = None,
    progress: Progress | None = None,
) -> Downloads:
    """Fetch files, each as `fetch` does; `known` has the facts of each address."""
    known = known or {}
    return {
        address: fetch(address, folder, known.get(address), progress=progress)
        for address in dict.fromkeys(addresses)
    }
