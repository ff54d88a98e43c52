"""The answer of a check on arguments that does not let them pass."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """Why the arguments are not let pass."""
