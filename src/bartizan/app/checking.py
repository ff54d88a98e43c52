"""Loads everything a workspace holds and gathers everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from bartizan.agents.approvals.approvers import Approvers
from bartizan.catalog import load_catalog
from bartizan.core.errors import BartizanError, ConfigurationError, DocumentError
from bartizan.core.passage import Path as ValuePath
from bartizan.core.problem import quote
from bartizan.core.system import System
from bartizan.policy.document import PolicyDocument
from bartizan.policy.policy import Policy
from bartizan.trust.virtual_keys import KeyTable
from bartizan.workspace.deployment import Deployment, Detections
from bartizan.workspace.document import Document, examine
from bartizan.workspace.files import read_bounded
from bartizan.workspace.register import Register
from bartizan.workspace.snapshot import WATCHED, Snapshot, digest_of, read_files
from bartizan.workspace.waiver import Waivers
from bartizan.workspace.workspace import DEPLOYMENT, POLICY, REGISTER, SYSTEM, WAIVERS, Workspace

T = TypeVar("T")

SIGNATURES = "signatures/"


class Checked(msgspec.Struct):
    """What a check found."""

    files: list[str]
    """The files read, in order."""
    problems: list[BartizanError]
    digest: str = ""
    """Of the files that reload while running, hexadecimal SHA-256; empty when something is wrong."""


class _Check:
    def __init__(self, root: Path, files: Mapping[str, bytes] | None = None) -> None:
        self.workspace = Workspace(root)
        self.result = Checked([], [])
        self._files = files

    @property
    def files(self) -> Mapping[str, bytes]:
        """What the watched files say, or are to say. Raises ConfigurationError or DocumentError."""
        return read_files(self.workspace.root) if self._files is None else self._files

    def _read(self, name: str) -> bytes:
        if self._files is not None and name in self._files:
            return self._files[name]
        return read_bounded(self.workspace.path(name), name)

    def there(self, name: str) -> bool:
        """Whether there is, or is to be, such a file."""
        if self._files is not None and any(fnmatch(name, pattern) for pattern in WATCHED):
            return name in self._files
        return self.workspace.path(name).exists()

    def file(self, name: str, kind: type[T], *, required: bool = True) -> Document[T] | None:
        """The document, or None with its problems noted."""
        if not required and not self.there(name):
            return None
        self.result.files.append(name)
        try:
            document, problems = examine(self._read(name), name, kind)
        except ConfigurationError as error:
            document, problems = None, []
            self.result.problems.append(error)
        self.result.problems += problems
        return document


def check_workspace(root: Path, *, secrets: bool = False, files: Mapping[str, bytes] | None = None) -> Checked:
    """Check every file of the workspace.

    Args:
        root: its folder.
        secrets: also resolve each secret that a setting names.
        files: what the watched files are to say; None: what they say. Then ``bartizan.yaml`` may be missing.

    Raises:
        ConfigurationError: there is no such folder.
    """
    check = _Check(root, files)
    deployment = check.file(DEPLOYMENT, Deployment, required=files is None)
    if deployment is not None:
        _check_deployment(check, deployment, secrets)
    if deployment is None or deployment.value.detections.enabled:
        _check_rules(check, deployment)
    policy = check.file(POLICY, PolicyDocument, required=files is None)
    if policy is not None:
        _check_policy(check, policy)
    _check_system(check, required=False)
    check.file(WAIVERS, Waivers, required=False)
    check.file(REGISTER, Register, required=False)
    _check_signatures(check)
    if secrets:
        _check_secrets(check, deployment, policy)
    if not check.result.problems:
        check.result.digest = digest_of(check.files)
    return check.result


def check_system(root: Path) -> tuple[System | None, Checked]:
    """Check ``system.yaml`` alone. Raises ConfigurationError when there is no such folder."""
    check = _Check(root)
    return _check_system(check, required=True), check.result


def _check_deployment(check: _Check, deployment: Document[Deployment], secrets: bool) -> None:
    # Imported here because system.yaml is checked without what sends and serves.
    from bartizan.app.mcp_setting import check_servers
    from bartizan.app.sinking import sink_problems

    try:
        check_servers(deployment.value.mcp, DEPLOYMENT)
    except ConfigurationError as error:
        check.result.problems.append(_placed(error, deployment, ("mcp", "servers")))
    for problem in sink_problems(check.workspace, secrets=secrets):
        check.result.problems.append(_placed(problem, deployment, ("sinks",)))


def _check_rules(check: _Check, deployment: Document[Deployment] | None) -> None:
    from bartizan.app.detecting import live_rules
    from bartizan.detections.cases import run_cases
    from bartizan.detections.rulebook import FOLDER, rules_in_force

    settings = deployment.value.detections if deployment is not None else Detections()
    try:
        files = check.files
        own_files = any(name.startswith(FOLDER) for name in files)
        if deployment is None and not own_files:
            return  # the shipped ones are sound
        live_rules(Snapshot(1, digest_of(files), dict(files)), settings)
        if not own_files:
            return
        own = run_cases(rules_in_force(files, shipped=settings.shipped), lambda file: file.startswith(FOLDER))
        wrong = [f"rules: the {one.kind} case {one.number} of {quote(one.rule)} fails" for one in own if not one.passed]
        check.result.problems += map(ConfigurationError, wrong)
    except DocumentError as error:
        check.result.problems.append(error)
    except ConfigurationError as error:
        placed = _placed(error, deployment, ("detections",)) if deployment is not None else error
        check.result.problems.append(placed)


def _check_policy(check: _Check, policy: Document[PolicyDocument]) -> None:
    # Imported here because system.yaml is checked without Cedar.
    from bartizan.supplychain.admission.pack import AdmissionPack
    from bartizan.supplychain.bom.evidence import read_evidence
    from bartizan.supplychain.signing.signers import Signers
    from bartizan.supplychain.signing.trusting import trust_of

    artefacts = policy.value.artefacts
    where: ValuePath = ("artefacts", "pack")
    try:
        AdmissionPack.named(artefacts.pack, check.workspace)
        keys = {}
        for kind, named in (
            ("signers", artefacts.signers),
            ("attestors", artefacts.attestors),
            ("builders", artefacts.builders),
        ):
            for i, signer in enumerate(named):
                where = ("artefacts", kind, i, "key" if signer.key else "roots")
                found = trust_of(signer, check.workspace)
                if kind == "signers":
                    keys[signer.name] = found
        if artefacts.bom:
            where = ("artefacts", "bom")
            read_evidence(check.workspace.path(artefacts.bom), artefacts.bom, artefacts.bom_elements, Signers(keys))
    except ConfigurationError as error:
        place = policy.place(where)
        check.result.problems.append(ConfigurationError(f"{place}: {error.cause}", error.hint))
    if policy.value.models:
        from bartizan.firewall.oip.front import build_front

        try:
            build_front(policy.value.models, check.files)
        except ConfigurationError as error:
            check.result.problems.append(_placed(error, policy, ("models",)))
    try:
        Policy(policy.value)
        KeyTable((key.sha256, key) for key in policy.value.keys)
        Approvers.of(policy.value)
    except DocumentError as error:
        check.result.problems.append(error)
    except ConfigurationError as error:
        fallback: ValuePath = ("keys",) if "virtual key" in error.cause else ()
        check.result.problems.append(_placed(error, policy, fallback))


def _placed(error: ConfigurationError, document: Document[Any], fallback: ValuePath) -> ConfigurationError:
    """Causes that begin with a setting's name, such as ``sinks.otlp[0].url: …``, get that setting's place."""
    cause = error.cause.removeprefix(f"{DEPLOYMENT}: ")
    setting, separator, _ = cause.partition(": ")
    steps = setting.replace("[", ".").replace("]", "").split(".")
    found = tuple(int(step) if step.isdecimal() and len(step) < 9 else step for step in steps)
    path: ValuePath = found if separator and " " not in setting else fallback
    return ConfigurationError(f"{document.place(path)}: {cause}", error.hint)


def _check_system(check: _Check, *, required: bool) -> System | None:
    document = check.file(SYSTEM, System, required=required)
    if document is None:
        return None
    for problem in document.value.unknown_controls(load_catalog().controls.keys()):
        place = document.place(problem.path)
        check.result.problems.append(DocumentError(place, problem.found, problem.expected, problem.hint))
    return document.value


def _check_signatures(check: _Check) -> None:
    # Imported here because system.yaml is checked without the matching engines.
    from bartizan.inspection.signatures import Pack, check_pack, read_packs

    try:
        found = {name: content for name, content in check.files.items() if name.startswith(SIGNATURES)}
    except BartizanError as error:
        check.result.problems.append(error)
        return
    sound = {name: content for name, content in found.items() if check.file(name, Pack) is not None}
    if not sound:
        return
    try:
        packs = list(read_packs(contents=sound))
    except ConfigurationError as error:
        check.result.problems.append(error)
        return
    shipped = len(packs) - len(sound)
    for pack, _ in packs[shipped:]:
        check.result.problems += [ConfigurationError(f"signatures: {problem}") for problem in check_pack(pack)]


def _check_secrets(
    check: _Check, deployment: Document[Deployment] | None, policy: Document[PolicyDocument] | None
) -> None:
    wanted: list[tuple[Any, str, ValuePath]] = []
    if deployment is not None:
        for i, upstream in enumerate(deployment.value.upstreams):
            wanted.append((upstream.key, DEPLOYMENT, ("upstreams", i, "key")))
    if policy is not None:
        for i, canary in enumerate(policy.value.canaries):
            wanted.append((canary.value, POLICY, ("canaries", i, "value")))
        for i, known in enumerate(policy.value.known_values):
            wanted.append((known.key, POLICY, ("known_values", i, "key")))
        for i, passage in enumerate(policy.value.passages.declared):
            wanted.append((passage.value, POLICY, ("passages", "declared", i, "value")))
    for reference, file, path in wanted:
        try:
            if reference is not None:
                check.workspace.secret(reference, file, path)
        except ConfigurationError as error:
            check.result.problems.append(error)
