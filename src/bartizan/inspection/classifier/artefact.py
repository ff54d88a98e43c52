"""The model's folder: a manifest that names each file with size and digest, and nothing loads that does not match."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError

SCHEMA = "bartizan/classifier/v1"
MANIFEST = "manifest.json"
HEADS = ("user", "content", "extraction", "jailbreak", "harmful")
REINSTALL = "reinstall the package, or build the model with make train"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of the model."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``manifest.json``."""

    schema: str
    version: str
    """Of the model; named in signals' rules only through the product's version."""
    heads: tuple[str, ...]
    """Order of the encoder's logits."""
    window_tokens: int
    """Content tokens of an encoder window."""
    overlap_tokens: int
    most_windows: int
    """Encoder windows per text; what remains uncertain beyond them is reported as unread."""
    low: dict[str, float]
    """By surface: a text whose first-stage logits all lie below is benign without the encoder."""
    files: tuple[File, ...]


class Artefact:
    """A verified model folder.

    Args:
        folder: where the files are.

    Raises:
        ArtefactError: a file is missing, changed or of another schema.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            raw = (folder / MANIFEST).read_bytes()
            self.manifest = msgspec.json.decode(raw, type=Manifest)
        except (OSError, msgspec.DecodeError) as error:
            raise ArtefactError(f"{folder.name}/{MANIFEST}: {error}", REINSTALL) from None
        if self.manifest.schema != SCHEMA:
            raise ArtefactError(f"the model's schema is {self.manifest.schema}, expected {SCHEMA}", REINSTALL)
        if self.manifest.heads != HEADS:
            raise ArtefactError("the model's heads are not those that this version reads", REINSTALL)
        for file in self.manifest.files:
            self._verify(file)

    def path(self, name: str) -> Path:
        """A file that the manifest vouches for. Raises ArtefactError for any other."""
        if name not in {file.name for file in self.manifest.files}:
            raise ArtefactError(f"the model has no file {name}", REINSTALL)
        return self.folder / name

    def _verify(self, file: File) -> None:
        if Path(file.name).name != file.name:
            raise ArtefactError(f"the manifest names a path, {file.name!r}", REINSTALL)
        path = self.folder / file.name
        try:
            if path.stat().st_size != file.size:
                raise ArtefactError(f"{file.name}: wrong size", REINSTALL)
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise ArtefactError(f"{file.name}: {error.strerror}", REINSTALL) from None
        if digest != file.sha256:
            raise ArtefactError(f"{file.name}: does not match its digest", REINSTALL)
