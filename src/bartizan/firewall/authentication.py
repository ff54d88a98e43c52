"""Who is calling: virtual keys to principals. Keys are compared by their hash; the keys themselves are never kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from bartizan.core.errors import ConfigurationError, WireError
from bartizan.core.limits import Limits
from bartizan.core.session import Principal
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.strangers import ANONYMOUS
from bartizan.policy.document import PolicyDocument

_MAX_KEY = 512


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with what its key permits."""

    principal: Principal
    limits: Limits
    models: frozenset[str]
    """Models it may use; empty: every configured one."""

    def may_use(self, model: str) -> bool:
        """True if the key's model list allows ``model``."""
        return not self.models or model in self.models


class Keyring:
    """The virtual keys of one policy.

    Raises:
        ConfigurationError: two rows have the same hash, or a hash is not 64 hexadecimal digits.
    """

    def __init__(self, policy: PolicyDocument) -> None:
        self._callers: dict[bytes, Caller] = {}
        for row in policy.keys:
            try:
                digest = bytes.fromhex(row.sha256)
            except ValueError:
                digest = b""
            if len(digest) != 32:
                raise ConfigurationError(f"key of {row.principal}: sha256 is not 64 hexadecimal digits")
            if digest in self._callers:
                raise ConfigurationError(f"key of {row.principal}: the same key is listed twice")
            if row.disabled:
                continue
            self._callers[digest] = Caller(
                Principal(row.principal, key_id=row.sha256[:8].lower(), debug=row.debug),
                row.limits or policy.limits,
                frozenset(row.models),
            )
        self._anonymous = Caller(Principal(ANONYMOUS), policy.limits, frozenset()) if policy.anonymous else None

    def authenticate(self, headers: ClientHeaders) -> Caller:
        """The caller behind ``Authorization: Bearer KEY`` or ``x-api-key: KEY``.

        With ``anonymous: true`` a client whose key is not known here (SDKs insist on sending one) is anonymous.

        Raises:
            WireError: 401 without a valid key.
        """
        key = headers.api_key
        if headers.authorization:
            scheme, _, token = headers.authorization.partition(b" ")
            if scheme.lower() == b"bearer" and token:
                if key and key != token.strip():
                    raise WireError("two different keys are given", status=401)
                key = token.strip()
        if key and len(key) <= _MAX_KEY:
            caller = self._callers.get(hashlib.sha256(key).digest())
            if caller is not None:
                return caller
        if self._anonymous is not None:
            return self._anonymous
        raise WireError("a valid API key is required", status=401)
