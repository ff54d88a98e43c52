"""Named pattern pieces: ``{{name}}`` in a pattern stands for a piece of the vocabulary, itself made of pieces."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bartizan.core.errors import ConfigurationError

_REFERENCE = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_MAX_LENGTH = 16_000
_MAX_DEPTH = 8


def expand(pattern: str, words: Mapping[str, str]) -> str:
    """Replaces every ``{{name}}``, recursively, by a non-capturing group around its piece.

    Raises:
        ConfigurationError: a name is unknown, pieces refer to themselves, or the result is over 16,000 characters.
    """
    for _ in range(_MAX_DEPTH):
        if not _REFERENCE.search(pattern):
            return pattern
        pattern = _REFERENCE.sub(lambda found: _piece(found.group(1), words), pattern)
        if len(pattern) > _MAX_LENGTH:
            raise ConfigurationError(f"pattern grows past {_MAX_LENGTH} characters", "split it into several")
    raise ConfigurationError("vocabulary pieces refer to each other more than eight deep", "look for a circle")


def _piece(name: str, words: Mapping[str, str]) -> str:
    try:
        return f"(?:{words[name]})"
    except KeyError:
        raise ConfigurationError(f"{{{{{name}}}}} is not in the vocabulary", "add it under `words`") from None
