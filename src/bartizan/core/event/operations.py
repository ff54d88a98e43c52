"""What happens to a deployment: its workspace, processes, models and artefacts."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from bartizan.core.artefact import Admission
from bartizan.core.event.record import Record


class ConfigurationChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="configuration.changed"):
    """A snapshot of the workspace came into force, or a broken edit was turned down."""

    snapshot: int
    digest: str
    accepted: bool
    problem: str = ""
    files: tuple[str, ...] = ()
    """Names of the files that are new or different, if an earlier snapshot was in force here."""
    removed: tuple[str, ...] = ()
    """Names of the files that are gone."""
    loosened: tuple[str, ...] = ()
    """Settings of policy that guard less than before, such as ``surfaces.user.prompt_injection.action``."""


class ControlChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="control.changed"):
    """A hardening control was approved, rolled back, verified, or found to hold no longer."""

    control: str
    """Its id, such as ``hc-23b335531c7b``."""
    state: Literal["enforced", "monitored", "rolled_back", "verified", "decayed", "expired", "inconclusive"]
    strengthens: str = ""
    """Id of the control of the catalogue."""
    finding: str = ""
    by: str = ""
    """Who approved it, and the id of the key."""
    version: int = 0
    """Of the signed snapshot."""
    stopped: int = 0
    variants: int = 0
    """Variants of the finding that were tried, and how many of them were stopped."""
    reason: str = ""


class ProcessChanged(Record, frozen=True, kw_only=True, omit_defaults=True, tag="process.changed"):
    """A gateway worker or the keeper started, drained, stopped or was lost."""

    process: str
    state: str
    detail: str = ""


class SinkAlarmed(Record, frozen=True, kw_only=True, omit_defaults=True, tag="sink.alarmed"):
    """Records do not reach a receiver, or do again. Never says what a receiver said: that may quote records."""

    sink: str
    state: Literal["rejecting", "failing", "delivering"]
    """``rejecting``: records are in its dead letter. ``failing``: it took nothing for two minutes. ``delivering``:
    it does again."""
    count: int = 0
    """Records rejected since the last such record; records behind, for the other two."""
    total: int = 0
    """Records that the sink ever rejected."""
    kinds: tuple[str, ...] = ()
    """Kinds of the rejected records."""
    since: datetime | None = None
    """When it began to fail."""
    detail: str = ""
    """Why the last try failed."""


class ModelPulled(Record, frozen=True, kw_only=True, omit_defaults=True, tag="model.pulled"):
    """Model weights were fetched and their digest checked."""

    model: str
    digest: str
    source: str


class ArtefactDecided(Record, frozen=True, kw_only=True, omit_defaults=True, tag="artefact.decided"):
    """Whether policy admits one file: before it is loaded, in CI, or when somebody asks."""

    path: str
    sha256: str = ""
    """Hexadecimal; empty where the file was not read to its end."""
    size: int = -1
    admission: Admission
    observed: Admission
    """What would have been decided had policy not been told to let everything pass."""
    policy: str = ""
    reason: str = ""
    pack: str = ""
    formats: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Of what the scanner found."""
    waived: tuple[str, ...] = ()
    """Of those, the ones that a waiver for just this digest accepts."""
    signature: str = ""
    """``valid``, ``invalid``, ``untrusted`` or ``none``."""
    signer: str = ""
    purpose: str = ""
    """``admit`` for a question, ``load`` right before loading, ``proxy`` before a registry's file is handed out."""
