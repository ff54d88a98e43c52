"""The talkative grader: a model whose answers give it away, and the policy of the gateway before it."""

from __future__ import annotations

from bartizan.range.scenarios.learned_scenario import LearnedScenario

TALKATIVE_GRADER = LearnedScenario(
    id="talkative-grader",
    title="The talkative grader",
    brief=(
        "A grading house lets customers ask its model for the grade of a lot of grain, with probabilities. First prove "
        "that 60 questions are enough for a copy of it. Then write the policy of the gateway before it, so "
        "that no thief gets a copy, even one who knows of rounding, and customers get each answer to within 0.02."
    ),
    attack="your copy of the model (models.saved.save)",
    defence="your workspace's policy.yaml, with profiles/ beside it",
    proven="the copy grades 96% of held-out lots as the model does",
    stop_at_least=0.9,
    keep_at_least=0.9,
)
