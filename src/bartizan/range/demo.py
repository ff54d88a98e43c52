"""The main job: one application attacked without and with the gateway, and what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol

import msgspec
from msgspec.structs import replace

from bartizan.core.clock import utc_now
from bartizan.core.errors import UpstreamError
from bartizan.core.event import ConfigurationChanged
from bartizan.range.campaign import Campaign, Ways
from bartizan.range.cases import Attack, Benign, Carrier, load_attacks, load_benign
from bartizan.range.client import ModelClient
from bartizan.range.demo_workspace import DemoWorkspace, ServedModel
from bartizan.range.helpdesk.application import COMPANY, HelpDesk
from bartizan.range.helpdesk.records import Plant, plant
from bartizan.range.latency import measure
from bartizan.range.model_process import ModelProcess
from bartizan.range.model_store import SMOLLM2, ModelStore
from bartizan.reporting.assessment import HARDENED, HIT, Assessment, Case, Fact, LastAct, Remedy
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.snapshot import digest_of, read_files
from bartizan.workspace.workspace import STATE

MAX_TOKENS = 48
SLOTS = 2
"""Each is a server of its own with one thread: slots of one server share its thread, and the other core would idle."""
LATENCY_QUESTIONS = 12
LATENCY_ROUNDS = 2
FOLLOW_SECONDS = 60.0

Cases = tuple[tuple[Attack, ...], tuple[Benign, ...]]


class GatewayLauncher(Protocol):
    """Starts a gateway in front of served models; the context is the time it runs."""

    def __call__(self, served: Sequence[ServedModel], plant: Plant) -> AbstractContextManager[DemoWorkspace]:
        """Raises ConfigurationError when it does not become ready."""
        ...


PutInForce = Callable[[], tuple[Remedy, ...]]
"""Puts what a trial accepted in force, and says what came of each attack; raises BartizanError."""


class Hardener(Protocol):
    """Hardens the workspace of a running gateway against attacks that got through."""

    def __call__(self, workspace: DemoWorkspace, cases: Sequence[Case], plant: Plant) -> PutInForce:
        """Make and try controls, and change nothing yet. Takes half a minute; raises BartizanError."""
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
    store: ModelStore,
    launch: GatewayLauncher,
    observer: Observer,
    *,
    seed: int,
    cases: Cases | None = None,
    harden: Hardener | None = None,
) -> Assessment:
    """Pull the model, start it and a gateway, send everything both ways; harden, and send it again.

    Args:
        store: where the model is kept.
        launch: starts the gateway.
        observer: told of progress.
        seed: chooses the planted secret and records.
        cases: what is sent; by default everything that is shipped.
        harden: takes what got through; None ends before.

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
    async with AsyncExitStack() as stack:
        servers = [stack.enter_context(ModelProcess(model.path, slots=1)) for _ in range(SLOTS)]
        observer.stage("starting the gateway")
        guard = stack.enter_context(launch([ServedModel(one.url, one.key) for one in servers], planted))
        ways = [
            Ways(
                await stack.enter_async_context(ModelClient(server.url, server.key)),
                await stack.enter_async_context(ModelClient(guard.base_url, guard.key, name)),
            )
            for server, name in zip(servers, guard.models, strict=True)
        ]
        await _warm_up(ways, planted)

        def campaign(exchanges: int) -> Campaign:
            return Campaign(ways, planted, max_tokens=MAX_TOKENS, advance=observer.steps(exchanges))

        observer.stage(f"sending {len(attacks)} attacks, directly and through the gateway")
        attack_cases = await campaign(2 * len(attacks)).attack(attacks)
        through = [case for case in attack_cases if case.guarded.outcome == HIT]
        trials = None
        if harden is not None and through:  # a thread's work, while the model's servers do theirs
            trials = asyncio.create_task(asyncio.to_thread(harden, guard, through, planted))
        observer.stage(f"sending {len(benign)} benign requests, directly and through the gateway")
        benign_cases = await campaign(2 * len(benign)).serve(benign)
        put_in_force = None
        if trials is not None:
            observer.stage(f"trying controls against {len(through)} that got through")
            put_in_force = await trials
        observer.stage("measuring the added latency")
        answered = {case.id for case in benign_cases if case.guarded.outcome == case.direct.outcome == "hit"}
        questions = [b.text for b in benign if b.id in answered and b.carrier is Carrier.CHAT]
        questions = questions[:LATENCY_QUESTIONS]
        latency = await measure(
            *ways[0],
            planted,
            questions,
            rounds=LATENCY_ROUNDS,
            slots=1,
            advance=observer.steps(len(questions) * 2 * LATENCY_ROUNDS),
        )
        act = None
        if put_in_force is not None:
            observer.stage("putting in force what the trials accepted")
            act = LastAct(remedies=await asyncio.to_thread(put_in_force))
            if any(remedy.state == HARDENED for remedy in act.remedies):
                await _follow(guard)
                observer.stage("sending everything once more, through the hardened gateway")
                again = campaign(len(attacks) + len(benign))
                act = replace(act, attacks=await again.attack_again(attacks), benign=await again.serve_again(benign))
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
        last_act=act,
    )


async def _follow(guard: DemoWorkspace) -> None:
    """Wait until the gateway has taken over its workspace as it is now. Raises UpstreamError if it does not."""
    wanted = digest_of(read_files(guard.folder))
    try:
        async with asyncio.timeout(FOLLOW_SECONDS):
            while wanted not in _in_force(guard):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise UpstreamError("the gateway did not take over the hardened workspace") from None
    await asyncio.sleep(1.0)  # workers have it a moment after it was recorded


def _in_force(guard: DemoWorkspace) -> set[str]:
    records = read_journal(guard.folder / STATE / "journal")
    return {record.digest for record in records if isinstance(record, ConfigurationChanged) and record.accepted}


async def _warm_up(ways: Sequence[Ways], planted: Plant) -> None:
    """Fail early, with the reason, when one of the ways does not work at all."""
    for name, clients in (
        ("the model", [each.direct for each in ways]),
        ("the gateway", [each.guarded for each in ways]),
    ):
        asked = [HelpDesk(one, planted).ask("When is the workshop open?", max_tokens=8) for one in clients]
        for answer in await asyncio.gather(*asked):
            if answer.error or answer.refused or not answer.text:
                said = answer.error or "refused or empty"
                raise UpstreamError(f"{name} does not answer a harmless question: {said}")


def _facts(attacks: tuple[Attack, ...], benign: tuple[Benign, ...], seed: int, policy: str) -> tuple[Fact, ...]:
    return (
        Fact("Bartizan", _version("bartizan")),
        Fact("Model", f"SmolLM2-135M-Instruct, Q4_1, from {SMOLLM2.requirement} ({SMOLLM2.licence})"),
        Fact("Model SHA-256", SMOLLM2.gguf_sha256),
        Fact(
            "Runtime", f"xllamacpp {_version('xllamacpp')}, temperature 0, at most {MAX_TOKENS} tokens, {SLOTS} slots"
        ),
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
