"""A model on the disk against its statement: sign what is there, verify that nothing else is there."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from bartizan.core.errors import ArtefactError
from bartizan.core.problem import printable
from bartizan.supplychain.signing.bundle import Bundle, read
from bartizan.supplychain.signing.statement import MOST_RESOURCES, WHOLE, Resource, Statement, decode
from bartizan.trust.dsse import Signer, Trust
from bartizan.trust.signing import SignatureInvalid

GIT = (".git", ".gitattributes", ".github", ".gitignore")
"""Not part of a model, as model-signing has it."""
_CHUNK = 1 << 20


def sign(model: Path, signature: Path, signer: Signer, ignored: Sequence[str] = ()) -> Statement:
    """Sign a file, or every file in a folder, and write the bundle.

    Args:
        ignored: relative paths that are not part of the model; git's files and the signature itself never are.

    Raises:
        ArtefactError: there is nothing to sign, a link or something else that is no file, or it cannot be written.
    """
    apart = sorted({*ignored, *GIT, *_own(model, signature)}) if model.is_dir() else []
    names = list(_files(model, apart, links=False))
    if not names:
        raise ArtefactError(f"{model} holds no file to sign")
    statement = Statement(
        name=model.resolve().name,
        resources=tuple(Resource(name, "sha256", _digest(model, name, "sha256")) for name in names),
        ignored=tuple(apart),
    )
    try:
        signature.write_bytes(Bundle.sign(statement.encode(), signer).encode())
    except OSError as error:
        raise ArtefactError(f"cannot write {signature}: {error.strerror}") from None
    return statement


def verify(model: Path, signature: Path, key: Trust) -> Statement:
    """Return if ``key`` signed exactly the files that are there.

    Raises:
        SignatureInvalid: another key, a broken bundle, a file that is missing, changed or was never signed.
        ArtefactError: a file cannot be read.
    """
    statement = decode(read(signature).verify(key))
    apart = [*statement.ignored, *_own(model, signature)]
    there = set(_files(model, apart, links=statement.allow_symlinks))
    signed = {_file(one, statement.method) for one in statement.resources}
    for what, names in (("is missing", signed - there), ("was never signed", there - signed)):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise SignatureInvalid(f"{printable(min(names), 200)}{more} {what}")
    for one in statement.resources:
        if statement.method == "files":
            digest = _digest(model, one.name, one.algorithm)
        else:
            digest = _shard(model, one, statement.shard_size)
        if digest != one.digest:
            raise SignatureInvalid(f"{printable(one.name, 200)} is not what was signed")
    if statement.method == "shards":
        _whole(model, statement)
    return statement


def _own(model: Path, signature: Path) -> list[str]:
    """The signature's path within the model, if it lies there."""
    base, file = model.resolve(), signature.resolve()
    return [file.relative_to(base).as_posix()] if file.is_relative_to(base) and file != base else []


def _files(model: Path, ignored: Sequence[str], *, links: bool) -> Iterator[str]:
    """Names of the files of a model, in the order of the format. Raises ArtefactError."""
    if not model.is_dir():
        _regular(model, links=links)
        yield WHOLE
        return
    apart = [PurePosixPath(one) for one in ignored]
    found: list[PurePosixPath] = []
    for folder, folders, files in os.walk(model, onerror=_failed, followlinks=False):
        here = PurePosixPath(Path(folder).relative_to(model).as_posix())
        for name in [*folders, *files]:
            path = here / name
            if any(path.is_relative_to(one) for one in apart):
                if name in folders:
                    folders.remove(name)
                continue
            if name in folders and not (Path(folder) / name).is_symlink():
                continue
            _regular(Path(folder) / name, links=links)
            found.append(path)
        if len(found) > MOST_RESOURCES:
            raise ArtefactError(f"{model} holds more than {MOST_RESOURCES:,} files")
    yield from map(str, sorted(found))


def _regular(path: Path, *, links: bool) -> None:
    try:
        mode = path.stat(follow_symlinks=links).st_mode
    except OSError as error:
        raise ArtefactError(f"{printable(str(path), 300)} cannot be read: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise ArtefactError(f"{printable(str(path), 300)} is a link or no file, and a model is made of files")


def _failed(error: OSError) -> None:
    raise ArtefactError(f"{printable(str(error.filename), 300)} cannot be read: {error.strerror}")


def _digest(model: Path, name: str, algorithm: str, start: int = 0, end: int = -1) -> str:
    path = model if name == WHOLE else model / name
    summed = hashlib.new(algorithm)
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(start)
            left = end - start if end >= 0 else -1
            while left and (piece := file.read(_CHUNK if left < 0 else min(_CHUNK, left))):
                summed.update(piece)
                left -= len(piece) if left > 0 else 0
    except OSError as error:
        raise ArtefactError(f"{printable(str(path), 300)} cannot be read: {error.strerror}") from None
    return summed.hexdigest()


def _file(one: Resource, method: str) -> str:
    return one.name if method == "files" else one.name.rsplit(":", 2)[0]


def _bounds(one: Resource) -> tuple[int, int]:
    _, start, end = one.name.rsplit(":", 2)
    if not (start.isdecimal() and end.isdecimal() and int(start) <= int(end)):
        raise SignatureInvalid("a signed shard has no bounds")
    return int(start), int(end)


def _shard(model: Path, one: Resource, size: int) -> str:
    start, end = _bounds(one)
    if size <= 0 or end - start > size:
        raise SignatureInvalid("a signed shard is larger than the statement says")
    return _digest(model, _file(one, "shards"), one.algorithm, start, end)


def _whole(model: Path, statement: Statement) -> None:
    """Every file must be covered from its first to its last byte."""
    ends: dict[str, int] = {}
    for one in sorted(statement.resources, key=lambda one: (_file(one, "shards"), _bounds(one))):
        start, end = _bounds(one)
        if start != ends.get(_file(one, "shards"), 0):
            raise SignatureInvalid("a signed file is not covered by its shards")
        ends[_file(one, "shards")] = end
    for name, end in ends.items():
        if (model if name == WHOLE else model / name).stat().st_size != end:
            raise SignatureInvalid(f"{printable(name, 200)} is not what was signed")
