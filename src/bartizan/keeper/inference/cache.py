"""What was learned lately: a conversation's history comes again with every request."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Sequence

from bartizan.core.inference import Learned

_ENTRY = 320
"""Bytes of an entry without signals, about."""
_SIGNAL = 480
"""Bytes of a signal or a reason, about."""

Answer = tuple[Learned, ...]


class AnswerCache:
    """Least recently used go first. Holds digests under a key that dies with the process, never texts.

    The digest covers the principal: how fast an answer comes tells nobody what another principal has sent.

    Args:
        most_bytes: bound on the memory of all entries, about.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._key = secrets.token_bytes(32)
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._answers)

    def digest(self, principal: str, text: bytes, surfaces: Sequence[str]) -> bytes:
        """What stands for a question."""
        digest = hashlib.blake2b(key=self._key, digest_size=24)
        for part in (principal.encode("utf-8", "surrogatepass"), ",".join(surfaces).encode()):
            digest.update(len(part).to_bytes(4, "big") + part)
        digest.update(text)
        return digest.digest()

    def find(self, digest: bytes) -> Answer | None:
        """The answer, if it is still known."""
        found = self._answers.get(digest)
        if found is not None:
            self._answers.move_to_end(digest)
        return found

    def keep(self, digest: bytes, answer: Answer) -> None:
        """Remember an answer."""
        size = _size(answer)
        if size > self._most_bytes or digest in self._answers:
            return
        self._answers[digest] = answer
        self.bytes += size
        while self.bytes > self._most_bytes:
            _, dropped = self._answers.popitem(last=False)
            self.bytes -= _size(dropped)


def _size(answer: Answer) -> int:
    return _ENTRY + _SIGNAL * sum(len(learned.signals) + len(learned.unread) for learned in answer)
