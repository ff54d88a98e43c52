"""How far a token reaches: routes, models and tools, by its holder's grant and by its scopes."""

from __future__ import annotations

from collections.abc import Sequence

from bartizan.policy.tokens import Reach


class Extent:
    """What is within a grant and, where scopes limit, within at least one of them.

    Args:
        grant: of the holder.
        scopes: what each scope of the token allows; None: scopes limit nothing.
    """

    __slots__ = ("_grant", "_scopes")

    def __init__(self, grant: Reach, scopes: Sequence[Reach] | None = None) -> None:
        self._grant = grant
        self._scopes = scopes

    def covers(self, route: str = "", model: str = "", tool: str = "") -> bool:
        """Whether this may be used together; what is empty is not asked about."""
        if not _covers(self._grant, route, model, tool):
            return False
        return self._scopes is None or any(_covers(scope, route, model, tool) for scope in self._scopes)


def matches(pattern: str, name: str) -> bool:
    """Whether ``name`` is ``pattern``, or begins with what stands before its final ``*``."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _covers(reach: Reach, route: str, model: str, tool: str) -> bool:
    return _within(reach.routes, route) and _within(reach.models, model) and _within(reach.tools, tool)


def _within(patterns: Sequence[str], name: str) -> bool:
    return not patterns or not name or any(matches(pattern, name) for pattern in patterns)
