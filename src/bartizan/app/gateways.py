"""Gateways: from a workspace to an ASGI application."""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.agents.approvals.approvers import Approvers
from bartizan.app.guards import Detectors, build_guard, canaries_of, known_values_of, packs_of, passages_of, redactor
from bartizan.app.inferring import judges_harm, learned_surfaces, reads_answers
from bartizan.app.issuers import Issuers
from bartizan.app.places import committer_of, journal_of, vault_of
from bartizan.app.tool_guards import tool_controls
from bartizan.core.approval import Approvals, HeldAnswers
from bartizan.core.errors import ConfigurationError
from bartizan.core.event import Commitment
from bartizan.core.inference import Inference
from bartizan.core.interfaces import Recorder
from bartizan.core.once import Once
from bartizan.core.query_watch import QueryWatch
from bartizan.core.quota import Quota
from bartizan.core.tool_budget import ToolQuota
from bartizan.firewall.authentication import Keyring
from bartizan.firewall.dialects.registry import build_dialects
from bartizan.firewall.failover import Failover
from bartizan.firewall.gateway import Gateway
from bartizan.firewall.http_upstream import HttpUpstream
from bartizan.firewall.in_force import InForce
from bartizan.firewall.inference_front import InferenceFront
from bartizan.firewall.meters import Meters, NoMeters
from bartizan.firewall.model_routes import ModelRoutes
from bartizan.firewall.recording import Commit
from bartizan.firewall.services import Services
from bartizan.keeper.local import LocalKeeper
from bartizan.policy.document import PolicyDocument
from bartizan.telemetry.journal import Journal
from bartizan.telemetry.metrics import Registry
from bartizan.trust.commitment import Committer
from bartizan.workspace.deployment import Deployment
from bartizan.workspace.document import loads
from bartizan.workspace.reload import first_sound
from bartizan.workspace.snapshot import Snapshot, digest_of
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, Workspace

LONGEST_KEPT = 20_000
"""Characters of a text that the journal keeps, where policy asks for text."""


def build_in_force(
    workspace: Workspace,
    snapshot: Snapshot,
    committer: Committer,
    kept: Detectors,
    issuers: Issuers | None = None,
) -> InForce:
    """What a snapshot of the workspace determines.

    Args:
        workspace: with secrets and the deployment.
        snapshot: of the watched files.
        committer: commits to texts.
        kept: over reloads.
        issuers: of access tokens, likewise.

    Raises:
        DocumentError: a file in it is wrong.
        ConfigurationError: it contradicts itself, or names a secret that is not there.
    """
    if POLICY not in snapshot.files:
        raise ConfigurationError(f"there is no {POLICY} in the workspace", "'bartizan init' writes one")
    policy = loads(snapshot.files[POLICY], POLICY, PolicyDocument)
    Approvers.of(policy)
    known = known_values_of(workspace, policy, snapshot.files)
    guard = build_guard(
        policy,
        packs_of(snapshot.files),
        canaries_of(workspace, policy),
        kept,
        known=known,
        passages=passages_of(workspace, policy),
    )
    return InForce(
        policy=policy,
        guard=guard,
        keyring=Keyring(policy, (issuers or Issuers(workspace)).bearers(policy, snapshot.files)),
        dialects=build_dialects(policy.origins),
        commit=_commit(policy, committer, kept),
        learned=learned_surfaces(policy),
        harm=judges_harm(policy),
        answers=reads_answers(policy),
        tools=tool_controls(policy, kept.signatures(packs_of(snapshot.files), policy.disabled_signatures)),
        inference=_inference(policy, workspace, snapshot.files),
        version=snapshot.version,
        digest=snapshot.digest,
    )


def _inference(policy: PolicyDocument, workspace: Workspace, files: Mapping[str, bytes]) -> InferenceFront | None:
    if not policy.models:
        return None
    from bartizan.firewall.oip.front import build_front  # with numpy, which workers otherwise do without

    return build_front(policy.models, files)


def build_services(
    workspace: Workspace,
    deployment: Deployment,
    quota: Quota,
    recorder: Recorder,
    meters: Meters,
    inference: Inference | None = None,
    budgets: ToolQuota | None = None,
    approvals: Approvals | None = None,
    held: HeldAnswers | None = None,
    watch: QueryWatch | None = None,
    once: Once | None = None,
) -> Services:
    """Upstreams with their keys, and what is handed in. Raises ConfigurationError."""
    if not deployment.upstreams:
        raise ConfigurationError(f"{DEPLOYMENT} names no upstream", "add one below 'upstreams:'")
    upstreams: dict[str, HttpUpstream] = {}
    for number, settings in enumerate(deployment.upstreams):
        if settings.name in upstreams:
            raise ConfigurationError(f"{DEPLOYMENT}: two upstreams are called {settings.name}")
        key = ""
        if settings.key is not None:
            key = workspace.secret(settings.key, DEPLOYMENT, ("upstreams", number, "key"))
        upstreams[settings.name] = HttpUpstream(settings, key)
    return Services(
        ModelRoutes(deployment.upstreams),
        Failover(upstreams),
        quota,
        recorder,
        meters,
        inference,
        budgets,
        watch,
        approvals,
        held,
        once,
    )


def build_gateway(
    workspace: Workspace,
    *,
    quota: Quota | None = None,
    recorder: Recorder | None = None,
    meters: Meters | None = None,
) -> Gateway:
    """A gateway in this process, with a keeper, a journal and a model of its own unless others are handed in.

    Raises:
        ArtefactError: policy wants the trained model, and it is missing or damaged.
        DocumentError: a workspace file is wrong.
        ConfigurationError: something is missing or contradictory.
    """
    from bartizan.workspace.signed import Seal  # the library that signs: 7.5 MB, which workers do without

    deployment = workspace.deployment
    vault = vault_of(workspace, "gateway")
    committer = committer_of(workspace, vault)
    seal, kept, issuers = Seal(workspace), Detectors(), Issuers(workspace)

    def build(files: Mapping[str, bytes]) -> InForce:
        return build_in_force(workspace, Snapshot(1, digest_of(files), dict(files)), committer, kept, issuers)

    snapshot, in_force = first_sound(seal.choices(), build)
    seal.keep(snapshot)
    services = build_services(
        workspace,
        deployment,
        quota or LocalKeeper(),
        recorder
        or Journal(journal_of(workspace), "gateway", deployment.journal, beneath=vault.sync if vault else None),
        meters or NoMeters(),
        _own_inference(deployment) if in_force.learned or in_force.answers else None,
        LocalKeeper(),
        watch=LocalKeeper(),
        once=LocalKeeper(),
    )
    return Gateway(services, in_force)


def _own_inference(deployment: Deployment) -> Inference:
    from bartizan.inspection.classifier import load_classifier  # with numpy and onnxruntime, which workers do without
    from bartizan.keeper.inference.local import LocalInference

    return LocalInference(load_classifier(), deployment.inference, Registry())


def _commit(policy: PolicyDocument, committer: Committer, kept: Detectors) -> Commit:
    content = policy.content
    if content.keep == "commitment" and not content.sketches:
        return committer.commit
    to_vault = content.keep == "vault"
    if (to_vault or content.sketches) and committer.vault is None:
        raise ConfigurationError(
            f"{POLICY}: content keeps something in the vault, but {DEPLOYMENT} has no journal.vault",
            "make keys with `bartizan keys vault FOLDER`, and name the folder there",
        )
    if to_vault and committer.vault is not None and not committer.vault.keeps_texts:
        raise ConfigurationError(
            f"{POLICY}: content.keep is vault, but {DEPLOYMENT} has no journal.vault.keys",
            "make keys with `bartizan keys vault FOLDER`, and name the folder there",
        )
    redacted = redactor(kept) if content.keep != "commitment" else None

    def commit(text: str) -> Commitment:
        shown = redacted(text[:LONGEST_KEPT]) if redacted is not None else ""
        if not (to_vault or content.sketches):
            return committer.commit(text, keep=shown)
        beside = "" if to_vault else shown
        return committer.keep(text, shown if to_vault else None, sketched=content.sketches, beside=beside)

    return commit
