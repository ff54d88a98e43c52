"""What is found about artefacts, who vouches for them, and what bills of materials say of them."""

from __future__ import annotations

from typing import Literal

from bartizan.core.artefact import Admission
from bartizan.core.event.record import Record


class ArtefactScanned(Record, frozen=True, kw_only=True, omit_defaults=True, tag="artefact.scanned"):
    """A scan found something against one file. (Files against which there is nothing are counted.)"""

    path: str
    sha256: str = ""
    """Hexadecimal; empty where the file was not read to its end."""
    size: int = -1
    verdict: Admission
    formats: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


class ScanCompleted(Record, frozen=True, kw_only=True, omit_defaults=True, tag="scan.completed"):
    """A scan came to its end."""

    paths: tuple[str, ...]
    """As they were named."""
    allowed: int = 0
    inconclusive: int = 0
    blocked: int = 0


class ArtefactVouched(Record, frozen=True, kw_only=True, omit_defaults=True, tag="artefact.vouched"):
    """Somebody signed an artefact or the record of a training run, or asked who vouches for one."""

    action: Literal["signed", "verified", "recorded", "traced", "attested"]
    path: str
    valid: bool
    """Whether the answer is yes; true for a signature that was just made. For ``traced`` that a record of a training
    run names the file and holds, for ``attested`` that a signed decision admits it."""
    digest: str = ""
    """SHA-256 of the model as its statement says it, or of the file."""
    signed_files: int = 0
    signer: str = ""
    """Hexadecimal SHA-256 of the signer's public key, where it is known."""
    reason: str = ""
    """Why not."""


class BillHandled(Record, frozen=True, kw_only=True, omit_defaults=True, tag="bom.handled"):
    """A bill of materials was made, merged from others, or checked."""

    action: Literal["made", "merged", "checked"]
    name: str
    """Of the system."""
    digest: str = ""
    """SHA-256 of the document."""
    components: int = 0
    rules: tuple[str, ...] = ()
    """Of what is wrong with it."""
    signature: str = ""
    """``verified``, ``asserted`` (there is one, and nobody checked it), or empty."""
