"""Whose signature covers a file: by bundles beside it and above it, under keys and certificates of policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from bartizan.core.artefact import ArtefactReport
from bartizan.supplychain.signing.bundle import MOST_BYTES, read
from bartizan.supplychain.signing.statement import WHOLE, Statement, decode
from bartizan.trust.dsse import Trust
from bartizan.trust.signing import SignatureInvalid

BESIDE, ABOVE = ".sig", "model.sig"
_LEVELS = 16
_FRESH = 60.0


class Signed(NamedTuple):
    """What signatures say of one file."""

    state: str
    """``valid``, ``invalid`` (a trusted signer signed other bytes), ``untrusted`` (by nobody named), ``none``."""
    signer: str = ""


_NONE, _UNTRUSTED = Signed("none"), Signed("untrusted")


class Signers:
    """The signers that count.

    Args:
        keys: by the names of the signers.
        clock: seconds; what was verified is verified anew after a minute, for certificates expire.
    """

    def __init__(self, keys: Mapping[str, Trust], clock: Callable[[], float] = time.monotonic) -> None:
        self._keys, self._clock, self._since = keys, clock, clock()
        self._read: dict[tuple[Path, int, int, int], tuple[Statement | None, str]] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def of(self, report: ArtefactReport) -> Signed:
        """Whose signature covers the file of ``report``, by the digest that was taken of it.

        Looked at are ``FILE.sig`` and the ``model.sig`` of the folders above. A trusted signature over other bytes
        weighs more than one over these: an old file with its old signature does not pass for the present one.
        """
        path = Path(report.path).absolute()
        if not report.sha256:
            return _NONE
        if path.name.endswith(BESIDE):  # a signature vouches for itself
            statement, signer = self._statement(path)
            if statement is not None:
                return Signed("valid", signer)
        found = [self._one(path.with_name(path.name + BESIDE), WHOLE, report.sha256)]
        above = list(path.parents)[:_LEVELS]
        found += [self._one(one / ABOVE, path.relative_to(one).as_posix(), report.sha256) for one in above]
        for state in ("invalid", "valid", "untrusted"):
            for one in found:
                if one.state == state:
                    return one
        return _NONE

    def _one(self, bundle: Path, name: str, digest: str) -> Signed:
        statement, signer = self._statement(bundle)
        if statement is None:
            return _UNTRUSTED if signer else _NONE
        signed = {one.name: one for one in statement.resources}.get(name)
        if signed is None or statement.method != "files" or signed.algorithm != "sha256":
            return _NONE
        return Signed("valid" if signed.digest == digest else "invalid", signer)

    def _statement(self, bundle: Path) -> tuple[Statement | None, str]:
        """The statement and its signer; no statement but some name where nobody whom policy names signed it."""
        try:
            status = bundle.stat()
        except (OSError, ValueError):
            return None, ""
        if self._clock() - self._since > _FRESH:
            self._read.clear()
            self._since = self._clock()
        key = (bundle, status.st_mtime_ns, status.st_size, status.st_ino)
        if key not in self._read:
            self._read[key] = self._verified(bundle, status.st_size)
        return self._read[key]

    def _verified(self, bundle: Path, size: int) -> tuple[Statement | None, str]:
        nobody = (None, "nobody")
        if size > MOST_BYTES:
            return nobody
        try:
            one = read(bundle)
        except SignatureInvalid:
            return nobody
        for name, key in self._keys.items():
            try:
                return decode(one.verify(key)), name
            except SignatureInvalid:
                continue
        return nobody
