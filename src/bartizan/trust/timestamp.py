"""Time stamps by a third party (RFC 3161): that something existed by a time, on the word of an authority.

ASN.1 and signatures are the work of ``rfc3161-client``, of the extra ``timestamps``; it is loaded when first needed.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography import x509

from bartizan.core.errors import BartizanError, ConfigurationError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

MOST_BYTES: Final = 65_536
"""Of an answer; usual ones take 1.5 to 7 kB."""
_LEAST: Final = 2
"""Certificates of an authority: the one that stamps, and its root."""
_SHA256: Final = "2.16.840.1.101.3.4.2.1"


class StampInvalid(BartizanError):  # noqa: N818 - says what is the case
    """A time stamp is not what it should be, or not by an authority that is trusted."""


class Stamp(NamedTuple):
    """A time stamp that holds."""

    time: datetime
    """By the authority's clock."""
    serial: int
    policy: str
    """Object identifier of what the authority promises."""


class StampRequest(NamedTuple):
    """What is sent, and what the answer must repeat."""

    body: bytes
    """DER, for a POST as ``application/timestamp-query``."""
    nonce: int


def available() -> bool:
    """The library is installed."""
    try:
        import rfc3161_client  # noqa: F401
    except ImportError:
        return False
    return True


def make_request(content: bytes) -> StampRequest:
    """A request to stamp the SHA-256 of ``content``, with a nonce of 64 bits. Raises ConfigurationError."""
    _needed()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True).build()
    if request.nonce is None:
        raise ConfigurationError("the time stamp library made a request without a nonce")
    return StampRequest(request.as_bytes(), request.nonce)


def check_stamp(answer: bytes, imprint: bytes, nonce: int, roots: list[x509.Certificate]) -> Stamp:
    """The stamp in an authority's answer.

    Args:
        answer: DER of the TimeStampResp.
        imprint: SHA-256 of what was to be stamped.
        nonce: of the request.
        roots: certificates that are trusted; the authority's own chain must end in one of them.

    Raises:
        StampInvalid: it was refused, is malformed, speaks of something else, answers another request, or was not signed
            by a certificate for time stamping under one of the roots that was valid then.
        ConfigurationError: there is no root, or the library is not installed.
    """
    _needed()
    from rfc3161_client import VerificationError, VerifierBuilder

    if not roots:
        raise ConfigurationError("there is no root certificate to check time stamps with", "name its PEM file")
    response = _decoded(answer)
    try:
        info = response.tst_info
        if info.message_imprint.hash_algorithm.dotted_string != _SHA256:
            raise StampInvalid("the time stamp uses another hash than SHA-256")
        VerifierBuilder(nonce=nonce, roots=list(roots)).build().verify(response, imprint)
        return Stamp(info.gen_time, info.serial_number, info.policy.dotted_string)
    except VerificationError as error:
        raise StampInvalid(f"the time stamp does not hold: {str(error)[:200]}") from None
    except (ValueError, x509.InvalidVersion) as error:
        raise StampInvalid(f"the time stamp is malformed: {str(error)[:200]}") from None


def check_stamp_of(answer: bytes, content: bytes, chain: Sequence[x509.Certificate]) -> datetime:
    """The time of a stamp of ``content`` by one authority.

    Args:
        answer: DER of the TimeStampResp.
        content: what was stamped.
        chain: the authority's certificates, the one that stamps first, the root last.

    Raises:
        StampInvalid: malformed, of something else, by somebody else, or nothing here can read it.
    """
    if not available():
        raise StampInvalid("time stamps need a library: pip install 'bartizan[timestamps]'")
    from rfc3161_client import VerificationError, VerifierBuilder

    if len(chain) < _LEAST:
        raise StampInvalid("the authority's chain has no root")
    builder = VerifierBuilder().tsa_certificate(chain[0]).add_root_certificate(chain[-1])
    for one in chain[1:-1]:
        builder = builder.add_intermediate_certificate(one)
    response = _decoded(answer)
    try:
        builder.build().verify_message(response, content)
        return response.tst_info.gen_time
    except (VerificationError, ValueError, x509.InvalidVersion) as error:
        raise StampInvalid(f"the time stamp does not hold: {str(error)[:200]}") from None


def read_roots(path: Path) -> list[x509.Certificate]:
    """The certificates of a PEM file. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            content = file.read(1_000_000)
        return x509.load_pem_x509_certificates(content)
    except OSError as error:
        raise ConfigurationError(f"cannot read the certificates {path}: {error.strerror}") from None
    except ValueError:
        raise ConfigurationError(f"{path} holds no certificate in PEM form") from None


def encode(answer: bytes) -> str:
    """An answer as text."""
    return base64.b64encode(answer).decode("ascii")


def decode(text: str) -> bytes:
    """The answer out of :func:`encode`. Raises StampInvalid."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise StampInvalid("the time stamp is not base64") from None


def _decoded(answer: bytes) -> TimeStampResponse:
    from rfc3161_client import decode_timestamp_response

    if len(answer) > MOST_BYTES:
        raise StampInvalid("the answer is too long for a time stamp")
    try:
        response = decode_timestamp_response(answer)
        if response.status != 0:
            words = "; ".join(response.status_string)[:200]
            raise StampInvalid(f"the authority did not grant a time stamp (status {response.status}): {words}")
        return response
    except ValueError as error:
        raise StampInvalid(f"the answer is no time stamp: {str(error)[:200]}") from None


def _needed() -> None:
    if not available():
        raise ConfigurationError("time stamps need a library", "pip install 'bartizan[timestamps]'")
