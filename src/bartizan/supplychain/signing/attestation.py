"""Decisions of admission as attestations: an in-toto statement with a SLSA verification summary, in a Sigstore bundle.

Statement https://in-toto.io/Statement/v1, predicate https://slsa.dev/verification_summary/v1, envelope DSSE 1.0.2. What
the predicate has no field for (rules, facts of the scan) stands under a name of our own, which other readers ignore.
"""

from __future__ import annotations

import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.errors import WireError
from bartizan.core.strict_json import parse
from bartizan.supplychain.signing.bundle import Bundle, read
from bartizan.supplychain.signing.statement import STATEMENT
from bartizan.trust.dsse import Signer, Trust
from bartizan.trust.signing import SignatureInvalid

SUMMARY: Final = "https://slsa.dev/verification_summary/v1"
VERIFIER: Final = "https://bartizan.readthedocs.io/en/latest/supplychain/admission"
ENDING: Final = ".vsa.sigstore.json"


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about one file."""

    name: str
    """Of the file; only a name."""
    sha256: str
    passed: bool
    """Policy admits it. What is held, blocked, or let through by an observing pack alone did not pass."""
    at: Annotated[datetime.datetime, msgspec.Meta(tz=True)]
    pack: str
    pack_sha256: str
    policy: str
    """Id of the policy that decided."""
    admission: Admission
    rules: tuple[str, ...] = ()
    """Of the findings."""


class Found(NamedTuple):
    """A signed summary of exactly this file."""

    summary: Summary
    age: datetime.timedelta


def encode(summary: Summary, report: ArtefactReport) -> bytes:
    """The statement as JSON."""
    return msgspec.json.encode(
        {
            "_type": STATEMENT,
            "subject": [{"name": summary.name, "digest": {"sha256": summary.sha256}}],
            "predicateType": SUMMARY,
            "predicate": {
                "verifier": {"id": VERIFIER, "version": {"bartizan": version("bartizan")}},
                "timeVerified": summary.at.astimezone(datetime.UTC)
                .isoformat(timespec="seconds")
                .replace("+00:00", "Z"),
                "resourceUri": summary.name,
                "policy": {"uri": summary.pack, "digest": {"sha256": summary.pack_sha256}},
                "verificationResult": "PASSED" if summary.passed else "FAILED",
                "verifiedLevels": [],
                "bartizan_admission": {
                    "admission": summary.admission,
                    "policy": summary.policy,
                    "rules": summary.rules,
                    "scan": {"verdict": report.verdict, "formats": report.formats, "findings": report.findings},
                },
            },
        }
    )


def attest(summary: Summary, report: ArtefactReport, folder: Path, signer: Signer) -> Path:
    """Write the signed summary of a file into a folder, under the file's digest. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{summary.sha256}{ENDING}"
    temporary = place.with_suffix(".new")
    temporary.write_bytes(Bundle.sign(encode(summary, report), signer).encode())
    temporary.replace(place)
    return place


def attested(sha256: str, folder: Path, key: Trust, now: datetime.datetime) -> Found | None:
    """The summary of the file with this digest; None where the folder has none.

    Raises:
        SignatureInvalid: it is broken, signed by somebody else, of another kind or about another file.
    """
    place = folder / f"{sha256}{ENDING}"
    if not place.is_file():
        return None
    payload = read(place).verify(key)
    try:
        summary = _summary(parse(payload, max_depth=16, max_nodes=500_000))
    except WireError as error:
        raise SignatureInvalid(f"the signed statement cannot be read: {error.cause}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise SignatureInvalid("the signed statement is no verification summary of ours") from None
    if summary.sha256 != sha256:
        raise SignatureInvalid("the signed summary is about another file")
    return Found(summary, now - summary.at)


def _summary(document: dict[str, Any]) -> Summary:
    predicate = document["predicate"]
    if (document["_type"], document["predicateType"]) != (STATEMENT, SUMMARY) or predicate["verifier"][
        "id"
    ] != VERIFIER:
        raise ValueError
    (subject,) = document["subject"]
    own = predicate["bartizan_admission"]
    return msgspec.convert(
        {
            "name": subject["name"],
            "sha256": subject["digest"]["sha256"],
            "passed": predicate["verificationResult"] == "PASSED",
            "at": predicate["timeVerified"],
            "pack": predicate["policy"]["uri"],
            "pack_sha256": predicate["policy"]["digest"]["sha256"],
            "policy": own["policy"],
            "admission": own["admission"],
            "rules": own["rules"],
        },
        Summary,
    )
