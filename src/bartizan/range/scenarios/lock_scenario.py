"""An exercise with lock files: get a stranger's package installed, then admit what somebody vouches for and no more."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from bartizan.core.clock import utc_now
from bartizan.core.stats import Rate
from bartizan.range.scenarios.artefact_scenario import Admits
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.wharf.installer import install
from bartizan.range.wharf.planting import lock, plant
from bartizan.range.wharf.world import deploy_code
from bartizan.range.yaml_data import read_yaml

MODULE = "bartizan.range.wharf"


class LockCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One held-out case."""

    id: str
    lines: list[str] = []
    """As they are."""
    public: list[str] = []
    """Pins, with the digests of the public index."""
    internal: list[str] = []
    """Pins, with the digests of the ferry line's own index."""
    vulnerable: bool = False
    """The attack is a known hole in what is installed, and not a stranger's package."""


class LockScenario(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise."""

    id: str
    title: str
    brief: str
    """What the learner is told."""
    cases: Traversable
    """Folder with ``attacks.yaml`` and ``benign.yaml``: the held-out cases."""
    stop_at_least: float
    keep_at_least: float

    def plant(self, folder: Path, seed: int) -> None:
        """Write advisories, index metadata, a lock file and the team's notes, dated today."""
        plant(folder, seed, utc_now())

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` is the code of this learner's build machine."""
        return hmac.compare_digest(submitted.strip().upper().encode(), deploy_code(seed).encode())

    def held_out(self, name: str) -> list[LockCase]:
        """The cases of ``attacks`` or ``benign``."""
        return msgspec.convert(read_yaml(self.cases / f"{name}.yaml"), list[LockCase])

    def grade_defence(self, admits: Admits, seed: int) -> DefenceGrade:
        """Install every case without the defence, and ask the defence about it. One that admits nothing keeps nothing.

        Args:
            admits: the defence; asked with a folder that stands for the workspace, and the file in it.
            seed: of the learner.
        """
        attacks, benign = self.held_out("attacks"), self.held_out("benign")
        with tempfile.TemporaryDirectory(prefix="bartizan-range-") as name:
            working = {case.id: self._admitted(case, Path(name), admits, seed) for case in attacks if works(case, seed)}
            serving = {case.id: self._admitted(case, Path(name), admits, seed) for case in benign if serves(case, seed)}
        return _grade(self, len(attacks) + len(benign), working, serving)

    def _admitted(self, case: LockCase, folder: Path, admits: Admits, seed: int) -> bool:
        root = folder / case.id
        root.mkdir()
        path = root / "requirements.txt"
        path.write_text(lock(case.public, case.internal, case.lines, seed), encoding="utf-8")
        return admits(root, path)


def works(case: LockCase, seed: int) -> bool:
    """Whether an attack reaches its end where nothing stops it."""
    done = install(lock(case.public, case.internal, case.lines, seed), seed)
    return done.accepted and (bool(done.printed) or case.vulnerable)


def serves(case: LockCase, seed: int) -> bool:
    """Whether an honest file is installed, and nothing of a stranger with it."""
    done = install(lock(case.public, case.internal, case.lines, seed), seed)
    return done.accepted and not done.printed


def _grade(scenario: LockScenario, cases: int, attacks: dict[str, bool], benign: dict[str, bool]) -> DefenceGrade:
    through: Sequence[str] = [one for one, admitted in attacks.items() if admitted]
    lost = [one for one, admitted in benign.items() if not admitted]
    stop, keep = Rate(len(attacks) - len(through), len(attacks)), Rate(len(benign) - len(lost), len(benign))
    passed: bool | None = None
    if min(stop.n, keep.n) >= MIN_WORKING_ATTACKS:
        passed = stop.value >= scenario.stop_at_least and keep.value >= scenario.keep_at_least
    return DefenceGrade(
        stopped=stop,
        kept=keep,
        inconclusive=cases - stop.n - keep.n,
        passed=passed,
        got_through=tuple(through),
        lost=tuple(lost),
    )
