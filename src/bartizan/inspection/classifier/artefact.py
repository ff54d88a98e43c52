"""The model's folder: a manifest that names each file with size and digest, and nothing loads that does not match."""

from __future__ import annotations

import hashlib
import stat
import zlib
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError

SCHEMA = "bartizan/classifier/v2"
MANIFEST = "manifest.json"
HEADS = ("user", "content", "extraction", "jailbreak", "harmful")
SURFACES = frozenset(HEADS[:2])
SHORT, SHORT_CHARACTERS = "short", 300
"""Material of at most so many characters may have a band of its own: all of it is one look of the first stage."""
ENCODER = "encoder.onnx"
"""Its upper layers."""
MATERIAL_ENCODER = "content.onnx"
"""Upper layers of their own for material, if the model has them; without, those of ``ENCODER`` read everything."""
TRUNK = "trunk.onnx"
"""The lower layers, which are the same in both."""
PACKED = ".gz"
"""Ending of a file that is kept compressed. Size and digest in the manifest are those of what is kept."""
HARM, ANSWER = "harm", "answer"
JUDGES = (HARM, ANSWER)
"""What a model may judge besides, by ``NAME.npz``, a first stage, and ``NAME.onnx``, over the lower layers' states."""
_OF_JUDGES = frozenset(f"{name}.{end}" for name in JUDGES for end in ("npz", "onnx"))
FILES = frozenset({"linear.npz", "tokenizer.json", TRUNK, ENCODER, "calibration.json"})
REINSTALL = "reinstall the package, or build the model with make train"
MOST_BYTES = 64_000_000
"""Of one file, unpacked."""
MOST_TOKENS = 4_096
"""Of a window; no encoder that is worth its time on a processor reads more at once."""
MOST_WINDOWS = 1_024


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
    """By surface: a text whose first-stage logits all lie below is benign without the encoder. ``SHORT`` if there."""
    files: tuple[File, ...]


class Artefact:
    """A model folder. Its files are read once and verified as they are read, so that none can be swapped in between.

    Args:
        folder: where the files are.

    Raises:
        ArtefactError: the manifest is missing, or not one that this version reads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self.manifest = msgspec.json.decode(_bytes(folder / MANIFEST, MOST_BYTES // 1_000), type=Manifest)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ArtefactError(f"{MANIFEST}: {_line(error)}", REINSTALL) from None
        wrong = _wrong(self.manifest)
        if wrong:
            raise ArtefactError(f"{MANIFEST}: {wrong}", REINSTALL)

    def has(self, name: str) -> bool:
        """Whether the model has such a file."""
        return self._listed(name) is not None

    def read(self, name: str) -> bytes:
        """The content of a file. Raises ArtefactError if it is not what the manifest vouches for."""
        file = self._listed(name)
        if file is None:
            raise ArtefactError(f"the model has no file {name}", REINSTALL)
        content = _bytes(self.folder / file.name, file.size)
        if len(content) != file.size:
            raise ArtefactError(f"{file.name}: wrong size", REINSTALL)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            raise ArtefactError(f"{file.name}: does not match its digest", REINSTALL)
        return unpacked(file.name, content)

    def _listed(self, name: str) -> File | None:
        return next((file for file in self.manifest.files if file.name in {name, name + PACKED}), None)


def unpacked(name: str, content: bytes) -> bytes:
    """What a file holds. Raises ArtefactError for a packed one that is broken, or larger than a file may be."""
    if not name.endswith(PACKED):
        return content
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS + 16)  # with the header of gzip
    try:
        out = stream.decompress(content, MOST_BYTES)
    except zlib.error:
        raise ArtefactError(f"{name}: not compressed as its name says", REINSTALL) from None
    if not stream.eof or stream.unused_data:
        raise ArtefactError(f"{name}: not whole, or larger than {MOST_BYTES} bytes", REINSTALL)
    return out


def stored(folder: Path, name: str) -> bytes | None:
    """The content of a file of a folder that need not be a model yet; None if there is none, packed or not."""
    for path in (folder / name, folder / (name + PACKED)):
        if path.exists():
            return unpacked(path.name, path.read_bytes())
    return None


def _wrong(manifest: Manifest) -> str:
    """What is wrong with a manifest, if anything."""
    if manifest.schema != SCHEMA:
        return f"the schema is {manifest.schema[:80]!r}, expected {SCHEMA}"
    if manifest.heads != HEADS:
        return "the heads are not those that this version reads"
    names = [file.name.removesuffix(PACKED) for file in manifest.files]
    if len(set(names)) != len(names) or not FILES <= set(names) <= FILES | {MATERIAL_ENCODER, *_OF_JUDGES}:
        return f"the files are not {', '.join(sorted(FILES))}"
    if any((f"{name}.npz" in names) is not (f"{name}.onnx" in names) for name in JUDGES):
        return "of a judge's two files one is missing"
    if not all(0 < file.size <= MOST_BYTES for file in manifest.files):
        return f"a file is empty or larger than {MOST_BYTES} bytes"
    if not 0 <= manifest.overlap_tokens < manifest.window_tokens <= MOST_TOKENS:
        return "windows do not go forward, or are too long"
    if not 0 < manifest.most_windows <= MOST_WINDOWS:
        return f"most_windows is not between 1 and {MOST_WINDOWS}"
    if manifest.low.keys() - {SHORT} != SURFACES:
        return "low does not name each surface once"
    return ""


def _bytes(path: Path, most: int) -> bytes:
    """The content of a regular file, and one byte beyond ``most`` if there is more."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArtefactError(f"{path.name}: not a file", REINSTALL)
        with path.open("rb") as content:
            return content.read(most + 1)
    except OSError as error:
        raise ArtefactError(f"{path.name}: {error.strerror}", REINSTALL) from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
