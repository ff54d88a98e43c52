"""The files of a workspace as one immutable, numbered value that can be handed to other processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.workspace.files import read_bounded

SIGNED = "snapshot.json"
"""The signature over all others, if there is one."""
WATCHED = (
    "policy.yaml",
    "system.yaml",
    "waivers.yaml",
    "signatures/*.yaml",
    "rules/*.yaml",
    "rules/*.yml",
    "profiles/*.json",
    "known/*.json",
    "issuers/*.json",
    SIGNED,
)
"""What can change while running."""

MAX_FILES = 512
MAX_TOTAL_BYTES = 16_000_000


class Snapshot(msgspec.Struct, frozen=True):
    """What the watched files said at one moment."""

    version: int
    """Grows by one with each accepted change, from 1."""
    digest: str
    """SHA-256 over names and contents, hexadecimal."""
    files: dict[str, bytes]
    """Contents by name relative to the workspace, with ``/`` between parts."""

    def encode(self) -> bytes:
        """As MessagePack."""
        return msgspec.msgpack.encode(self)

    @staticmethod
    def decode(payload: bytes) -> Snapshot:
        """The snapshot in ``payload``. Raises ConfigurationError when it is damaged."""
        try:
            snapshot = msgspec.msgpack.decode(payload, type=Snapshot)
        except msgspec.DecodeError as error:
            raise ConfigurationError(f"a damaged workspace snapshot: {error}") from None
        if digest_of(snapshot.files) != snapshot.digest:
            raise ConfigurationError("a workspace snapshot does not match its digest")
        return snapshot


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over the files in the order of their names, each part preceded by its length."""
    total = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def find_files(root: Path, patterns: Sequence[str] = WATCHED) -> dict[str, Path]:
    """The files that match, by name. Hidden files (an editor's swap files) do not. Raises ConfigurationError."""
    found = {
        path.relative_to(root).as_posix(): path
        for pattern in patterns
        for path in root.glob(pattern)
        if not path.name.startswith(".")
    }
    if len(found) > MAX_FILES:
        raise ConfigurationError(f"more than {MAX_FILES} files match {', '.join(patterns)}")
    for name, path in found.items():
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            raise ConfigurationError(f"{name} is a link to a file outside of the workspace", "keep a copy of the file")
    return dict(sorted(found.items()))


def read_files(root: Path, patterns: Sequence[str] = WATCHED) -> dict[str, bytes]:
    """The contents of the files that match. Raises ConfigurationError or DocumentError."""
    contents: dict[str, bytes] = {}
    total = 0
    for name, path in find_files(root, patterns).items():
        contents[name] = read_bounded(path, name)
        total += len(contents[name])
        if total > MAX_TOTAL_BYTES:
            raise ConfigurationError(f"the watched files hold more than {MAX_TOTAL_BYTES} bytes")
    return contents


def take_snapshot(root: Path, version: int = 1, patterns: Sequence[str] = WATCHED) -> Snapshot:
    """Read the watched files once. Raises ConfigurationError or DocumentError."""
    files = read_files(root, patterns)
    return Snapshot(version, digest_of(files), files)
