"""The main job: one application attacked without and with the gateway, and what came of it."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.errors import UpstreamError
from bartizan.range.campaign import Campaign
from bartizan.range.cases import Attack, Benign, Carrier, load_attacks, load_benign
from bartizan.range.client import ModelClient
from bartizan.range.demo_workspace import DemoWorkspace
from bartizan.range.helpdesk.application import COMPANY, HelpDesk
from bartizan.range.helpdesk.records import Plant, plant
from bartizan.range.latency import measure
from bartizan.range.model_process import ModelProcess
from bartizan.range.model_store import SMOLLM2, ModelStore
from bartizan.reporting.assessment import Assessment, Fact

MAX_TOKENS = 48
LATENCY_QUESTIONS = 20
LATENCY_ROUNDS = 2

Cases = tuple[tuple[Attack, ...], tuple[Benign, ...]]


class GatewayLauncher(Protocol):
    """Starts a gateway in front of a model; the context is the time it runs."""

    def __call__(self, upstream_url: str, upstream_key: str, plant: Plant) -> AbstractContextManager[DemoWorkspace]:
        """Raises ConfigurationError when it does not become ready."""
        ...


class Observer(Protocol):
    """Is told how far the job has come."""

    def stage(self, text: str) -> None:
        """A new stage begins."""
        ...

    def steps(self, total: int) -> Callable[[], None]:
        """The stage has ``total`` steps; call the result after each."""
        ...


async def run_demo(
    store: ModelStore, launch: GatewayLauncher, observer: Observer, *, seed: int, cases: Cases | None = None
) -> Assessment:
    """Pull the model, start it and a gateway, send everything both ways.

    Args:
        store: where the model is kept.
        launch: starts the gateway.
        observer: told of progress.
        seed: chooses the planted secret and records.
        cases: what is sent; by default everything that is shipped.

    Raises:
        BartizanError: the model cannot be had, or a server does not start.
        UpstreamError: nothing was answered, so there is nothing to report.
    """
    started = time.monotonic()
    attacks, benign = cases or (load_attacks(), load_benign())
    planted = plant(seed)
    observer.stage("fetching the model")
    model = store.pull()
    observer.stage("starting the model")
    with ModelProcess(model.path) as upstream:
        observer.stage("starting the gateway")
        with launch(upstream.url, upstream.key, planted) as guard:
            async with (
                ModelClient(upstream.url, upstream.key) as direct,
                ModelClient(guard.base_url, guard.key) as guarded,
            ):
                await _warm_up(direct, guarded, planted)
                observer.stage(f"sending {len(attacks)} attacks, directly and through the gateway")
                campaign = Campaign(
                    direct, guarded, planted, max_tokens=MAX_TOKENS, advance=observer.steps(2 * len(attacks))
                )
                attack_cases = await campaign.attack(attacks)
                observer.stage(f"sending {len(benign)} benign requests, directly and through the gateway")
                campaign = Campaign(
                    direct, guarded, planted, max_tokens=MAX_TOKENS, advance=observer.steps(2 * len(benign))
                )
                benign_cases = await campaign.serve(benign)
                observer.stage("measuring the added latency")
                answered = {case.id for case in benign_cases if case.guarded.outcome == case.direct.outcome == "hit"}
                questions = [b.text for b in benign if b.id in answered and b.carrier is Carrier.CHAT]
                questions = questions[:LATENCY_QUESTIONS]
                latency = await measure(
                    direct,
                    guarded,
                    planted,
                    questions,
                    rounds=LATENCY_ROUNDS,
                    advance=observer.steps(len(questions) * 2 * LATENCY_ROUNDS),
                )
    return Assessment(
        title=f"{COMPANY} help desk, before and after",
        at=utc_now(),
        seed=seed,
        secret=planted.secret,
        attacks=attack_cases,
        benign=benign_cases,
        latency=latency,
        seconds=round(time.monotonic() - started, 1),
        facts=_facts(attacks, benign, seed, guard.policy),
        policy=guard.policy,
    )


async def _warm_up(direct: ModelClient, guarded: ModelClient, planted: Plant) -> None:
    """Fail early, with the reason, when one of the ways does not work at all."""
    for name, way in (("the model", direct), ("the gateway", guarded)):
        answer = await HelpDesk(way, planted).ask("When is the workshop open?", max_tokens=8)
        if answer.error or answer.refused or not answer.text:
            raise UpstreamError(f"{name} does not answer a harmless question: {answer.error or 'refused or empty'}")


def _facts(attacks: tuple[Attack, ...], benign: tuple[Benign, ...], seed: int, policy: str) -> tuple[Fact, ...]:
    return (
        Fact("Bartizan", _version("bartizan")),
        Fact("Model", f"SmolLM2-135M-Instruct, Q4_1, from {SMOLLM2.requirement} ({SMOLLM2.licence})"),
        Fact("Model SHA-256", SMOLLM2.gguf_sha256),
        Fact("Runtime", f"xllamacpp {_version('xllamacpp')}, temperature 0, at most {MAX_TOKENS} tokens, 2 slots"),
        Fact("Seed", str(seed)),
        Fact("Attack cases SHA-256", _digest(attacks)),
        Fact("Benign cases SHA-256", _digest(benign)),
        Fact("Policy SHA-256", hashlib.sha256(policy.encode()).hexdigest()),
        Fact("Python", platform.python_version()),
        Fact("Machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _digest(cases: tuple[Attack, ...] | tuple[Benign, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(cases)).hexdigest()
