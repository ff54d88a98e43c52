"""The audit of a text classifier: words changed until the score falls, beside blind changes and a weak classifier."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison, Measure
from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.evasion.text import WORDS, Evaded, Score, evade_text, reworded
from bartizan.robustness.evasion.verdict import judged, rate
from bartizan.robustness.models.bag_of_words import keywords

ID: Final = "evasion.text"
TITLE: Final = "Evasion of a text classifier: words reworded and misspelt"
FEWEST: Final = 10
"""Texts that are seen, without which nothing is said."""
LEVELS: Final = (("words", False), ("words_and_letters", True))
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TextAttack:
    """What a greedy attacker with the scores reaches."""

    texts: Sequence[str]
    """Of the class that the attacker wants to leave."""
    below: float = 0.5
    """The score under which a text has left it."""
    share: float = 0.3
    """Of the words that may be changed."""
    queries: int = 200
    seed: int = 0

    def seen(self, score: Score) -> list[str]:
        """The texts that the classifier sees untouched."""
        return [text for text in self.texts if score(text) >= self.below]

    def evaded(self, score: Score, seen: Sequence[str], letters: bool, told: Told = lambda what: None) -> list[Evaded]:
        """One try for each of the seen texts."""
        found = []
        for number, text in enumerate(seen):
            told(f"{'letters' if letters else 'words'}: {number} of {len(seen)}")
            found.append(evade_text(score, text, self.below, self.share, self.queries, self.seed + number, letters))
        return found

    def by_chance(self, score: Score, seen: Sequence[str], letters: bool) -> int:
        """How many are past it when as large a share of words is changed blindly, one try each."""
        past = 0
        for number, text in enumerate(seen):
            rng = random.Random(self.seed + number)  # noqa: S311 - seeded on purpose
            past += score(reworded(text, self.share, rng, letters, WORDS)) < self.below
        return past


def audit_texts(
    score: Score,
    attack: TextAttack,
    harmless: Sequence[str],
    mark: float = 0.5,
    until: float = float("inf"),
    told: Told = lambda what: None,
) -> AuditResult:
    """Attacks the classifier at both levels; the outcome is about the stronger one.

    Args:
        score: of the classifier under test.
        attack: texts and limits.
        harmless: texts of the other class: a classifier that sees them too has nothing to lose.
        mark: share evaded from which on it is weak.
        until: reading of the monotonic clock at which the attack is cut short.
        told: told what is being done.

    Raises:
        UnusableDataError: fewer than ten texts are seen, or as large a share of harmless texts; or there are none of
            these.
    """
    started = time.monotonic()
    counted = _Counted(score)
    seen = attack.seen(counted)
    if len(seen) < FEWEST:
        raise UnusableDataError(f"{len(seen)} of {len(attack.texts)} texts are seen untouched; {FEWEST} are needed")
    wrongly = sum(counted(text) >= attack.below for text in harmless)
    if harmless and wrongly * len(attack.texts) >= len(seen) * len(harmless):
        raise UnusableDataError(
            f"it sees {wrongly} of {len(harmless)} harmless texts and {len(seen)} of {len(attack.texts)} attacks"
        )
    measures: list[Measure] = []
    baselines: list[Comparison] = []
    cut: list[str] = []
    evaded = rate("evaded", 0, len(seen))
    for name, letters in LEVELS:
        if time.monotonic() > until:
            cut.append("time")
            break
        tried = attack.evaded(counted, seen, letters, told)
        evaded = rate(f"evaded_{name}", sum(one.score < attack.below for one in tried), len(tried))
        measures.insert(0, evaded)
        measures += list(_effort(name, tried, attack.below))
        chance = rate(f"evaded_{name}", attack.by_chance(counted, seen, letters), len(seen))
        baselines.append(Comparison(what="as many words changed blindly, one try", measure=chance))
    told("the weak classifier")
    control = _control(attack, harmless)
    outcome, severity, reason = judged(evaded, mark, control.succeeded, cut)
    measures.append(rate("seen_untouched", len(seen), len(attack.texts)))
    if harmless:
        measures.append(rate("harmless_seen", wrongly, len(harmless)))
    return AuditResult(
        audit=ID,
        title=TITLE,
        threat=Threat.ADVERSARIAL_INPUT,
        outcome=outcome,
        severity=severity,
        reason=reason.replace("rows", "texts"),
        threat_model="Sees scores and rewords or misspells words so that a person reads the same.",
        techniques=(
            "NIST-AI-100-2-e2025:NISTAML.022",
            "MITRE-ATLAS-2026.09:AML.T0043",
            "MITRE-ATLAS-2026.09:AML.T0015",
        ),
        algorithm="Greedy changes of the words whose deletion lowers the score most",
        papers=(
            "Gao et al. 2018, DeepWordBug, IEEE SPW",
            "Li et al. 2019, TextBugger, NDSS",
            "Jin et al. 2020, TextFooler, AAAI",
        ),
        access="scores",
        settings={
            "share of words": f"{attack.share:g}", "queries": str(attack.queries), "below": f"{attack.below:g}",
            "mark": f"{mark:g}",
        },
        seed=attack.seed,
        queries=counted.asked,
        seconds=round(time.monotonic() - started, 3),
        measures=tuple(measures),
        baselines=tuple(baselines),
        control=control,
        untested=(
            "rewording by a language model, other languages than English, gradients",
            "whether a person reads the changed text as before: the list of words is meant so, nobody looked",
        ),
        remediation="Train on such texts, normalise spelling before scoring, hide scores, and limit tries.",
    )  # fmt: skip


class _Counted:
    def __init__(self, score: Score) -> None:
        self._score, self.asked = score, 0

    def __call__(self, text: str) -> float:
        self.asked += 1
        return self._score(text)


def _effort(name: str, tried: Sequence[Evaded], below: float) -> Iterator[Measure]:
    asked = sorted(one.queries for one in tried)
    yield Measure(name=f"questions_{name}", value=asked[len(asked) // 2], n=len(asked), unit="questions", note="median")
    changed = sorted(one.changed / one.words for one in tried if one.score < below)
    if changed:
        middle = changed[len(changed) // 2]
        yield Measure(
            name=f"changed_{name}", value=100 * middle, n=len(changed), unit="% of words", note="median of evaded"
        )


def _control(attack: TextAttack, harmless: Sequence[str]) -> Comparison:
    """Who looks for a few words is evaded by changing them."""
    score = keywords([*attack.texts, *harmless], [True] * len(attack.texts) + [False] * len(harmless))
    own = replace(attack, below=0.5)
    tried = own.evaded(score, own.seen(score), letters=True)
    if len(tried) < FEWEST:
        raise UnusableDataError(
            f"a list of words, the positive control, sees {len(tried)} of the texts; {FEWEST} are needed"
        )
    hits = sum(one.score < own.below for one in tried)
    measure = rate("evaded_words_and_letters", hits, len(tried))
    return Comparison(
        what="a list of three words, any of which is enough", measure=measure, succeeded=2 * hits >= len(tried)
    )
