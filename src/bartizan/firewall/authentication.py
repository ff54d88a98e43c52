"""Who is calling: virtual keys and access tokens to principals. Keys are compared by their hash, and never kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from bartizan.core.errors import ConfigurationError, WireError
from bartizan.core.limits import Limits
from bartizan.core.once import Once
from bartizan.core.session import Principal
from bartizan.firewall.extent import Extent
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.strangers import ANONYMOUS
from bartizan.policy.document import PolicyDocument

_MAX_KEY = 512


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal with what its credential permits."""

    principal: Principal
    limits: Limits
    models: frozenset[str] = frozenset()
    """Models its key may use; empty: every configured one."""
    on_behalf_of: tuple[str, ...] = ()
    """For whom it acts, nearest first."""
    extent: Extent | None = None
    """How far its token reaches; None for keys."""

    @property
    def identity(self) -> str:
        """The principal with those it acts for, as one text; the principal alone where there are none."""
        return "\x1f".join((self.principal.name, *self.on_behalf_of))

    def may_call(self, route: str) -> bool:
        """Whether the credential is good for an endpoint."""
        return self.extent is None or self.extent.covers(route)

    def may_use(self, model: str, route: str = "") -> bool:
        """Whether it is good for ``model``, on one route or on any."""
        if self.models and model not in self.models:
            return False
        return self.extent is None or self.extent.covers(route, model)

    def may_run(self, tool: str, model: str, route: str) -> bool:
        """Whether ``model``, asked on ``route``, may have ``tool`` called."""
        return self.extent is None or self.extent.covers(route, model, tool)


class TokenCallers(Protocol):
    """What knows callers by their tokens; see :class:`bartizan.firewall.bearers.Bearers`."""

    async def caller(self, scheme: str, token: str, headers: ClientHeaders, once: Once | None) -> Caller:
        """Who sends ``token``. Raises DeclinedError or KeeperError."""
        ...


class Keyring:
    """The credentials of one policy.

    Args:
        policy: with virtual keys.
        bearers: knows callers by their tokens; None: no token lets anybody in.

    Raises:
        ConfigurationError: two rows have the same hash, or a hash is not 64 hexadecimal digits.
    """

    def __init__(self, policy: PolicyDocument, bearers: TokenCallers | None = None) -> None:
        self._bearers = bearers
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
        self._anonymous = Caller(Principal(ANONYMOUS), policy.limits) if policy.anonymous else None

    async def authenticate(self, headers: ClientHeaders, once: Once | None = None) -> Caller:
        """The caller behind ``Authorization: Bearer KEY``, ``x-api-key: KEY``, or a token as ``Bearer`` or ``DPoP``.

        With ``anonymous: true`` a client whose key is not known here (SDKs insist on sending one) is anonymous; one
        that brings a token must bring one that is sound.

        Args:
            headers: of the request.
            once: remembers proofs that tokens are their sender's own.

        Raises:
            WireError: 401 without a valid key.
            DeclinedError, KeeperError: see :class:`TokenCallers`.
        """
        key = headers.api_key
        if headers.authorization:
            name, _, given = headers.authorization.partition(b" ")
            scheme, credential = name.lower(), given.strip()
            token = scheme == b"dpop" or (scheme == b"bearer" and _is_token(credential))
            if token and self._bearers is not None:
                if key:
                    raise WireError("a key and a token are given", status=401)
                return await self._bearers.caller(scheme.decode(), credential.decode("latin-1"), headers, once)
            if scheme == b"bearer" and credential:
                if key and key != credential:
                    raise WireError("two different keys are given", status=401)
                key = credential
        if key and len(key) <= _MAX_KEY:
            caller = self._callers.get(hashlib.sha256(key).digest())
            if caller is not None:
                return caller
        if self._anonymous is not None:
            return self._anonymous
        raise WireError("a valid API key is required", status=401)


def _is_token(credential: bytes) -> bool:
    """Whether a credential has the form of a JWT, which no virtual key has."""
    return credential.count(b".") == 2 and credential.startswith(b"ey")
