"""The detectors that take seconds to build, once for all tests of this room; a workspace with proposals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.hardening.shop import POLICY, finding

from bartizan.app import hardening
from bartizan.app.guards import Detectors
from bartizan.app.hardening import Workbench
from bartizan.core.clock import utc_now
from bartizan.hardening.benign.corpus import Half, corpus
from bartizan.hardening.book import Book, Proposal, Tried
from bartizan.hardening.candidate import Candidate, Kind
from bartizan.hardening.change import diff
from bartizan.hardening.findings import RedTeamFinding
from bartizan.hardening.gates import Decision, Disturbed, count
from bartizan.hardening.propose.interface import Material
from bartizan.hardening.propose.registry import candidates
from bartizan.hardening.stack import Layer
from bartizan.hardening.trial import Trial, live
from bartizan.hardening.variants import Side
from bartizan.policy.document import PolicyDocument
from bartizan.trust.signing import write_key_pair
from bartizan.workspace.document import loads
from bartizan.workspace.signed import content_digest
from bartizan.workspace.snapshot import read_files
from bartizan.workspace.workspace import Workspace

Made = dict[Kind, tuple[Candidate, Trial]]


@pytest.fixture(scope="session", autouse=True)
def kept_detectors(shipped_detectors: Detectors) -> Iterator[None]:
    """Real detectors; only that each workbench makes its own is left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hardening, "Detectors", lambda: shipped_detectors)
        yield


@pytest.fixture
def key(tmp_path: Path) -> Path:
    write_key_pair(tmp_path / "approver")
    return tmp_path / "approver"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "policy.yaml").write_text(POLICY)
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, kept_detectors: None) -> Callable[..., Made]:
    """Candidates as ``propose`` makes them, with the verdict of a trial that other tests hold."""
    root = tmp_path_factory.mktemp("made")
    (root / "policy.yaml").write_text(POLICY)
    known: dict[str, Made] = {}

    def make(one: RedTeamFinding) -> Made:
        if one.id not in known:
            known[one.id] = _made(root, one)
        return known[one.id]

    return make


def _made(root: Path, one: RedTeamFinding) -> Made:
    bench, files = Workbench(root), read_files(root)
    stack = bench.stack(files, {})
    material = Material(
        finding=one,
        policy=loads(files["policy.yaml"], "policy.yaml", PolicyDocument),
        files=files,
        stack=stack,
        variants=live(one, Side.LEARN, stack, "1", 10).rows,
        harmless=corpus(Half.DEVELOP)[:50],
    )
    trial = Trial(
        decision=Decision.ACCEPTED,
        reason="",
        replayed="x",
        stopped=count(80, 80),
        made=90,
        disturbed=Disturbed(before=0, newly=count(0, 900), groups=count(0, 90)),
        by_family={},
        passed=(),
        digest="d",
        variants=live(one, Side.HELD, stack, "1", 80, Layer.OUTPUT).rows,
    )
    return {each.kind: (each, trial) for each in reversed(candidates(material))}


@pytest.fixture
def proposed(root: Path, made: Callable[..., Made]) -> Callable[..., Candidate]:
    def propose(kind: Kind, decision: Decision = Decision.ACCEPTED, *, of: RedTeamFinding | None = None) -> Candidate:
        one, files = of or finding(), read_files(root)
        candidate, trial = made(one)[kind]
        Book(Workspace(root).state).keep(
            Proposal(
                finding=one,
                exchange=one.exchange,
                tried=Tried(candidate=candidate, trial=msgspec.structs.replace(trial, decision=decision)),
                diff=diff(files, candidate.change.apply(files)),
                base=content_digest(files),
                seed=1,
                proposed_at=utc_now(),
            )
        )
        return candidate

    return propose
