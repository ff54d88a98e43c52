"""The extension points: a model that is audited, a way to train one like it, and an audit."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bartizan.core.registry import K, registrar
from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult
from bartizan.robustness.errors import TimeSpentError

Floats: TypeAlias = NDArray[np.floating[Any]]
Labels: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]


class Access(StrEnum):
    """What an attacker may ask; each level includes those before it."""

    LABELS = "labels"
    """The predicted class alone."""
    SCORES = "scores"
    """Probabilities or logits of every class."""
    GRADIENTS = "gradients"
    """The parameters, and so gradients and inner features."""

    def allows(self, other: Access) -> bool:
        """True when ``other`` is this level or one before it."""
        return _LEVELS[other] <= _LEVELS[self]


_LEVELS = {access: level for level, access in enumerate(Access)}


class Slope(Protocol):
    """A loss as gradients need it."""

    def __call__(self, logits: Floats, /) -> Floats:
        """Logits ``(n, classes)`` to the derivative of each row's loss by its logits, same shape."""
        ...


class ModelUnderTest(Protocol):
    """A classifier as attacks see it. Inputs are ``(n, *shape)``; what is not offered raises NotOfferedError."""

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def digest(self) -> str:
        """``sha256:…`` of its parameters or file; empty for an endpoint, which cannot be pinned."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        ...

    @property
    def classes(self) -> int:
        """How many there are; labels are 0 to ``classes - 1``."""
        ...

    @property
    def access(self) -> Access:
        """The most that it offers."""
        ...

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        """Smallest and largest legal value, each broadcastable to ``shape``; infinite where there is none."""
        ...

    def predict_label(self, x: Floats, /) -> Labels:
        """The class of each row, ``(n,)``."""
        ...

    def predict_proba(self, x: Floats, /) -> Floats:
        """``(n, classes)``; each row sums to one."""
        ...

    def logits(self, x: Floats, /) -> Floats:
        """``(n, classes)``; logarithms of the probabilities where the model has nothing better."""
        ...

    def loss_grad(self, x: Floats, slope: Slope, /) -> tuple[Floats, Floats]:
        """Logits, and the gradient ``(n, *shape)`` by ``x`` of the sum of the losses that ``slope`` derives."""
        ...

    def features(self, x: Floats, /) -> Floats:
        """The last inner representation, ``(n, width)``."""
        ...


class Trainer(Protocol):
    """Trains models of the kind under test: shadow models, surrogates, retraining after quarantine."""

    @property
    def name(self) -> str:
        """What it trains, with the settings that matter."""
        ...

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """A fresh model; the same arguments give the same model."""
        ...


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows with their labels."""

    x: Floats
    """``(n, *shape)``"""
    y: Labels
    """``(n,)``"""

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: slice | NDArray[Any]) -> Samples:
        return Samples(self.x[rows], self.y[rows])


@dataclass(frozen=True, slots=True)
class AuditData:
    """What an audit may look at."""

    train: Samples | None
    """What the model was trained on, where the auditor has it."""
    test: Samples
    """What it was not trained on."""
    digest: str = ""
    """``sha256:…`` of the rows."""
    columns: tuple[str, ...] = ()
    """Names of the features of tabular data."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much an audit may spend."""

    samples: int = 500
    """Rows attacked, or members and non-members each."""
    queries: int = 2_000
    """Queries an attack without gradients may spend on one row."""
    steps: int = 50
    """Steps of an attack with gradients."""
    shadows: int = 16
    """Shadow models trained."""
    seconds: float = 180.0
    """Wall-clock time for one audit; what was not reached is said."""
    workers: int = 2
    """Processes that audit, or train, side by side."""


@dataclass(frozen=True, slots=True)
class AuditContext:
    """Everything one audit works with."""

    model: ModelUnderTest
    """Metered: counts queries, refuses what the access does not allow."""
    data: AuditData
    trainer: Trainer | None = None
    """Absent: audits that must train are inconclusive."""
    weak: ModelUnderTest | None = None
    """A model known to be weak, on the same data: the positive control. Trained by ``trainer`` where absent."""
    effort: Effort = field(default_factory=Effort)
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    """Of this audit alone, as the command line gave them: ``epsilon=0.1``."""
    shared: dict[str, Any] = field(default_factory=dict)
    """What audits of one run make once and use together, such as shadow models."""
    until: float = math.inf
    """Reading of the monotonic clock at which the time for this audit is over."""

    def in_time(self) -> None:
        """Asked before each long step. Raises TimeSpentError once the time is over: the audit is inconclusive."""
        if time.monotonic() > self.until:
            raise TimeSpentError("cut short: the time for this audit is over", "raise --seconds")


class Audit(Protocol):
    """One way to attack a model, with its figures."""

    id: str
    """``evasion.linf``; documented in docs/robustness."""
    threat: Threat
    needs: Access
    """The least access with which it can say anything."""
    title: str
    takes_chance: bool
    """It can judge a model that answers the same rows differently; false where the class does not say."""
    only_named: bool
    """It is about a defence that the model need not have, and runs when asked for by id; false where unsaid."""
    spreads: bool
    """It trains over all workers, or uses what others of the run made: it has the machine to itself; false where
    unsaid."""
    lasts: int
    """Seconds of one core that it takes on a small model, roughly: the longest start first. 1 where unsaid."""
    instead: str
    """What says something of the same in less time, as a hint; empty where unsaid."""

    def run(self, context: AuditContext, /) -> AuditResult:
        """Attack, measure, run the positive control. Raises AuditError where nothing can be said; the runner then
        reports "inconclusive" with the error's cause."""
        ...


_register = registrar("audit")


def audit(kind: K) -> K:
    """Marks a class of ``robustness.audits`` as an audit, and gives it the traits that it does not state."""
    unsaid = {"takes_chance": False, "only_named": False, "spreads": False, "lasts": 1, "instead": ""}
    for trait, value in unsaid.items():
        if not hasattr(kind, trait):
            setattr(kind, trait, value)
    return _register(kind)
