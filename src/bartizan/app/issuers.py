"""Issuers of access tokens, if policy names some; without them workers do without the library that reads JWTs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bartizan.core.errors import ConfigurationError
from bartizan.firewall.authentication import TokenCallers
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.workspace import Workspace

if TYPE_CHECKING:
    from bartizan.app.key_sets import KeySets


class Issuers:
    """What knows callers by their tokens, for one policy after the other. Key sets are kept between them."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._key_sets: KeySets | None = None

    def bearers(self, policy: PolicyDocument, files: Mapping[str, bytes]) -> TokenCallers | None:
        """For ``policy``; None where it names no issuer.

        Args:
            policy: with the section ``tokens``.
            files: the watched ones.

        Raises:
            ConfigurationError: a key set is missing or unusable, or the library is not installed.
        """
        if not policy.tokens.issuers:
            return None
        try:
            from bartizan.app.key_sets import KeySets
            from bartizan.firewall.bearers import Bearers
        except ModuleNotFoundError as error:
            if error.name != "jwt":
                raise
            raise ConfigurationError("access tokens need their library", "pip install 'bartizan[tokens]'") from None
        if self._key_sets is None:
            self._key_sets = KeySets(self._workspace)
        return Bearers(policy.tokens, self._key_sets.of(policy.tokens, files), policy.limits)
