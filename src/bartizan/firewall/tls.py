"""The gateway's own certificate."""

from __future__ import annotations

import ssl
from pathlib import Path

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.workspace.deployment import Listen
from bartizan.workspace.files import read_bounded

_MOST_BYTES = 1_000_000


def with_tls_files(listen: Listen, root: Path) -> Listen:
    """``listen`` with absolute paths of its certificate and key, which have been read once; as it is without TLS.

    Args:
        listen: paths in it are relative to ``root``.
        root: the workspace.

    Raises:
        ConfigurationError: only one of the two is named, one cannot be read or is not PEM, the key is encrypted or open
            to every user, or it does not belong to the certificate.
    """
    if not listen.tls_certificate and not listen.tls_key:
        return listen
    if not listen.tls_certificate or not listen.tls_key:
        raise ConfigurationError("listen: tls_certificate and tls_key go together", "name both, or neither")
    certificate, key = root / listen.tls_certificate, root / listen.tls_key
    read_bounded(certificate, f"listen.tls_certificate: {listen.tls_certificate}", _MOST_BYTES)
    read_bounded(key, f"listen.tls_key: {listen.tls_key}", _MOST_BYTES, private=True)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_password)
    except ssl.SSLError as error:
        raise ConfigurationError(
            f"listen: {listen.tls_certificate} and {listen.tls_key} are no certificate with its key: {_words(error)}",
            "both must be PEM, the chain beginning with the server's own certificate",
        ) from None
    return msgspec.structs.replace(listen, tls_certificate=str(certificate), tls_key=str(key))


def _no_password() -> str:
    """OpenSSL would ask for it on the terminal otherwise."""
    raise ConfigurationError("listen.tls_key is encrypted", "decrypt it: 'openssl pkey -in KEY -out PLAIN'")


def _words(error: ssl.SSLError) -> str:
    return (error.reason or "not PEM").replace("_", " ").lower()
