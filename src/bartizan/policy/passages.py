"""The section ``passages`` of ``policy.yaml``: texts that answers may not repeat."""

from __future__ import annotations

import msgspec

from bartizan.core.secretref import SecretRef


class DeclaredPassage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text that you declare."""

    name: str
    """Named in signals; not secret."""
    value: SecretRef
    """The text, by environment variable or file."""
    statement: bool = False
    """It is a statement that no answer may make: found as a whole, and not where it is denied. Otherwise it is a text
    that must stay hidden, and any 30 letters of it in a row count."""


class Passages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Passages that answers may not repeat. Needs a row `passage` on the surface `output`."""

    system: bool = False
    """The system messages of the same request. Leave it off where they hold documents or notes that answers quote."""
    declared: tuple[DeclaredPassage, ...] = ()
    """Texts of your own: hidden instructions that the gateway does not see, false statements."""

    def __bool__(self) -> bool:
        return self.system or bool(self.declared)
