"""AWS Signature Version 4 of one request with headers and a whole body.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html; S3 signs the path as it is sent.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, urlsplit

_UNRESERVED: Final = "-_.~"


class Credentials(NamedTuple):
    """Of one user or role."""

    access_key: str
    secret_key: str
    session_token: str = ""


def signed(
    credentials: Credentials,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """The headers to send: those given, ``Host``, ``X-Amz-Date``, the signature, and the session token if there is one.

    Args:
        credentials: whose.
        method: of HTTP, in capitals.
        url: as it is sent: path and query percent-encoded.
        headers: all are signed.
        body: signed by its SHA-256.
        region: such as ``eu-central-1``.
        service: such as ``s3``.
        at: now; a server refuses what is more than some minutes off.
    """
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    sent = {"Host": parts.netloc, **headers, "X-Amz-Date": moment}
    if credentials.session_token:
        sent["X-Amz-Security-Token"] = credentials.session_token
    lines = {name.lower(): " ".join(value.split()) for name, value in sent.items()}
    names = ";".join(sorted(lines))
    query = sorted((_encoded(key), _encoded(value)) for key, value in parse_qsl(parts.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            method,
            parts.path or "/",
            "&".join(f"{key}={value}" for key, value in query),
            *(f"{name}:{lines[name]}" for name in sorted(lines)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    grant = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return {**sent, "Authorization": grant}


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)
