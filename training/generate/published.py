"""Documents that packages are published with: READMEs, guides, reference pages, changelogs.

They come from archives of npm and PyPI under MIT, ISC, BSD and Apache licences, which are fetched when a model is trained
and checked against the digests in ``corpora/published.txt``; they are not committed.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from training.generate.slots import CORPORA

DOCUMENT = re.compile(
    r"\.(md|mdx|rst|txt|adoc)$|(^|/)(README|CHANGES|CHANGELOG|HISTORY|CONTRIBUTING|NEWS|SECURITY|UPGRADING|INSTALL|FAQ)[^/]*$",
    re.IGNORECASE,
)
OTHER = re.compile(r"licen|copying|third.?party|/test|node_modules|requirements", re.IGNORECASE)
"""Names of files that are no documents, or not the package's own."""
SHORTEST, LONGEST = 1_500, 100_000
MOST = 40
"""Documents of one package."""
HELD_OUT = 5
"""Every fifth package is kept for calibration and never trained on."""


class Package(NamedTuple):
    """A line of the list."""

    registry: str
    """``npm`` or ``pypi``."""
    spec: str
    """Name and version as the registry's client takes them."""
    sha256: str
    """Of the archive."""


def packages() -> tuple[Package, ...]:
    """Every package, in the order of the list."""
    lines = (CORPORA / "published.txt").read_text(encoding="utf-8").splitlines()
    return tuple(Package(*line.split()) for line in lines if line and not line.startswith("#"))


def fetch(folder: Path, listed: Sequence[Package] | None = None) -> Path:
    """The folder with the archives, each named by its digest, inside ``folder``; what is missing is downloaded.

    Args:
        folder: of all that is fetched.
        listed: the packages, if not all of the list.

    Raises:
        ValueError: an archive is not the one in the list.
    """
    kept = folder / "published"
    kept.mkdir(parents=True, exist_ok=True)
    for package in packages() if listed is None else listed:
        target = kept / f"{package.sha256}.tgz"
        if target.exists():
            continue
        archive = _download(package, kept)
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
            archive.unlink()
            raise ValueError(f"{package.spec}: not the archive that the list names")
        archive.rename(target)
    return kept


def documents(archives: Path, *, held_out: bool, listed: Sequence[Package] | None = None) -> list[str]:
    """The texts of one side: for training, or held out from it.

    Args:
        archives: what ``fetch`` returned.
        held_out: which side.
        listed: the packages, if not all of the list.
    """
    found: dict[str, None] = {}
    for number, package in enumerate(packages() if listed is None else listed):
        if (number % HELD_OUT == 1) is held_out:
            found.update(dict.fromkeys(_texts(archives / f"{package.sha256}.tgz")))
    return list(found)


def _download(package: Package, folder: Path) -> Path:
    before = set(folder.iterdir())
    if package.registry == "npm":
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), package.spec]
    else:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
            "-d",
            str(folder),
        ]
        command.append(package.spec)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (archive,) = set(folder.iterdir()) - before
    return archive


def _texts(archive: Path) -> Iterator[str]:
    with tarfile.open(archive) as members:
        named = [one for one in members.getmembers() if one.isfile() and DOCUMENT.search(one.name)]
        fitting = [one for one in named if one.size >= SHORTEST and not OTHER.search(one.name)]
        fitting.sort(key=lambda one: hashlib.sha256(one.name.encode()).digest())
        for one in fitting[:MOST]:
            stream = members.extractfile(one)
            text = (stream.read(LONGEST) if stream else b"").decode("utf-8", "replace").replace("\r\n", "\n").strip()
            if len(text) >= SHORTEST and "\0" not in text:
                yield text
