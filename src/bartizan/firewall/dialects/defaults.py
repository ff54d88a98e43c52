"""How dialects read origins when no policy was handed to them."""

from __future__ import annotations

from bartizan.firewall.dialects.sink import Surfaces
from bartizan.policy.document import PolicyDocument


def default_surfaces() -> Surfaces:
    """Origin to surfaces, as a policy that says nothing about it has them."""
    return PolicyDocument(version=1).origins
