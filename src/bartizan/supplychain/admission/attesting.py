"""Decisions that leave the gate with a signature."""

from __future__ import annotations

from pathlib import Path

from bartizan.core.artefact import Admission
from bartizan.core.errors import ConfigurationError
from bartizan.supplychain.admission.gate import Decision
from bartizan.supplychain.signing.attestation import Summary, attest
from bartizan.trust.dsse import Signer


def attest_decision(decision: Decision, folder: Path, signer: Signer) -> Path | None:
    """Write the attestation; None for a file without a digest, about which nothing can be attested.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    if not decision.sha256:
        return None
    summary = Summary(
        name=Path(decision.path).name,
        sha256=decision.sha256,
        passed=decision.observed is Admission.ALLOW,
        at=decision.at,
        pack=decision.pack,
        pack_sha256=decision.pack_sha256,
        policy=decision.policy,
        admission=decision.observed,
        rules=tuple(sorted({one.rule for one in decision.report.findings})),
    )
    try:
        return attest(summary, decision.report, folder, signer)
    except OSError as error:
        raise ConfigurationError(f"the attestation cannot be written to {folder}: {error.strerror}") from None
