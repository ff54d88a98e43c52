"""From what a person names to the score of a text classifier."""

from __future__ import annotations

import math
from typing import Any

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.evasion.text import Score
from bartizan.robustness.loading import called


def load_text_model(named: str) -> Score:
    """``python:module:function``, whose answer is a fitted classifier of texts with two classes, or a function from a
    text to a number in [0, 1]. Runs that code, which is the caller's own.

    Raises:
        UnusableModelError: it names nothing of the kind, fails, or its scores are no probabilities.
    """
    kind, _, rest = named.partition(":")
    if kind != "python" or not rest:
        raise UnusableModelError(f"{named[:200]} names no text classifier", "guard, or python:module:function")
    found = called(rest)
    if hasattr(found, "predict_proba"):
        return _checked(named, lambda text: _second(named, found, text))
    if callable(found):
        return _checked(named, found)
    raise UnusableModelError(f"a {type(found).__name__} is no text classifier", "return a fitted one, or a function")


def _second(named: str, model: Any, text: str) -> float:
    scores = model.predict_proba([text])[0]
    if len(scores) != 2:
        raise UnusableModelError(f"{named} has {len(scores)} classes, not two")
    return float(scores[1])


def _checked(named: str, score: Any) -> Score:
    def made(text: str) -> float:
        try:
            found = float(score(text))
        except UnusableModelError:
            raise
        except Exception as error:  # the caller's own code may raise anything
            said = (str(error).splitlines() or [""])[0][:200]
            raise UnusableModelError(f"{named} fails: {type(error).__name__}: {said}") from error
        if not (math.isfinite(found) and 0 <= found <= 1):
            raise UnusableModelError(f"{named} answered {found:g}, which is no score from 0 to 1")
        return found

    return made
