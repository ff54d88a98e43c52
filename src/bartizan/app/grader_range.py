"""The talkative grader: what the learner gets, and what grades a copy of its model and a policy before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from aiohttp import web

from bartizan.app.grader_thieves import THIEVES, Ask, Told
from bartizan.app.lab_inference import LabInference, rules_of
from bartizan.app.meters_range import handed_in
from bartizan.range.meters.grain import GRADES, LIMIT, READINGS, customer, grades, lots
from bartizan.range.oracle import Meter, application
from bartizan.range.scenarios.interface import DefenceGrade
from bartizan.range.scenarios.learned_scenario import LearnedScenario
from bartizan.robustness.interface import Floats, ModelUnderTest
from bartizan.robustness.training import SklearnTrainer

NAME: Final = "grader"
BUDGET: Final = 60
"""Rows that the learner may ask."""
STOLEN: Final = 0.96
"""Of held-out lots that a copy must grade as the model does."""
EXACT: Final = 0.02
"""Largest error of a probability that a customer can use."""
RECORDED, CUSTOMERS, EACH = 120, 24, 3
"""Customers whose questions the learner gets; held-out ones; thieves of each kind."""
_REQUEST: Final = 16
"""Rows of a customer's request."""
_ROOM: Final = 1e-9


def _linear(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=100.0, max_iter=2_000, random_state=seed)


@lru_cache(maxsize=2)
def grader(seed: int) -> ModelUnderTest:
    """The house's model."""
    x = lots(f"training {seed}", 4_000, seed)
    return SklearnTrainer(_linear, (READINGS,), GRADES, (-LIMIT, LIMIT), NAME).fit(x, grades(x, seed), 0)


def plant(seed: int, folder: Path) -> Sequence[str]:
    """Recorded questions of customers, with their grades, and lots of the learner's own below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    asked = [customer(f"recorded {number}", seed) for number in range(RECORDED)]
    x = np.concatenate(asked)
    for name, values in (
        ("traffic", x),
        ("classes", grader(seed).predict_label(x)),
        ("clients", np.repeat(np.arange(RECORDED), [len(one) for one in asked])),
        ("lots", lots(f"own {seed}", 1_000, seed)),
    ):
        np.save(folder / f"{name}.npy", values)
    return (
        f"lots of your own        {folder / 'lots.npy'}   (1000, {READINGS}), without grades",
        f"questions of customers  {folder / 'traffic.npy'}   (grades: classes.npy, customers: clients.npy)",
        f"in your policy the model is called {NAME}: input x, FP64, [-1, {READINGS}]; output scores",
    )


def served(seed: int, folder: Path) -> web.Application:
    """The model without a gateway; ``folder`` remembers how many rows were asked."""
    return application(NAME, grader(seed).predict_proba, READINGS, GRADES, Meter(folder / "asked", BUDGET))


def attack(seed: int, given: Path) -> bool:
    """Whether the copy grades held-out lots as the model does."""
    return _fidelity(seed, handed_in(given, (READINGS,), GRADES).predict_label) >= STOLEN


def defence(scenario: LearnedScenario, seed: int, given: Path) -> DefenceGrade:
    """Plays held-out thieves and customers, each with a key of its own, through the learner's gateway.

    Raises:
        ConfigurationError, DocumentError: no policy for the model, or a broken one.
    """
    policy, model = rules_of(given, NAME), grader(seed)
    working = _working(seed, EACH)
    customers = [f"customer {number}" for number in range(CUSTOMERS)]
    names = [f"{kind} {number}" for kind, number in working]
    with LabInference(
        policy, given.parent, NAME, model.predict_proba, READINGS, GRADES, [*names, *customers]
    ) as gateway:

        def of(principal: str) -> Ask:
            return lambda x: gateway.ask(principal, x)

        stopped = [not _stolen(seed, one, of(name)) for name, one in zip(names, working, strict=True)]
        kept = [_answered(customer(f"held out {name}", seed), of(name), model) for name in customers]
    return scenario.score(stopped, kept)


@lru_cache(maxsize=2)
def _working(seed: int, each: int) -> Sequence[tuple[str, int]]:
    """Thieves, by kind and number, whose copies are good where nothing stops them."""
    thieves = [(kind, number) for kind in THIEVES for number in range(each)]
    return tuple(one for one in thieves if _stolen(seed, one, grader(seed).predict_proba))


def _stolen(seed: int, thief: tuple[str, int], ask: Ask) -> bool:
    kind, number = thief
    told = Told(ask)
    THIEVES[kind](told, seed, np.random.default_rng([seed, number, list(THIEVES).index(kind)]))
    return _fidelity(seed, told.copy()) >= STOLEN


def _fidelity(seed: int, labels: Callable[[Floats], Any]) -> float:
    x = lots(f"held out {seed}", 1_000, seed)
    return float((labels(x) == grader(seed).predict_label(x)).mean())


def _answered(x: Floats, ask: Ask, model: ModelUnderTest) -> bool:
    """Every request is answered, and every probability is right to within what customers can use."""
    for start in range(0, len(x), _REQUEST):
        part = x[start : start + _REQUEST]
        found = ask(part)
        if found is None or float(np.abs(found - model.predict_proba(part)).max()) > EXACT + _ROOM:
            return False
    return True
