"""What an audit of a model measured, as reports show it. A figure never travels without its n and its interval."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from bartizan.core.threat import Severity, Threat


class Outcome(StrEnum):
    """What an audit says about the model."""

    WEAK = "weak"
    """The attack succeeded beyond the mark that the audit states."""
    WITHSTOOD = "withstood"
    """The attack did not succeed beyond the mark, and its positive control did: an upper bound, never a proof."""
    INCONCLUSIVE = "inconclusive"
    """Nothing can be said; ``reason`` says why."""


class Measure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure."""

    name: str
    """Stable, such as ``robust_accuracy`` or ``tpr_at_fpr_0.001``."""
    value: float
    n: int
    """Independent observations behind it."""
    interval: tuple[float, float] | None = None
    """95%; Clopper-Pearson for rates. None where the figure has none, such as a distance."""
    unit: str = ""
    """Empty for a rate in [0, 1]."""
    note: str = ""

    @property
    def is_rate(self) -> bool:
        """A share of n, which is shown in percent; an area under a curve is none."""
        return not self.unit and 0 <= self.value <= 1 and not self.name.endswith("auc")


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The same figure elsewhere: a baseline, or the positive control."""

    what: str
    """Plain words: which model, which guess."""
    measure: Measure
    succeeded: bool = True
    """For a positive control: the attack did succeed on the model known to be weak."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a chart."""

    chart: str
    """Curves with the same title share a chart."""
    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    x_label: str
    y_label: str
    log_x: bool = False
    log_y: bool = False


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """An image, grey or RGB, row by row."""

    group: str
    """Pictures of a group stand side by side: an original, its perturbed twin, the difference."""
    caption: str
    width: int
    height: int
    pixels: bytes
    """``height * width`` bytes for grey, three times as many for RGB."""


class NamedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A training row that an audit names, so that it is found again in other files."""

    row: int
    """Its index in the data of the audit."""
    digest: str
    """SHA-256 of its values as little-endian float32, in C order."""
    label: int
    weight: float
    """Why it is named, in the audit's own terms: doubt about its label, or how far a behaviour rests on it."""


class AuditResult(msgspec.Struct, frozen=True, kw_only=True):
    """One audit of one model."""

    audit: str
    """Id such as ``evasion.linf``."""
    title: str
    threat: Threat
    outcome: Outcome
    severity: Severity = Severity.INFO
    """Of the weakness; ``info`` unless ``weak``."""
    reason: str
    """One sentence: what decided the outcome."""
    threat_model: str = ""
    """What the attacker knows, may ask and wants."""
    techniques: tuple[str, ...] = ()
    """Framework references with edition."""
    algorithm: str = ""
    papers: tuple[str, ...] = ()
    access: str = ""
    """What was asked: labels, scores or gradients."""
    settings: dict[str, str] = {}
    """Budget, norm, steps and the like, as the replay command needs them."""
    seed: int = 0
    queries: int = 0
    gradients: int = 0
    seconds: float = 0.0
    measures: tuple[Measure, ...] = ()
    """The first is the headline: what evidence and comparisons are about."""
    baselines: tuple[Comparison, ...] = ()
    control: Comparison | None = None
    """The positive control."""
    untested: tuple[str, ...] = ()
    """What this audit does not say."""
    remediation: str = ""
    curves: tuple[Curve, ...] = ()
    pictures: tuple[Picture, ...] = ()
    doubt: str = ""
    """Why attacks with gradients, of any audit, say little about this model; empty where nothing was found."""
    suspects: tuple[int, ...] = ()
    """Training rows that the audit names, by index: the quarantine list."""
    named: tuple[NamedRow, ...] = ()
    """Up to 200 of the rows, the weightiest first, with their digests."""


class ModelAudit(msgspec.Struct, frozen=True, kw_only=True):
    """All audits of one model in one run."""

    model: str
    model_digest: str
    data: str
    data_digest: str
    at: str
    """RFC 3339, UTC."""
    version: str
    """Of Bartizan."""
    accuracy: Measure | None
    """On the untouched test rows."""
    results: tuple[AuditResult, ...]
    skipped: dict[str, str] = {}
    """Audits that were not run, and why."""
    replay: str = ""
    """The command that repeats it."""
