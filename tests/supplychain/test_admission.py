"""One policy over verdict, digest, origin, licence and waivers: what is admitted, held and blocked, and what is recorded."""

# ruff: noqa: E501

from __future__ import annotations

import datetime
import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bartizan.bench.supplychain.assembler import call, value, whole
from bartizan.cli.main import app
from bartizan.core.artefact import Admission
from bartizan.core.errors import ConfigurationError, JournalError
from bartizan.core.event import ArtefactDecided, Event
from bartizan.policy.artefacts import ArtefactPolicy
from bartizan.supplychain.admission.facts import Evidence, Facts
from bartizan.supplychain.admission.gate import AdmissionGate, Decision
from bartizan.supplychain.admission.pack import AdmissionPack
from bartizan.supplychain.scanning import ArtefactScanner
from bartizan.telemetry.reader import read_journal
from bartizan.workspace.register import Registered
from bartizan.workspace.waiver import Waiver
from bartizan.workspace.workspace import Workspace

TODAY = datetime.date(2026, 11, 27)
GOOD = whole(value({"a": [1, 2]}))
OTHER = whole(value({"a": [1, 3]}))
HOSTILE = whole(call("os", "system", ("true",)))
UNVETTED = whole(call("acme.models", "Net", ()))
UNKNOWN = bytes(range(1, 255))


class Kept(list[Event]):
    """A recorder for tests of the gate alone; the command's tests read the real journal."""

    def append(self, event: Event) -> None:
        super().append(event)


def sha256(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def waiver(content: bytes, subject: str, days: int = 10, start: int = -10) -> Waiver:
    return Waiver(
        subject=subject,
        sha256=sha256(content) if content else "",
        reason="looked at by hand",
        author="ada",
        date=TODAY + datetime.timedelta(start),
        expires=TODAY + datetime.timedelta(days),
    )


def registered(content: bytes, path: str = "", origin: str = "", licence: str = "") -> Registered:
    return Registered(path=path, sha256=sha256(content), origin=origin, licence=licence, by="ada", date=TODAY)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    assert CliRunner().invoke(app, ["init", str(tmp_path / "ws")]).exit_code == 0
    return Workspace(tmp_path / "ws")


def decide(
    workspace: Workspace,
    content: bytes,
    pack: str = "balanced",
    register: Sequence[Registered] = (),
    waivers: Sequence[Waiver] = (),
    policy: ArtefactPolicy | None = None,
    name: str = "model.pkl",
) -> Decision:
    path = workspace.root / name
    path.write_bytes(content)
    evidence = Evidence(workspace.root, policy or ArtefactPolicy(), register, waivers)
    return AdmissionGate(
        ArtefactScanner(), AdmissionPack.named(pack, workspace), evidence, Kept(), lambda: TODAY
    ).decide(path)


ASKING = ArtefactPolicy(origins=("hub.example/acme",), licences=("Apache-2.0",))


@pytest.mark.parametrize(
    ("pack", "content", "register", "policy", "admission", "decided_by"),
    [
        ("balanced", GOOD, (), None, Admission.ALLOW, "permit_scanned"),
        ("balanced", HOSTILE, (), None, Admission.BLOCK, "forbid_hostile"),
        ("balanced", HOSTILE, (registered(HOSTILE),), None, Admission.BLOCK, "forbid_hostile"),
        ("balanced", UNKNOWN, (), None, Admission.INCONCLUSIVE, "hold_inconclusive"),
        ("balanced", GOOD, (), ASKING, Admission.INCONCLUSIVE, "hold_unregistered"),
        ("balanced", GOOD, (registered(GOOD, "", "hub.example/acme/x", "apache-2.0"),), ASKING, Admission.ALLOW, "permit_scanned"),
        ("balanced", GOOD, (registered(GOOD, "", "hub.example/acme2/x", "Apache-2.0"),), ASKING, Admission.BLOCK, "forbid_origin"),
        ("balanced", GOOD, (registered(GOOD, "", "hub.example/acme/../evil", "Apache-2.0"),), ASKING, Admission.BLOCK, "forbid_origin"),
        ("balanced", GOOD, (registered(GOOD, "", "hub.example/acme", "GPL-3.0-only"),), ASKING, Admission.BLOCK, "forbid_licence"),
        ("balanced", GOOD, (registered(OTHER, "model.pkl"),), None, Admission.BLOCK, "forbid_changed"),
        ("balanced", GOOD, (registered(OTHER, "model.pkl"), registered(GOOD, "b.pkl")), None, Admission.BLOCK, "forbid_changed"),
        ("strict", GOOD, (), None, Admission.INCONCLUSIVE, "hold_unregistered"),
        ("strict", HOSTILE, (), None, Admission.BLOCK, "forbid_hostile"),
        ("strict", GOOD, (registered(GOOD),), None, Admission.BLOCK, "forbid_origin"),
        ("strict", GOOD, (registered(GOOD, "model.pkl", "Hub.example/acme", "Apache-2.0"),), ASKING, Admission.ALLOW, "permit_registered"),
        ("strict", UNKNOWN, (registered(UNKNOWN, "", "hub.example/acme", "Apache-2.0"),), ASKING, Admission.INCONCLUSIVE, "hold_inconclusive"),
    ],
)  # fmt: skip
def test_what_the_shipped_packs_decide(
    workspace: Workspace,
    pack: str,
    content: bytes,
    register: Sequence[Registered],
    policy: ArtefactPolicy | None,
    admission: Admission,
    decided_by: str,
) -> None:
    decision = decide(workspace, content, pack, register, policy=policy)
    assert (decision.admission, decision.policy) == (admission, decided_by)
    assert decision.reason


def test_observe_lets_everything_pass_and_says_what_it_would_have_done(workspace: Workspace) -> None:
    decision = decide(workspace, HOSTILE, "observe")
    assert (decision.admission, decision.observed) == (Admission.ALLOW, Admission.BLOCK)


def test_a_link_to_a_registered_file_is_that_file(workspace: Workspace) -> None:
    (workspace.root / "other.pkl").symlink_to("model.pkl")
    decide(workspace, GOOD)
    evidence = Evidence(workspace.root, ArtefactPolicy(), [registered(OTHER, "model.pkl")], ())
    pack = AdmissionPack.named("balanced", workspace)
    decision = AdmissionGate(ArtefactScanner(), pack, evidence).decide(workspace.root / "other.pkl")
    assert decision.policy == "forbid_changed"


@pytest.mark.parametrize(
    ("waivers", "admission"),
    [
        ((waiver(UNVETTED, "pickle.unlisted_global"), waiver(UNVETTED, "pickle.unlisted_call")), Admission.ALLOW),
        ((waiver(UNVETTED, "pickle.unlisted_global"),), Admission.BLOCK),
        ((waiver(b"", "pickle.unlisted_global"), waiver(b"", "pickle.unlisted_call")), Admission.BLOCK),
        ((waiver(GOOD, "pickle.unlisted_global"), waiver(GOOD, "pickle.unlisted_call")), Admission.BLOCK),
        ((waiver(UNVETTED, "pickle.unlisted_global"), waiver(UNVETTED, "pickle.unlisted_call", -1)), Admission.BLOCK),
        ((waiver(UNVETTED, "pickle.unlisted_global"), waiver(UNVETTED, "pickle.unlisted_call", 9, 1)), Admission.BLOCK),
        ((waiver(UNVETTED, "pickle.unlisted_global", 0), waiver(UNVETTED, "pickle.unlisted_call", 0)), Admission.ALLOW),
    ],
)
def test_waivers_hold_for_one_digest_and_for_a_time(
    workspace: Workspace, waivers: Sequence[Waiver], admission: Admission
) -> None:
    decision = decide(workspace, UNVETTED, waivers=waivers)
    assert decision.admission is admission
    assert decision.facts.scanned is Admission.BLOCK


def test_a_waiver_for_a_policy_admits_what_only_that_policy_forbids(workspace: Workspace) -> None:
    register = [registered(GOOD, "", "elsewhere.example", "Apache-2.0")]
    assert decide(workspace, GOOD, "strict", register, policy=ASKING).admission is Admission.BLOCK
    waived = decide(workspace, GOOD, "strict", register, [waiver(GOOD, "forbid_origin")], ASKING)
    assert waived.admission is Admission.ALLOW
    hostile = decide(workspace, HOSTILE, "strict", register, [waiver(HOSTILE, "forbid_hostile")], ASKING)
    assert hostile.admission is Admission.BLOCK


def test_a_pack_of_ones_own_sees_every_fact(workspace: Workspace) -> None:
    facts = " && ".join(
        [
            'context.verdict == "allow" && context.scanned == "allow"', 'context.formats.contains("pickle")', "context.rules.isEmpty()",
            "context.waived.isEmpty()", 'context.pin == "none"', 'context.origin == ""', "!context.origin_listed && !context.origin_seen && !context.origins_asked",
            'context.licence == ""', "!context.licence_listed && !context.licences_asked", "context.size < 1000", 'context.vulnerability == "none"', 'context.signature == "none"', 'context.signer == ""', "!context.signers_asked",
            'context.attestation == "none" && context.attestor == ""', "!context.attestations_asked", 'context.provenance == "none" && context.builder == "" && !context.builders_asked', 'context.bom == "none"', "!context.bom_asked && !context.bom_complete && !context.bom_vulnerable", "context.bom_missing.isEmpty() && context.bom_affected.isEmpty()",
        ]
    )  # fmt: skip
    text = f'@id("mine") @reason("All of it holds.") permit (principal, action, resource) when {{ {facts} }};'
    (workspace.root / "admission.cedar").write_text(text)
    assert decide(workspace, GOOD, "admission.cedar").policy == "mine"
    blocked = decide(workspace, HOSTILE, "admission.cedar")
    assert (blocked.admission, blocked.policy) == (Admission.BLOCK, "")
    assert set(Facts.__struct_fields__) == set(text.replace("context.", " ").replace(".", " ").split()) & set(
        Facts.__struct_fields__
    )


@pytest.mark.parametrize(
    ("pack", "text"),
    [
        ("loose", ""), ("../x.cedar", ""), ("absent.cedar", None), ("a.cedar", "permit"), ("a.cedar", 'permit (principal, action, resource);'),
        ("a.cedar", '@id("a") @reason("b") permit (principal, action, resource) when { context.nothing };'),
    ],
)  # fmt: skip
def test_broken_packs_are_said_to_be(workspace: Workspace, pack: str, text: str | None) -> None:
    if text is not None and "/" not in pack:
        (workspace.root / pack).write_text(text)
    with pytest.raises(ConfigurationError):
        AdmissionPack.named(pack, workspace)


def test_what_cannot_be_recorded_is_not_admitted(workspace: Workspace) -> None:
    class Full:
        def append(self, event: Event) -> None:
            raise JournalError("the disk is full")

    path = workspace.root / "m.pkl"
    path.write_bytes(GOOD)
    pack, evidence = AdmissionPack.named("balanced", workspace), Evidence(workspace.root, ArtefactPolicy(), (), ())
    with pytest.raises(JournalError):
        AdmissionGate(ArtefactScanner(), pack, evidence, Full()).decide(path)


# -- the commands


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["artefacts", *arguments])
    return result.exit_code, result.stdout


def test_the_command_decides_and_journals(workspace: Workspace) -> None:
    models = workspace.root / "models"
    models.mkdir()
    for name, content in (("good.pkl", GOOD), ("bad.pkl", HOSTILE), ("odd.bin", UNKNOWN), ("a", GOOD), ("b", GOOD)):
        (models / name).write_bytes(content)
    here = ("--workspace", str(workspace.root))
    code, shown = run("admit", str(models), *here)
    assert code == 1
    assert "3 allow, 1 inconclusive, 1 block" in shown
    assert run("admit", str(models / "good.pkl"), *here)[0] == 0
    assert run("admit", str(models / "odd.bin"), *here)[0] == 2
    assert run("admit", str(models / "nothing"), *here)[0] == 2
    events = [one for one in read_journal(workspace.state / "journal") if isinstance(one, ArtefactDecided)]
    assert len(events) == 8
    (blocked,) = [one for one in events if one.admission is Admission.BLOCK]
    assert blocked.sha256 == sha256(HOSTILE)
    assert "pickle.dangerous_global" in blocked.rules


def test_pins_are_written_once_and_never_for_two_digests_of_a_path(workspace: Workspace) -> None:
    path = workspace.root / "model.pkl"
    path.write_bytes(GOOD)
    here = ("--workspace", str(workspace.root), "--by", "ada", "--write")
    assert run("pin", str(path), *here, "--origin", "https://hub.example/acme", "--licence", "MIT")[0] == 0
    assert run("pin", str(path), *here, "--origin", "hub.example/acme", "--licence", "MIT")[0] == 0
    text = (workspace.root / "artefacts.yaml").read_text()
    assert text.count("- path") == 1
    (workspace.root / "artefacts.yaml").write_text(text + "# mine\n")
    (workspace.root / "second.pkl").write_bytes(pickle.dumps([1]))
    assert run("pin", str(workspace.root / "second.pkl"), *here)[0] == 0
    text = (workspace.root / "artefacts.yaml").read_text()
    assert "# mine" in text
    assert text.count("- path") == 2
    path.write_bytes(OTHER)
    assert run("admit", str(path), *here[:2])[0] == 1
    assert CliRunner().invoke(app, ["artefacts", "pin", str(path), *here]).exit_code != 0
    assert (workspace.root / "artefacts.yaml").read_text() == text


def test_policy_check_reads_the_register_and_the_pack(workspace: Workspace) -> None:
    (workspace.root / "artefacts.yaml").write_text("- sha256: short\n  by: ada\n  date: 2026-11-27\n")
    policy = workspace.root / "policy.yaml"
    policy.write_text(policy.read_text().replace("pack: balanced ", "pack: none.cedar"))
    result = CliRunner().invoke(app, ["policy", "check", "--workspace", str(workspace.root)])
    assert result.exit_code == 2
    assert "artefacts.yaml:1:" in result.stdout
    assert "none.cedar" in result.stdout
