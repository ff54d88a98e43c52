"""The exercises with learned models, by scenario."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bartizan.app import grader_range, planted_range, telling_range
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.learned_scenario import LearnedScenario


class Exercise(Protocol):
    """A module with these three."""

    def plant(self, seed: int, folder: Path) -> Sequence[str]:
        """Write the learner's files; lines that say what they are."""
        ...

    def attack(self, seed: int, given: Path) -> bool:
        """Whether the attack works. Raises ConfigurationError for a file that is none."""
        ...

    def defence(self, scenario: LearnedScenario, seed: int, given: Path) -> DefenceGrade:
        """How the defence does on held-out cases. Raises ConfigurationError for a file that is none."""
        ...


def exercise(scenario: LearnedScenario) -> Exercise:
    """What plants and grades it."""
    found: dict[str, Exercise] = {
        "planted-stamp": planted_range,
        "talkative-grader": grader_range,
        "telling-ward": telling_range,
    }
    return found[scenario.id]
