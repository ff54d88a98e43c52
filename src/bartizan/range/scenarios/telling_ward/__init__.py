"""The telling ward: a model that tells who was treated."""

from __future__ import annotations

from bartizan.range.scenarios.learned_scenario import LearnedScenario

TELLING_WARD = LearnedScenario(
    id="telling-ward",
    title="The telling ward",
    brief=(
        "Two wards trained models on their patients' readings, and gave the models away. First prove that they should "
        "not have: of 200 persons, half of whom the other ward treated, tell who it was. Then train a model for your "
        "own ward whose answers no longer tell, and which is right as often as the one that does."
    ),
    attack="a number for each of the 200 persons, larger for those who were treated (numpy.save)",
    defence="your model (models.saved.save)",
    proven="most of the 100 you rank highest were treated",
    stop_at_least=0.6,
    keep_at_least=0.92,
)
