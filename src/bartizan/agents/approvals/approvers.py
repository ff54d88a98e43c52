"""Who may decide which request."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from bartizan.core.errors import ConfigurationError
from bartizan.policy.approvals import Approver
from bartizan.policy.document import PolicyDocument
from bartizan.trust.virtual_keys import KeyTable


class Approvers:
    """The approvers of one policy. Immutable; a reload builds a new one.

    Args:
        rows: as policy names them.
        clients: digests of clients' keys. A key that is both would let a session approve itself.

    Raises:
        ConfigurationError: a digest is malformed, listed twice, or a client's; two approvers share a name.
    """

    def __init__(self, rows: Iterable[Approver], clients: Iterable[str] = ()) -> None:
        rows = tuple(rows)
        known = {digest.lower() for digest in clients}
        for row in rows:
            if row.sha256.lower() in known:
                raise ConfigurationError(
                    f"approvers: the key of {row.name} is also a client's", "'bartizan approvals enroll' makes another"
                )
        names = [_folded(row.name) for row in rows]
        if len(set(names)) < len(names) or "" in names:
            raise ConfigurationError(
                "approvers: two have the same name, or one has none", "each person needs their own"
            )
        self._all = KeyTable((row.sha256, row) for row in rows)
        self._active = tuple(row for row in rows if not row.disabled)

    @classmethod
    def of(cls, policy: PolicyDocument) -> Approvers:
        """Those that ``policy`` names. Raises ConfigurationError."""
        return cls(policy.approvers, (key.sha256 for key in policy.keys))

    def find(self, key: str) -> Approver | None:
        """The approver whose key this is; None for an unknown or disabled one."""
        found = self._all.find(key)
        return None if found is None or found.disabled else found

    def anybody(self, principals: Iterable[str]) -> bool:
        """True if there is one who may decide what a session of ``principals`` asks."""
        concerned = tuple(principals)
        return any(independent(row, concerned) for row in self._active)


def independent(approver: Approver, principals: Iterable[str]) -> bool:
    """False if one of ``principals`` (the session's own and those it acts for) may be the approver."""
    own = {form for name in (approver.name, *approver.principals) for form in _forms(name)}
    return not any(form in own for name in principals for form in _forms(name))


def _forms(name: str) -> set[str]:
    """A name, and the last step of one that is an id, as in ``spiffe://example.org/user/alice``: errs towards equal."""
    folded = _folded(name)
    return {folded, folded.rstrip("/").rsplit("/", 1)[-1]} if "://" in folded else {folded}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()
