"""An issuer's public keys (JWKS, RFC 7517), fetched anew now and then, so that they rotate while tokens are checked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import jwt
import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError

UNSOUND: Final = (
    jwt.PyJWTError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading a token or a key set that somebody else wrote can raise."""
FRESH_SECONDS: Final = 300.0
"""After this the key set is fetched again."""
LASTING_SECONDS: Final = 3_000.0
"""After this without a fetch that succeeded no key is believed."""
BETWEEN_SECONDS: Final = 10.0
"""Between two attempts, whoever asks."""
PATIENCE_SECONDS: Final = 1.0
"""For a new key set, where the wanted key is held already."""
_MOST_KEYS: Final = 100
_KINDS: Final = frozenset({"RSA", "EC", "OKP"})


class IssuerKey(msgspec.Struct, frozen=True):
    """A public key, with what its owner says of its use."""

    key: Any
    """For ``jwt.decode``."""
    id: str | None
    kind: str
    """``RSA``, ``EC`` or ``OKP``."""
    curve: str = ""
    algorithm: str = ""
    """The only one that it is for; empty: any that fits."""


class KeySet:
    """The keys of one issuer. Belongs to one event loop.

    Args:
        issuer: for messages.
        fetch: gives the key set as text; raises BartizanError.
        clock: seconds, for tests.
    """

    def __init__(
        self, issuer: str, fetch: Callable[[], Awaitable[str]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str | None, IssuerKey] = {}
        self._loaded = self._asked = float("-inf")
        self._loading: asyncio.Task[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether there are keys that may still be believed."""
        return self._clock() - self._loaded <= LASTING_SECONDS

    async def load(self) -> None:
        """Fetch the keys. Raises ConfigurationError or another BartizanError: they cannot be had, or hold no key."""
        self._asked = self._clock()
        self._keys = keys_in(await self._fetch(), self._issuer)
        self._loaded = self._clock()

    async def key(self, token: str) -> IssuerKey | None:
        """The key that a token names in its header, which nobody has checked yet; None where there is none.

        A key that is not held makes the set be fetched anew, at most once in ten seconds; all who wait share one fetch.
        """
        try:
            named = jwt.get_unverified_header(token).get("kid")
        except UNSOUND:
            return None
        return await self.named(named)

    async def named(self, named: str | None) -> IssuerKey | None:
        """The key of that id; the only one for None."""
        held = named in self._keys
        if (not held or self._clock() - self._loaded > FRESH_SECONDS) and self._may_ask():
            await self._anew(PATIENCE_SECONDS if held else None)
        if not self.usable:  # they may have been revoked since
            self._keys = {}
        if named is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(named)

    def _may_ask(self) -> bool:
        return self._loading is not None or self._clock() - self._asked > BETWEEN_SECONDS

    async def _anew(self, patience: float | None) -> None:
        if self._loading is None:
            self._loading = asyncio.create_task(self._load_quietly())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._loading), patience)

    async def _load_quietly(self) -> None:
        try:
            with contextlib.suppress(BartizanError):  # the keys that are held serve on, for a while
                await self.load()
        finally:
            self._loading = None


def keys_in(text: str, issuer: str) -> dict[str | None, IssuerKey]:
    """Public signing keys by their ids. Raises ConfigurationError: it is no key set, or holds none that can be used."""
    keys: dict[str | None, IssuerKey] = {}
    try:
        rows = json.loads(text)["keys"]
        for row in rows[: _MOST_KEYS + 1]:
            if not _verifies(row):
                continue
            with contextlib.suppress(jwt.PyJWTError):  # of a curve or an algorithm that is not known here
                keys[row.get("kid")] = IssuerKey(
                    jwt.PyJWK.from_dict(row).key,
                    row.get("kid"),
                    row["kty"],
                    str(row.get("crv", "")),
                    str(row.get("alg", "")),
                )
    except UNSOUND as error:
        raise ConfigurationError(f"the key set of {issuer} cannot be used: {error}") from None
    if not keys:
        raise ConfigurationError(f"the key set of {issuer} cannot be used: it holds no public key for signatures")
    if len(rows) > _MOST_KEYS:
        raise ConfigurationError(f"the key set of {issuer} cannot be used: it holds more than {_MOST_KEYS} keys")
    return keys


def _verifies(row: dict[str, Any]) -> bool:
    """Whether a key is public, of a kind that is known here, and meant for checking signatures."""
    if row.get("kty") not in _KINDS or "d" in row or row.get("use", "sig") != "sig":
        return False
    return "verify" in row.get("key_ops", ("verify",))
