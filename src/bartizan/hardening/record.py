"""``hardening/ID.json``: one approved control, with its regression cases, signed by who approved it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.hardening.candidate import Depth, Kind
from bartizan.hardening.change import Change
from bartizan.hardening.exchange import Exchange
from bartizan.hardening.gates import Count, Disturbed
from bartizan.hardening.stack import Layer
from bartizan.trust.signing import SignatureInvalid, SigningKey, TrustedKeys
from bartizan.workspace.files import read_bounded

FOLDER: Final = "hardening"
_CONTEXT: Final = b"bartizan/hardened-control/v1\n"
_LARGEST: Final = 20_000_000
_NAME: Final = re.compile(r"hc-[0-9a-f]{12}")


class Undo(msgspec.Struct, frozen=True):
    """What a setting was before."""

    path: tuple[str, ...]
    had: bool
    value: Any = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """The regression case of one finding."""

    finding: str
    title: str
    exchange: Exchange
    variants: tuple[Exchange, ...]
    """Those of the trial."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What the trial said."""

    reason: str
    stopped: Count
    made: int
    disturbed: Disturbed
    seed: int
    digest: str
    """SHA-256 over variants and harmless exchanges."""


class ControlRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One approved control."""

    schema: Literal["bartizan/hardened-control/v1"] = "bartizan/hardened-control/v1"
    id: str
    kind: Kind
    depth: Depth
    title: str
    note: str
    strengthens: str
    """Id of the control of the catalogue."""
    layer: Layer
    state: Literal["enforced", "monitor"]
    change: Change
    undo: tuple[Undo, ...]
    cases: tuple[Case, ...] = ()
    """Empty where they hold what was leaked: those stay in the state directory, see :func:`cases_of`."""
    private_cases: str = ""
    """SHA-256 of that file."""
    findings: tuple[str, ...]
    """Ids of the findings that it was made for."""
    trial: Measured
    approved_by: str
    approved_at: datetime
    verify_by: datetime
    expires_at: datetime
    version: int
    """Of the signed snapshot in which it came into force."""
    key: str
    signature: str = ""

    def signed(self, key: SigningKey) -> ControlRecord:
        """The record under the signature of ``key``."""
        mine = msgspec.structs.replace(self, key=key.public.id, signature="")
        return msgspec.structs.replace(mine, signature=base64.b64encode(key.sign(mine._payload())).decode("ascii"))

    def verify(self, keys: TrustedKeys) -> None:
        """Return if a trusted key signed it. Raises SignatureInvalid."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except (binascii.Error, ValueError):
            raise SignatureInvalid(f"the record {self.id} carries no signature") from None
        keys.verify(self.key, msgspec.structs.replace(self, signature="")._payload(), signature)

    def encode(self) -> bytes:
        """As it is written."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def _payload(self) -> bytes:
        return _CONTEXT + msgspec.json.encode(self, order="sorted")


def encode_cases(cases: tuple[Case, ...]) -> bytes:
    """Cases as the state directory keeps them."""
    return msgspec.json.encode(cases)


def cases_name(identifier: str) -> str:
    """Where private cases stand, relative to the state directory."""
    return f"hardening/cases/{identifier}.json"


def cases_of(record: ControlRecord, state: Path) -> tuple[Case, ...]:
    """The regression cases of a control.

    Raises:
        ConfigurationError: private ones are missing or not those that were signed.
    """
    if not record.private_cases:
        return record.cases
    name = cases_name(record.id)
    content = read_bounded(state / name, name, _LARGEST, private=True)
    if hashlib.sha256(content).hexdigest() != record.private_cases:
        raise ConfigurationError(f"{name} is not what was signed")
    return msgspec.json.decode(content, type=tuple[Case, ...])


def record_name(identifier: str) -> str:
    """Where the record of a control stands, relative to the workspace. Raises ConfigurationError for no id."""
    if _NAME.fullmatch(identifier) is None:
        raise ConfigurationError(f"{identifier[:40]!r} is no id of a control", "it is hc- and 12 digits")
    return f"{FOLDER}/{identifier}.json"


def read_record(root: Path, identifier: str) -> ControlRecord:
    """The record of a control, not verified. Raises ConfigurationError or DocumentError."""
    name = record_name(identifier)
    if not (root / name).exists():
        raise ConfigurationError(f"the control {identifier} is not approved", "see: bartizan harden list")
    try:
        record = msgspec.json.decode(read_bounded(root / name, name, _LARGEST), type=ControlRecord)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigurationError(f"{name} is damaged: {error}") from None
    if record.id != identifier:
        raise ConfigurationError(f"{name} is the record of another control")
    return record


def read_records(root: Path) -> Iterator[ControlRecord]:
    """Every approved control, by id. Raises ConfigurationError or DocumentError."""
    for path in sorted((root / FOLDER).glob("hc-*.json")):
        yield read_record(root, path.stem)
