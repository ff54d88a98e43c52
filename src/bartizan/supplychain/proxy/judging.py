"""Files to decisions: scanned in processes of their own, decided by the policy that is in force at that moment."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.clock import utc_now
from bartizan.core.errors import BartizanError
from bartizan.core.event import ModelPulled
from bartizan.core.ids import new_id
from bartizan.policy.in_force import policy_in_force
from bartizan.policy.packages import PackagePolicy
from bartizan.supplychain.admission.gate import AdmissionGate, Decision, Recorder, rules_of, scanner_of
from bartizan.supplychain.budget import Limits
from bartizan.supplychain.proxy.interface import PURPOSE, Held, Wanted
from bartizan.supplychain.proxy.scan_child import Job
from bartizan.supplychain.proxy.scanning import ScanProcesses
from bartizan.supplychain.scanners.lock_file import LockFile
from bartizan.supplychain.scanning import died
from bartizan.workspace.snapshot import WATCHED, find_files
from bartizan.workspace.workspace import REGISTER, Workspace

K = TypeVar("K")
V = TypeVar("V")

_REMEMBERED: Final = 512
_FRESH: Final = 600.0
"""Seconds that a report, and the news of an admission, are kept."""

WEIGHTS: Final = frozenset({"safetensors", "gguf", "onnx", "pickle", "hdf5", "tensorflow"})
"""Formats that hold a model's weights."""

_log = logging.getLogger("bartizan.registry")


class _InForce(NamedTuple):
    gate: AdmissionGate
    packages: PackagePolicy
    signed: bool
    named: tuple[str, ...]
    """Files beside the usual ones that policy names."""
    number: int


class Judge:
    """Decides about files in the store.

    Args:
        workspace: whose policy counts; edits come into force at the next file, broken ones are logged and do not.
        recorder: the journal. What cannot be recorded is not admitted.
        limits: of a scan.
        jobs: processes that scan.

    Raises:
        ConfigurationError: the workspace is broken at the start.
    """

    def __init__(self, workspace: Workspace, recorder: Recorder, limits: Limits, jobs: int) -> None:
        self._workspace, self._recorder, self._limits = workspace, recorder, limits
        self._rules = self._built(0)
        self._marks = _marks(workspace.root, self._rules.named)
        self._looked = time.monotonic()
        self._processes = ScanProcesses(jobs)
        self._reports: OrderedDict[tuple[str, str], tuple[float, ArtefactReport]] = OrderedDict()
        self._told: OrderedDict[tuple[object, ...], float] = OrderedDict()

    async def close(self) -> None:
        """End the processes."""
        await self._processes.close()

    @property
    def signed(self) -> bool:
        """Whether policy names signers, so that signatures have to be fetched too."""
        return self._in_force().signed

    async def decide(self, file: Path, held: Held, view: Path, wanted: Wanted, *, fetched: bool) -> Decision:
        """Scan, unless these bytes were scanned a while ago under this name, and ask policy.

        Args:
            file: in the store.
            view: where the file would lie among its repository's signatures.
            fetched: it came from the registry just now: admitted weights are an event.

        Raises:
            JournalError: the decision cannot be recorded.
        """
        rules, (sha256, size) = self._in_force(), held
        key = (sha256, view.name)
        kept = self._reports.get(key)
        if kept is not None and time.monotonic() - kept[0] < _FRESH:
            report = msgspec.structs.replace(kept[1], path=str(view))
        else:
            root = str(self._workspace.root)
            job = Job(file=str(file), view=str(view), limits=self._limits, packages=rules.packages, root=root)
            report = await self._processes.scan(job, size)
            if report.sha256 != sha256:
                report = died(view)
            if LockFile.id not in report.formats and report.sha256:
                _remember(self._reports, key, (time.monotonic(), report))
        decision = rules.gate.decide_report(report, origin=wanted.origin, shown=wanted.shown)
        news = (wanted, sha256, decision.admission, decision.policy, rules.number, utc_now().date())
        told = self._told.get(news, -_FRESH)
        if decision.observed is not Admission.ALLOW or time.monotonic() - told >= _FRESH:
            rules.gate.record(decision, PURPOSE)
            _remember(self._told, news, time.monotonic())
            if fetched and decision.admission is Admission.ALLOW and not WEIGHTS.isdisjoint(report.formats):
                self._recorder.append(_pulled(wanted, sha256))
        return decision

    def _in_force(self) -> _InForce:
        if time.monotonic() - self._looked < 1.0:
            return self._rules
        self._looked = time.monotonic()
        marks = _marks(self._workspace.root, self._rules.named)
        if marks != self._marks:
            self._marks = marks
            try:
                self._rules = self._built(self._rules.number + 1)
            except BartizanError as error:
                _log.error("an edit of the workspace is broken; the policy before it stays: %s", error.cause)
        return self._rules

    def _built(self, number: int) -> _InForce:
        workspace = Workspace(self._workspace.root)
        pack, evidence = rules_of(workspace)
        policy = policy_in_force(workspace).artefacts
        named = (
            *(file for one in (*policy.signers, *policy.attestors, *policy.builders) for file in one.files),
            policy.bom,
            policy.pack if policy.pack.endswith(".cedar") else "",
        )
        gate = AdmissionGate(scanner_of(workspace), pack, evidence, self._recorder)
        return _InForce(gate, policy.packages, bool(policy.signers), tuple(filter(None, named)), number)


def _pulled(wanted: Wanted, sha256: str) -> ModelPulled:
    """The same file of another version of its repository has the same name, so that other weights are noticed."""
    name = f"{wanted.origin}/{wanted.path}"
    return ModelPulled(id=new_id("evt"), at=utc_now(), model=name, digest=sha256, source=wanted.shown)


def _remember(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > _REMEMBERED:
        kept.popitem(last=False)


def _marks(root: Path, named: Iterable[str]) -> list[object]:
    """Changes whenever a file that decides does, and every day, for waivers end with one."""
    paths = {**find_files(root, (*WATCHED, REGISTER)), **{name: root / name for name in named}}
    found: list[object] = [utc_now().date()]
    for name, path in sorted(paths.items()):
        with contextlib.suppress(OSError):
            status = path.stat()
            found.append((name, status.st_ino, status.st_size, status.st_mtime_ns))
    return found
