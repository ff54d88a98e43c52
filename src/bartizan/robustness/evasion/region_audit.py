"""Evasion by few pixels or one patch: random search on scores as an audit."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, Comparison
from bartizan.robustness.errors import AuditError, NotApplicableError
from bartizan.robustness.evasion.ball import Norm
from bartizan.robustness.evasion.ensemble import evade
from bartizan.robustness.evasion.setting import BLACK_BOX, UPPER_BOUND, enough, options, rows, weak_model
from bartizan.robustness.evasion.sparse import Pixels, patch_rs, sparse_rs
from bartizan.robustness.evasion.stages import Stage, Try
from bartizan.robustness.evasion.verdict import judged, pictures, rate
from bartizan.robustness.interface import Access, AuditContext, Floats, ModelUnderTest, Samples

PAPER = (
    "Croce et al., Sparse-RS: a versatile framework for query-efficient sparse black-box adversarial attacks, AAAI 2022"
)


class RegionAudit(ABC):
    """Shared by single pixels and patches; ``mark`` as in the audits of norms."""

    id = ""
    title = ""
    option = ""
    share = 0.0
    """Of an input, where the command line gives no size."""
    threat = Threat.ADVERSARIAL_INPUT
    needs = Access.SCORES

    def run(self, context: AuditContext, /) -> AuditResult:
        """See :class:`~bartizan.robustness.interface.Audit`."""
        given = options(context, **{self.option: self._default(context.model.shape), "mark": 0.5})
        limit = self._limit(context, int(given[self.option]))
        samples = rows(context)
        found = evade(
            context.model, samples, limit, [self._stage(context)], context.seed, context.effort.seconds * 0.7, chunk=100
        )
        correct = int(found.correct.sum())
        enough(correct)
        what, weak = weak_model(context)
        few = samples[: min(len(samples), 100)]
        held = evade(weak, few, limit, [self._stage(context)], context.seed, context.effort.seconds * 0.2)
        caught = rate("evasion_rate", int((held.correct & ~held.robust).sum()), int(held.correct.sum()))
        control = Comparison(what=what, measure=caught, succeeded=caught.value >= 0.5)
        evaded = rate("evasion_rate", correct - int(found.robust.sum()), correct, "of rows classified rightly")
        outcome, severity, reason = judged(evaded, given["mark"], control.succeeded, found.unfinished.values())
        broken = [int(row) for row in np.flatnonzero(found.correct & ~found.robust)[:4]]
        low, high = (float(np.min(side)) for side in context.model.bounds)
        return AuditResult(
            audit=self.id,
            title=self.title,
            threat=self.threat,
            outcome=outcome,
            severity=severity,
            reason=reason,
            threat_model=f"Knows nothing but scores, sets {self.means(limit)} to any value, wants any wrong class.",
            techniques=BLACK_BOX,
            algorithm=self.id.replace("evasion.", "") + " random search",
            papers=(PAPER,),
            access=str(Access.SCORES),
            settings={
                self.option: f"{given[self.option]:g}", "mark": f"{given['mark']:g}",
                "queries": str(context.effort.queries), "samples": str(len(samples)),
            },
            measures=(
                rate("accuracy", correct, found.n),
                rate("robust_accuracy", int(found.robust.sum()), found.n, "an upper bound"),
                evaded,
            ),
            baselines=(self._random(context, samples, limit),),
            control=control,
            untested=(
                UPPER_BOUND,
                "Attacks with gradients, and patches that work on every picture or in a photograph.",
                *(f"Cut short: {why}." for why in found.unfinished.values()),
            ),
            remediation="Training with random patches or occlusions, then this audit again.",
            pictures=pictures(samples.x, found.x, broken, low, high),
        )  # fmt: skip

    @abstractmethod
    def search(self, model: ModelUnderTest, on: Try, limit: Pixels, queries: int) -> Floats:
        """The random search."""
        ...

    def _default(self, shape: tuple[int, ...]) -> int:
        """A share of the input, so that small ones are not changed as a whole; at least one."""
        whole = min(shape[-2:]) if self.option == "side" else math.prod(shape[-2:])
        return max(1, round(self.share * whole))

    @abstractmethod
    def means(self, limit: Pixels) -> str:
        """What is changed, in words."""
        ...

    @abstractmethod
    def limits(self, shape: tuple[int, ...], size: int) -> tuple[int, int]:
        """``count`` and ``side`` of :class:`Pixels`."""
        ...

    def _limit(self, context: AuditContext, size: int) -> Pixels:
        low, high = context.model.bounds
        if not np.isfinite(high - low).all():
            raise AuditError("pixels take any legal value, and there are no bounds", "state the bounds of the model")
        if size < 1:
            raise AuditError(f"{self.option}={size} leaves nothing to attack")
        count, side = self.limits(context.model.shape, size)
        return Pixels(Norm.LINF, np.inf, low, high, count, side)

    def _stage(self, context: AuditContext) -> Stage:
        def attack(on: Try) -> Floats:
            assert isinstance(on.ball, Pixels)
            return self.search(on.model, on, on.ball, context.effort.queries)

        return Stage(self.id, Access.SCORES, attack)

    def _random(self, context: AuditContext, samples: Samples, limit: Pixels) -> Comparison:
        """One draw of the search: places and values by chance."""
        on = Try(context.model, samples.x, samples.y, limit, np.random.default_rng(context.seed))
        moved = self.search(context.model, on, limit, 1)
        hits = int((context.model.predict_label(moved) == samples.y).sum())
        return Comparison(what=f"{self.means(limit)} at random", measure=rate("accuracy", hits, len(samples)))


class SparseAudit(RegionAudit):
    """Single pixels."""

    def search(self, model: ModelUnderTest, on: Try, limit: Pixels, queries: int) -> Floats:
        """See :func:`~bartizan.robustness.evasion.sparse.sparse_rs`."""
        return sparse_rs(model, on.x, on.y, limit, queries, on.rng)

    def means(self, limit: Pixels) -> str:
        """Pixels, or columns of a table."""
        return f"{limit.count} pixels or columns"

    def limits(self, shape: tuple[int, ...], size: int) -> tuple[int, int]:
        """So many places."""
        places = int(np.prod(shape[1:])) if len(shape) == 3 else int(np.prod(shape))
        if size >= places:
            raise AuditError(f"{size} of {places} pixels would change the whole input")
        return size, 0


class PatchAudit(RegionAudit):
    """One square."""

    def search(self, model: ModelUnderTest, on: Try, limit: Pixels, queries: int) -> Floats:
        """See :func:`~bartizan.robustness.evasion.sparse.patch_rs`."""
        return patch_rs(model, on.x, on.y, limit, queries, on.rng)

    def means(self, limit: Pixels) -> str:
        """A patch."""
        return f"one patch of {limit.side} × {limit.side} pixels"

    def limits(self, shape: tuple[int, ...], size: int) -> tuple[int, int]:
        """A square within the picture."""
        if len(shape) != 3:
            raise NotApplicableError(f"inputs of shape {shape} are no pictures")
        if size >= min(shape[1:]):
            raise AuditError(
                f"a patch of {size} pixels does not fit into {shape}", "pictures are (channels, height, width)"
            )
        return size**2, size
