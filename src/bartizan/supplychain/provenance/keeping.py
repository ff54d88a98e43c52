"""Signed records in a folder, found by the digest of what a run wrote."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.provenance.statement import Run, decode, encode
from bartizan.supplychain.signing.bundle import Bundle, read
from bartizan.trust.dsse import Signer, Trust
from bartizan.trust.signing import SignatureInvalid

ENDING: Final = ".provenance.sigstore.json"


def keep(run: Run, folder: Path, signer: Signer) -> list[Path]:
    """Sign a run and write the bundle once for each output, under its digest.

    Raises:
        ConfigurationError: the folder cannot be written, or the key not used.
    """
    raw = Bundle.sign(encode(run), signer).encode()
    places = sorted({folder / f"{one.sha256}{ENDING}" for one in run.outputs})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place in places:
            temporary = place.with_suffix(".new")
            if place is places[0]:
                temporary.write_bytes(raw)
            else:
                _same(places[0], temporary)
            temporary.replace(place)
    except OSError as error:
        raise ConfigurationError(f"the record cannot be written to {folder}: {error.strerror}") from None
    return places


def recorded(sha256: str, folder: Path, trust: Trust, builder: str = "") -> Run | None:
    """The run that wrote the file with this digest; None where the folder has no record of it.

    Raises:
        SignatureInvalid: it is broken, signed by somebody else, of another kind, another builder's, or about others.
    """
    place = folder / f"{sha256}{ENDING}"
    if not place.is_file():
        return None
    run = decode(read(place).verify(trust))
    if sha256 not in {one.sha256 for one in run.outputs}:
        raise SignatureInvalid("the signed record is about other files")
    if builder and run.builder != builder:
        raise SignatureInvalid("the signed record names another builder", f"{builder} was asked for")
    return run


def _same(first: Path, other: Path) -> None:
    """One file under two names where the disk can do that, or a copy."""
    with contextlib.suppress(OSError):
        other.unlink()
    try:
        os.link(first, other)
    except OSError:
        other.write_bytes(first.read_bytes())
