"""The brittle meter: a reader of digits that small changes turn, and a hardened one to be trained."""

from __future__ import annotations

from bartizan.range.scenarios.model_scenario import ModelScenario

BRITTLE_METER = ModelScenario(
    id="brittle-meter",
    title="The brittle meter",
    brief=(
        "A utility reads its meters from photographs that customers send, one digit at a time. Whoever changes no "
        "pixel by more than 0.08 can make it read what it should not. First prove it: change the 30 given photographs "
        "so that at least four fifths are misread. Then train a model that withstands an attack made against it, on "
        "photographs that you have not seen, and that still reads what the old one reads."
    ),
    epsilon=0.08,
    stop_at_least=0.6,
    keep_at_least=0.95,
)
