"""Exposure of canaries: ranks are those of a plain enumeration, repetition shows, and a blind model says nothing."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from bartizan.reporting.audit import Outcome
from bartizan.robustness.errors import AuditError, UnusableDataError, UnusableModelError
from bartizan.robustness.interface import Floats
from bartizan.robustness.privacy.canaries import Canary, exposure, extract
from bartizan.robustness.privacy.memorisation import audit_canaries

DIGITS = "0123456789"
rng = np.random.default_rng(4)


class Grams:
    """Counts what followed the last characters, in its training lines and in the text before the symbol asked for."""

    name, digest = "n-grams", ""

    def __init__(self, lines: Sequence[str], order: int = 8, reads: bool = True) -> None:
        self._order, self._reads = order, reads
        self._counts: Counter[str] = Counter()
        for line in lines:
            self._count(line, self._counts)
        self.asked = 0

    def _count(self, text: str, counts: Counter[str]) -> None:
        for end in range(1, len(text) + 1):
            for start in range(max(0, end - self._order), end):
                counts[text[start:end]] += 1

    def next_log_probs(self, texts: Sequence[str], alphabet: str, /) -> Floats:
        self.asked += len(texts)
        found = np.empty((len(texts), len(alphabet)))
        for at, text in enumerate(texts):
            own: Counter[str] = Counter()
            if self._reads:
                self._count(text, own)
            p = np.full(len(alphabet), 1 / 256)
            for length in range(self._order):
                before = text[len(text) - length :] if length else ""
                seen = np.array([self._counts[before + one] + own[before + one] for one in alphabet], float)
                p = (seen + p * 2) / (seen.sum() + 2)
            found[at] = np.log(p)
        return found


def drawn(length: int = 3) -> str:
    return "".join(rng.choice(list(DIGITS), length))


ORDINARY = [f"room {drawn(2)} has {drawn(3)} seats" for _ in range(30)]
CANARIES = [Canary(f"pin {name} ", drawn(), DIGITS, copies) for name, copies in zip("abcd", (0, 0, 3, 6), strict=True)]
MODEL = Grams(ORDINARY + [one.prefix + one.secret for one in CANARIES for _ in range(one.copies)])


def test_the_rank_is_that_of_a_plain_enumeration() -> None:
    canary = Canary("room ", "417", DIGITS)

    def score(secret: str) -> float:
        return sum(
            float(MODEL.next_log_probs([canary.prefix + secret[:at]], DIGITS)[0, int(secret[at])]) for at in range(3)
        )

    every = ["".join(one) for one in itertools.product(DIGITS, repeat=3)]
    scores = {one: score(one) for one in every}
    found = exposure(MODEL, canary)
    assert (found.exact, found.of) == (True, 1000)
    assert found.rank == sum(value >= scores["417"] for value in scores.values())
    assert found.bits == pytest.approx(math.log2(1000 / found.rank))
    best, _ = extract(MODEL, canary)
    assert scores[best] == max(scores.values())


def test_planted_secrets_are_exposed_and_extracted_and_others_are_not() -> None:
    before = MODEL.asked
    result = audit_canaries(MODEL, CANARIES)
    assert result.outcome is Outcome.WEAK
    assert result.queries == MODEL.asked - before > 0
    values = {measure.name: measure.value for measure in result.measures}
    assert values["exposure_3"] == pytest.approx(math.log2(1_000))
    assert values["exposure_0"] < 9
    assert values["extracted"] == values["known"] == 0.5
    assert result.control is not None
    assert result.control.succeeded
    assert not result.baselines[0].succeeded
    assert [curve.x for curve in result.curves] == [(3.0, 6.0)]
    clean = audit_canaries(Grams(ORDINARY), CANARIES)
    assert clean.outcome is Outcome.WITHSTOOD


def test_the_rank_of_a_secret_never_seen_is_uniform() -> None:
    chances = np.asarray([exposure(MODEL, Canary("r 12: ", drawn(3), DIGITS)).chance for _ in range(30)])
    assert (chances <= 0.1).mean() < 0.1 + 3 * np.sqrt(0.09 / 30)


def test_large_spaces_are_drawn_from_and_promise_no_more() -> None:
    canary = Canary("key e ", drawn(8), DIGITS, 5)
    model = Grams([*ORDINARY, *[canary.prefix + canary.secret] * 5])
    found = exposure(model, canary, budget=1_600)
    assert (found.rank, found.of, found.exact) == (1, 201, False)
    assert found.bits == pytest.approx(math.log2(201))
    assert extract(model, canary)[0] == canary.secret
    with pytest.raises(UnusableDataError, match="are the fewest"):
        exposure(model, canary, budget=200)


def test_ranks_that_cannot_tell_reassure_nobody() -> None:
    canaries = [Canary(f"vault {name} ", drawn(6), DIGITS) for name in "abcde"]
    recites = audit_canaries(Grams([one.prefix + one.secret for one in canaries] * 5), canaries, budget=1_200)
    assert recites.outcome is Outcome.WEAK
    assert {one.name: one.value for one in recites.measures}["known"] == 1
    with pytest.raises(UnusableDataError, match="drawn secrets cannot tell"):
        audit_canaries(Grams(ORDINARY), canaries, budget=1_200)
    mixed = audit_canaries(Grams(ORDINARY), [CANARIES[0], canaries[0]], budget=1_200)
    assert mixed.outcome is Outcome.INCONCLUSIVE
    assert mixed.untested[0].startswith("canary 1,")
    enough = audit_canaries(Grams(ORDINARY), [CANARIES[0], canaries[0]], budget=2_400)
    assert enough.outcome is Outcome.WITHSTOOD


def test_a_search_stops_at_its_budget() -> None:
    flat = Grams([], reads=False)
    assert extract(flat, Canary("x", "5" * 30, DIGITS), questions=50) == ("", 50)
    assert flat.asked == 50


def test_a_model_that_does_not_read_needs_a_weak_twin() -> None:
    lines = ORDINARY + [one.prefix + one.secret for one in CANARIES for _ in range(one.copies)]
    deaf = Grams(lines, reads=False)
    with pytest.raises(AuditError, match="nothing can be said"):
        audit_canaries(deaf, CANARIES)
    weak = Grams([one.prefix + one.secret for one in CANARIES] * 5, reads=False)
    assert audit_canaries(deaf, CANARIES, weak=weak).outcome is Outcome.WEAK
    with pytest.raises(AuditError, match="nothing can be said"):
        audit_canaries(deaf, CANARIES, weak=Grams([], reads=False))


class Odd:
    name, digest = "odd", ""

    def __init__(self, value: float) -> None:
        self._value = value

    def next_log_probs(self, texts: Sequence[str], alphabet: str, /) -> Floats:
        return np.full((len(texts), len(alphabet)), self._value)


@pytest.mark.parametrize("value", [np.nan, 1.0, -np.inf])
def test_answers_that_are_no_probabilities_are_refused(value: float) -> None:
    with pytest.raises(UnusableModelError):
        exposure(Odd(value), CANARIES[0])


def test_a_model_that_ranks_nothing_exposes_nothing() -> None:
    found = exposure(Odd(-2.3), CANARIES[0])
    assert found.rank == 1_000
    assert found.bits == 0


@pytest.mark.parametrize(
    ("secret", "alphabet"), [("", DIGITS), ("12a", DIGITS), ("1" * 65, DIGITS), ("1", "1"), ("11", "11")]
)
def test_canaries_that_are_none(secret: str, alphabet: str) -> None:
    with pytest.raises(UnusableDataError):
        Canary("x", secret, alphabet)


def test_spaces_too_small_to_say_anything_are_refused() -> None:
    with pytest.raises(UnusableDataError, match="by chance"):
        audit_canaries(MODEL, [Canary("room ", "1", DIGITS)])
    with pytest.raises(UnusableDataError, match="no canaries"):
        audit_canaries(MODEL, [])
