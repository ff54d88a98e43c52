"""Audits that run side by side say what they say one after the other."""

from __future__ import annotations

import os
from functools import lru_cache

import msgspec
import numpy as np
import pytest

from bartizan.reporting.audit import AuditResult, Outcome
from bartizan.robustness import runner, scheduling
from bartizan.robustness.auditor import Auditor
from bartizan.robustness.errors import NotApplicableError
from bartizan.robustness.gallery.recipes import recipe
from bartizan.robustness.interface import AuditContext, AuditData, Effort, ModelUnderTest
from bartizan.robustness.metered import MeteredModel

AUDITS = ("extraction.dimension", "evasion.sparse", "extraction.equation")


@lru_cache
def ground() -> tuple[AuditData, ModelUnderTest]:
    one = recipe("digits-regularised")
    rows = one.rows()
    return rows, one.train(rows)


def effort(workers: int) -> Effort:
    return Effort(samples=60, queries=60, steps=10, shadows=2, seconds=60, workers=workers)


def bare(result: AuditResult) -> AuditResult:
    return msgspec.structs.replace(result, seconds=0.0)


def test_two_processes_find_what_one_finds_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_cores", lambda: 2)
    rows, model = ground()
    told: list[str] = []
    ended: list[str] = []
    one = Auditor(audits=AUDITS, effort=effort(1)).audit(model, rows)
    two = Auditor(audits=AUDITS, effort=effort(2)).audit(
        model, rows, progress=told.append, done=lambda result: ended.append(result.audit)
    )
    assert [bare(result) for result in one.results] == [bare(result) for result in two.results]
    assert told[0].split(", ")[0] == "evasion.sparse"  # the longest
    assert sorted(ended) == sorted(AUDITS)
    assert all(result.outcome is not Outcome.INCONCLUSIVE or result.queries for result in two.results)


class Watched:
    """Notes in which processes it was asked."""

    def __init__(self, model: ModelUnderTest, digest: str, seen: set[int]) -> None:
        self._model, self._seen, self.digest = model, seen, digest

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        self._seen.add(os.getpid())
        return getattr(self._model, name)


@pytest.mark.parametrize("kind", ["may be a server", "cannot travel"])
def test_a_model_that_may_be_a_server_or_cannot_travel_is_asked_by_this_process_alone(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(scheduling, "_cores", lambda: 2)
    rows, model = ground()
    watched = Watched(model, "" if kind == "may be a server" else model.digest, set())
    if kind == "cannot travel":
        watched.hook = lambda: None  # type: ignore[attr-defined]
    context = AuditContext(MeteredModel(watched), rows, effort=effort(2))  # type: ignore[arg-type]
    found = list(scheduling.results(context, runner.chosen(ids=AUDITS), np.inf, lambda _: None))
    assert [audit.id for audit, _ in found] == [audit.id for audit in runner.chosen(ids=AUDITS)]
    assert all(isinstance(said, AuditResult) and said.queries for _, said in found)
    assert watched._seen == {os.getpid()}


def test_what_does_not_fit_is_named_from_another_process_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_cores", lambda: 2)
    rows, model = ground()
    with pytest.raises(NotApplicableError, match="no table"):
        Auditor(audits=("attribute.inference", "extraction.dimension"), effort=effort(2)).audit(model, rows)


def test_audits_that_share_models_have_the_machine_to_themselves() -> None:
    known = runner.known()
    assert all(audit.spreads for name, audit in known.items() if name.startswith(("membership.", "poisoning.")))
    assert not any(audit.spreads for name, audit in known.items() if name.startswith(("evasion.", "extraction.")))
