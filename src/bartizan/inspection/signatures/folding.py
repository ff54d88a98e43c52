"""Brings phrases into the form that the folded view of a text has."""

from __future__ import annotations

import re

from bartizan.inspection.views import fold

_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$-]")


def fold_literal(phrase: str) -> str:
    """The folded form of a literal."""
    return fold(phrase).text


def fold_pattern(pattern: str) -> str:
    """Folds the non-ASCII runs of a pattern, so that RE2 escapes such as ``\\W`` keep their case.

    A run that folds to ASCII punctuation (a full-width bar to ``|``) stays a literal.
    """
    return _FOREIGN.sub(lambda run: _SPECIAL.sub(r"\\\g<0>", fold(run.group()).text), pattern)
