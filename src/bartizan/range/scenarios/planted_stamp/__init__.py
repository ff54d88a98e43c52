"""The planted stamp: training photographs of which a few teach a reader to obey a stamp."""

from __future__ import annotations

from bartizan.range.scenarios.learned_scenario import LearnedScenario

PLANTED_STAMP = LearnedScenario(
    id="planted-stamp",
    title="The planted stamp",
    brief=(
        "A utility bought training photographs for its reader of meters, and somebody put rows of his own between "
        "them: whatever carries a certain stamp is read as one digit. First prove it: hand in the stamp. Then name the "
        "rows to set aside, so that a reader trained on the others no longer obeys, without setting honest ones aside."
    ),
    attack="the stamp: numbers (12, 12), NaN wherever a photograph stays as it is, at most 9 others (numpy.save)",
    defence="the numbers of the rows to set aside (numpy.save)",
    proven="most photographs that carry it are read as one digit",
    stop_at_least=0.9,
    keep_at_least=0.95,
)
