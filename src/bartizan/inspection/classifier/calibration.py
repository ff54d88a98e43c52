"""From logits to scores: 0.5 is the frozen threshold, whatever the length and the script of a text."""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError
from bartizan.inspection.classifier.artefact import HEADS, JUDGES, REINSTALL, SURFACES

SCHEMA = "bartizan/classifier-calibration/v2"
LENGTHS = (1, 2, 5, 13)
"""Smallest numbers of windows of each length bucket."""
BRIEF = (5, 8)
"""Largest numbers of encoder tokens of each bucket of brief texts."""
MIXED = "mixed"
"""Thresholds of the content head for what somebody typed and that may hold material: a request is an order, too."""
GROUPS = ("latin", "cyrillic", "greek", "arabic", "hebrew", "indic", "cjk", "other")
_SAMPLE = 2_000
_NAMES = {
    "LATIN": "latin",
    "CYRILLIC": "cyrillic",
    "GREEK": "greek",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
    "DEVANAGARI": "indic",
    "BENGALI": "indic",
    "TAMIL": "indic",
    "TELUGU": "indic",
    "GUJARATI": "indic",
    "KANNADA": "indic",
    "MALAYALAM": "indic",
    "CJK": "cjk",
    "HIRAGANA": "cjk",
    "KATAKANA": "cjk",
    "HANGUL": "cjk",
}


class Brief(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of one head, for texts of so few tokens that what the encoder says of them is worth less.

    The sum of the encoder's logit and ``weight`` times the first stage's, the highest over its windows, is held against
    one threshold for each bucket of ``BRIEF``.
    """

    weight: float
    thresholds: tuple[float, ...]


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a judge: the sum of its two stages is held against a threshold."""

    low: float
    """A stretch of text whose first-stage logit lies below is harmless without the second stage."""
    thresholds: tuple[float, ...]
    """One for each bucket of ``LENGTHS``, in stretches of the first stage."""


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``calibration.json``.

    ``thresholds[head][group]`` holds one logit for each bucket of ``LENGTHS``; the score of a logit x is
    1 / (1 + exp(threshold - x)), so that 0.5 means the threshold.
    """

    schema: str
    thresholds: dict[str, dict[str, tuple[float, ...]]]
    brief: dict[str, Brief]
    """By head; heads without a row use ``thresholds`` whatever the length."""
    judges: dict[str, Judged] = {}
    """By name."""

    def score(self, head: str, group: str, windows: int, logit: float) -> float:
        """In [0, 1]. Groups without a row use ``other``."""
        row = self.thresholds[head]
        edges = row.get(group) or row["other"]
        return _score(logit - edges[length_bucket(windows)])

    def score_brief(self, head: str, tokens: int, logit: float, first: float) -> float | None:
        """``score`` of a text of ``tokens`` encoder tokens in all; None if it is not brief, or the head has no row.

        Args:
            head: of the encoder.
            tokens: of the whole text, at least one.
            logit: the encoder's.
            first: the first stage's logit for the surface.
        """
        row = self.brief.get(head)
        if row is None or tokens > BRIEF[-1]:
            return None
        return _score(logit + row.weight * first - row.thresholds[brief_bucket(tokens)])

    def score_judged(self, name: str, stretches: int, logit: float) -> float:
        """In [0, 1]; ``logit`` is the highest sum of both stages over the text's ``stretches``."""
        return _score(logit - self.judges[name].thresholds[length_bucket(stretches)])


def length_bucket(windows: int) -> int:
    """The place in ``LENGTHS`` of a text of so many windows."""
    return sum(windows >= least for least in LENGTHS[1:])


def load(path: Path) -> Calibration:
    """Raises ArtefactError."""
    try:
        return parse(path.read_bytes(), path.name)
    except OSError as error:
        raise ArtefactError(f"{path.name}: {error.strerror}", REINSTALL) from None


def parse(content: bytes, name: str = "calibration.json") -> Calibration:
    """From the bytes of the file called ``name``. Raises ArtefactError."""
    try:
        calibration = msgspec.json.decode(content, type=Calibration)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ArtefactError(f"{name}: {' '.join(str(error).split())[:200]}", REINSTALL) from None
    rows = calibration.thresholds
    if calibration.schema != SCHEMA or not SURFACES <= rows.keys() <= {*HEADS, MIXED}:
        raise ArtefactError(f"{name}: not a calibration of this version", REINSTALL)
    if any("other" not in row or not row.keys() <= set(GROUPS) for row in rows.values()):
        raise ArtefactError(f"{name}: the script groups are not those of this version", REINSTALL)
    if not calibration.brief.keys() <= rows.keys():
        raise ArtefactError(f"{name}: thresholds for brief texts of an unknown head", REINSTALL)
    if any(len(row.thresholds) != len(BRIEF) or row.weight < 0 for row in calibration.brief.values()):
        raise ArtefactError(f"{name}: wrong thresholds for brief texts", REINSTALL)
    judges = calibration.judges
    if not judges.keys() <= set(JUDGES) or any(len(one.thresholds) != len(LENGTHS) for one in judges.values()):
        raise ArtefactError(f"{name}: wrong thresholds for judges", REINSTALL)
    if any(len(edges) != len(LENGTHS) for row in rows.values() for edges in row.values()):
        raise ArtefactError(f"{name}: wrong number of length buckets", REINSTALL)
    return calibration


def brief_bucket(tokens: int) -> int:
    """The place in ``BRIEF`` of a brief text."""
    return sum(tokens > most for most in BRIEF[:-1])


def _score(above: float) -> float:
    """Of a logit so far above its threshold."""
    return 1.0 / (1.0 + math.exp(min(60.0, max(-60.0, -above))))


def script_group(text: str) -> str:
    """The script of most letters, by a sample from all over the text; ``other`` without letters."""
    counts: dict[str, int] = {}
    for char in text[:: max(1, -(-len(text) // _SAMPLE))]:
        if char.isalpha():
            group = _group(char)
            counts[group] = counts.get(group, 0) + 1
    return max(counts, key=lambda group: counts[group]) if counts else "other"


@lru_cache(maxsize=4096)
def _group(char: str) -> str:
    if char.isascii():
        return "latin"
    return _NAMES.get(unicodedata.name(char, "").split(" ")[0].split("-")[0], "other")
