"""Audits from Python, in the manner of scikit-learn: settings at construction, data at the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version

import numpy as np

from bartizan.core.clock import rfc3339, utc_now
from bartizan.core.threat import Threat
from bartizan.reporting.audit import AuditResult, ModelAudit
from bartizan.robustness import runner, scheduling
from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Access, Audit, AuditContext, AuditData, Effort, ModelUnderTest, Trainer
from bartizan.robustness.metered import MeteredModel
from bartizan.robustness.settling import reconciled


class Auditor:
    """Runs the audits of some threats against a model.

    Args:
        threats: all without it.
        audits: ids such as ``evasion.linf``, beside those of the threats.
        access: the most that attacks may ask; what the model offers without it.
        budget: rows that one audit may ask in all.
        effort: samples, steps, shadow models, seconds.
        seed: of everything that chance decides.
        options: settings of single audits, such as ``{"epsilon": "0.1"}``.

    Example::

        from sklearn.linear_model import LogisticRegression
        from bartizan.robustness.auditor import Auditor
        from bartizan.robustness.models.sklearn import from_estimator

        model = from_estimator(LogisticRegression().fit(x, y), shape=(13,), classes=3, bounds=(0, 1))
        report = Auditor(audits=["evasion.linf"]).audit(model, AuditData(Samples(x, y), Samples(x2, y2)))
    """

    def __init__(
        self,
        threats: Sequence[Threat] = (),
        audits: Sequence[str] = (),
        access: Access | None = None,
        budget: float = np.inf,
        effort: Effort | None = None,
        seed: int = 0,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.threats, self.audits, self.access, self.budget = tuple(threats), tuple(audits), access, budget
        self.effort, self.seed, self.options = effort or Effort(), seed, dict(options or {})

    def audit(
        self,
        model: ModelUnderTest,
        data: AuditData,
        trainer: Trainer | None = None,
        *,
        named: str = "",
        replay: str = "",
        progress: Callable[[str], None] = lambda _: None,
        done: Callable[[AuditResult], None] = lambda _: None,
    ) -> ModelAudit:
        """Every audit that the access allows; the others are named with the reason.

        So are audits of a defence that the model need not have (``only_named``), unless they are asked for by name.

        Args:
            model: what is audited.
            data: rows that it was, and was not, trained on.
            trainer: trains models like it; audits that need one are inconclusive without it.
            named: how the data is called in the report.
            replay: the command that repeats this run.
            progress: told the ids of the audits that run.
            done: told each result, as audits end; the report holds them against each other after that.

        Raises:
            AuditError: an unknown audit, data that no audit can use, or a model that does not offer the access.
        """
        offered = MeteredModel(model, self.access)
        skipped: dict[str, str] = {}
        selected: list[Audit] = []
        results: dict[str, AuditResult] = {}
        context = AuditContext(offered, data, trainer, effort=self.effort, seed=self.seed, options=self.options)
        for audit in (chosen := runner.chosen(self.threats, self.audits)):
            if audit.only_named and audit.id not in self.audits:
                skipped[audit.id] = "runs when it is asked for by name: it is about a defence, not about the model"
                continue
            if not offered.access.allows(audit.needs):
                skipped[audit.id] = f"needs access to {audit.needs}; this audit has {offered.access}"
                continue
            selected.append(audit)
        for audit, said in scheduling.results(context, selected, self.budget, progress):
            if isinstance(said, AuditResult):
                results[audit.id] = said
                done(said)
            elif audit.id in self.audits:
                raise said
            else:
                skipped[audit.id] = str(said)
        if not results:
            raise AuditError("no audit fits this access", "; ".join(f"{k}: {v}" for k, v in skipped.items())[:300])
        return ModelAudit(
            model=model.name,
            model_digest=model.digest,
            data=named,
            data_digest=data.digest,
            at=rfc3339(utc_now()),
            version=version("bartizan"),
            accuracy=runner.accuracy(MeteredModel(model), data.test),
            results=tuple(reconciled([results[audit.id] for audit in selected if audit.id in results])),
            skipped={audit.id: skipped[audit.id] for audit in chosen if audit.id in skipped},
            replay=replay,
        )
