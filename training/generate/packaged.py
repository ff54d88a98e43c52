"""Documents of Debian packages in a dozen languages: manuals, guides, changelogs, licences.

Nothing learns from them; they say how often harmless documents of other kinds than the published ones are suspected. They
are fetched with ``apt-get download`` on Debian 12, checked against the digests in ``corpora/packaged.txt``, and not committed.
"""

from __future__ import annotations

import gzip
import hashlib
import html
import io
import lzma
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from training.generate.slots import CORPORA

DOCUMENT = re.compile(r"/usr/share/doc/.*(\.html?|\.txt|changelog|README|NEWS|copyright|TODO|FAQ)[^/]*$")
SHORTEST, LONGEST = 4_000, 300_000
MOST = 14
"""Documents of one package."""
_DROPPED = re.compile(r"(?is)<(script|style|head|nav)\b.*?</\1>")
_BREAKS = re.compile(r"(?i)<(br|/p|/li|/h\d|/tr|/div|/dt|/dd|/pre)[^>]*>")
_TAGS = re.compile(r"<[^>]+>")
_BLANK = re.compile(r"\n[ \t]*(\n[ \t]*)+")


class Packaged(NamedTuple):
    """A line of the list."""

    name: str
    version: str
    sha256: str
    """Of the package's file."""


def packages() -> tuple[Packaged, ...]:
    """Every package, in the order of the list."""
    lines = (CORPORA / "packaged.txt").read_text(encoding="utf-8").splitlines()
    return tuple(Packaged(*line.split()) for line in lines if line and not line.startswith("#"))


def fetch(folder: Path) -> Path:
    """The folder with the packages, each named by its digest, inside ``folder``; what is missing is downloaded.

    Raises:
        ValueError: a package is not the one in the list.
    """
    kept = folder / "packaged"
    kept.mkdir(parents=True, exist_ok=True)
    for package in packages():
        target = kept / f"{package.sha256}.deb"
        if target.exists():
            continue
        before = set(kept.iterdir())
        command = ["apt-get", "download", "-qq", f"{package.name}={package.version}"]
        subprocess.run(command, check=True, cwd=kept, stdout=subprocess.DEVNULL)
        (archive,) = set(kept.iterdir()) - before
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
            archive.unlink()
            raise ValueError(f"{package.name}: not the package that the list names")
        archive.rename(target)
    return kept


def documents(archives: Path) -> list[tuple[str, str]]:
    """Name of the package and text, each text once; ``archives`` is what ``fetch`` returned."""
    found: dict[str, str] = {}
    for package in packages():
        for text in _texts((archives / f"{package.sha256}.deb").read_bytes()):
            found.setdefault(text, package.name)
    return [(name, text) for text, name in found.items()]


def _texts(package: bytes) -> Iterator[str]:
    with tarfile.open(fileobj=io.BytesIO(_data(package))) as members:
        named = [one for one in members.getmembers() if one.isfile() and DOCUMENT.search("/" + one.name.lstrip("./"))]
        named.sort(key=lambda one: hashlib.sha256(one.name.encode()).digest())
        count = 0
        for one in named:
            if count == MOST:
                return
            stream = members.extractfile(one)
            raw = stream.read(LONGEST) if stream else b""
            if one.name.endswith(".gz"):
                raw = gzip.decompress(raw) if len(raw) < LONGEST else b""
            text = raw[:LONGEST].decode("utf-8", "replace")
            text = plain(text) if ".htm" in one.name else text.strip()
            if len(text) >= SHORTEST and "\0" not in text:
                count += 1
                yield text


def plain(markup: str) -> str:
    """The text of a page of HTML."""
    text = _TAGS.sub("", _BREAKS.sub("\n", _DROPPED.sub("", markup)))
    return _BLANK.sub("\n\n", html.unescape(text)).strip()


def _data(package: bytes) -> bytes:
    """The package's files, a tar archive that its ``ar`` archive holds."""
    place = 8
    while place + 60 <= len(package):
        name, size = package[place : place + 16].strip(), int(package[place + 48 : place + 58])
        if name.startswith(b"data.tar"):
            return lzma.decompress(
                package[place + 60 : place + 60 + size]
            )  # whole, for documents are taken in any order
        place += 60 + size + size % 2
    raise ValueError("not a Debian package")
