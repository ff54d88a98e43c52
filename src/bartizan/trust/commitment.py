"""Content commitments: an HMAC-SHA256 (RFC 2104) in place of the text.

Whoever holds the key can later show that a given text was the one recorded; nobody else can test guesses against the
journal, which a bare hash of short texts would allow.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.core.event import Commitment
from bartizan.trust.keyring import CommitmentKey, KeyRing
from bartizan.trust.sketch import Sketcher

_BLOCK: Final = 64
MOST_SKETCHED: Final = 4_096
"""Sketches that are remembered."""
_INNER_PAD: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD: Final = bytes(byte ^ 0x5C for byte in range(256))


class CommitmentMismatch(BartizanError):  # noqa: N818 - says what is the case
    """A text is not the one that was committed to."""


class Keeper(Protocol):
    """Where texts go that are to be kept, but not in the record."""

    @property
    def keeps_texts(self) -> bool:
        """It has a key to seal texts to."""
        ...

    def keep(self, under: str, mac: str, text: str | None, sketch: bytes = b"") -> str:
        """Keep a text under the id of the commitment key and the commitment to it; gives the reference to it."""
        ...


class _Mac:
    """HMAC-SHA256 under one key, its two padded blocks hashed once: half the cost of ``hmac.digest`` on short texts."""

    def __init__(self, key: CommitmentKey) -> None:
        block = key.secret.ljust(_BLOCK, b"\0")
        self.key_id = key.id
        self._inner = hashlib.sha256(block.translate(_INNER_PAD))
        self._outer = hashlib.sha256(block.translate(_OUTER_PAD))

    def hexdigest(self, message: bytes) -> str:
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()


class Committer:
    """Commits to texts under the key ring's current key and verifies commitments under any key still at hand.

    Args:
        ring: the keys.
        vault: for :meth:`keep`.
        clock: for tests; the same as the ring's.

    Raises:
        ConfigurationError: the key ring cannot be used.
    """

    def __init__(self, ring: KeyRing, vault: Keeper | None = None, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._ring = ring
        self.vault = vault
        self._clock = clock
        self._uses = 0
        self._refresh()

    def commit(self, text: str, *, keep: str = "") -> Commitment:
        """The commitment to ``text``. ``keep`` is the redacted text to store beside it, if policy asks for that.

        The key's age is looked at every 256 commitments, so that a rotation may come that much late.

        Raises:
            ConfigurationError: a rotation was due and failed.
        """
        self._uses += 1
        if self._uses & 0xFF == 0:
            self._rotate_if_due()
        mac = self._mac
        return Commitment(mac.key_id, mac.hexdigest(_encode(text)), len(text), keep)

    def keep(self, text: str, redacted: str | None, *, sketched: bool = False, beside: str = "") -> Commitment:
        """The commitment to ``text``, of which the vault keeps what is given.

        Args:
            text: the whole text.
            redacted: what to keep of it, if anything.
            sketched: keep a sketch, which finds texts like it.
            beside: the redacted text to store in the record.

        Raises:
            ConfigurationError: there is no vault, or a rotation was due and failed.
            JournalError: the vault cannot keep it.
        """
        if self.vault is None:
            raise ConfigurationError("there is no vault", "name one in bartizan.yaml: journal.vault")
        made = self.commit(text)
        sketch = self._sketch(made.mac, text) if sketched else b""
        if redacted is None and not sketch:
            return Commitment(made.key, made.mac, made.characters, beside)
        kept = self.vault.keep(made.key, made.mac, redacted, sketch)
        return Commitment(made.key, made.mac, made.characters, beside, kept)

    def sketches(self, text: str) -> dict[str, bytes]:
        """The sketch of a text under each key that is at hand, by the key's id. Raises ConfigurationError."""
        return {key: Sketcher(self._ring.get(key).secret).sketch(text) for key in self._ring.ids()}

    def _sketch(self, mac: str, text: str) -> bytes:
        """A conversation is sent again with each request, so its texts' sketches are remembered."""
        known = self._sketched.get(mac)
        if known is None:
            if len(self._sketched) >= MOST_SKETCHED:
                self._sketched.clear()
            known = self._sketched[mac] = self._sketcher.sketch(text)
        return known

    def verify(self, commitment: Commitment, text: str) -> None:
        """Return if ``text`` is what was committed to.

        Raises:
            CommitmentMismatch: it is not.
            KeyUnavailable: the key was erased, so nobody can tell.
        """
        expected = _Mac(self._ring.get(commitment.key)).hexdigest(_encode(text))
        if len(text) != commitment.characters or not hmac.compare_digest(
            expected.encode("ascii"), _encode(commitment.mac)
        ):
            raise CommitmentMismatch(f"the text is not the one committed to under key {commitment.key}")

    def _rotate_if_due(self) -> None:
        if self._clock() >= self._expires:
            self._refresh()

    def _refresh(self) -> None:
        key = self._ring.current()
        self._mac = _Mac(key)
        self._sketcher = Sketcher(key.secret)
        self._sketched: dict[str, bytes] = {}
        self._expires = self._ring.expires(key)


def _encode(text: str) -> bytes:
    # JSON may carry lone surrogates; they are content like any other and must not make a request fail.
    return text.encode("utf-8", "surrogatepass")
