"""An exercise with model files: break a loader, then let only what is vouched for through."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from bartizan.core.stats import Rate
from bartizan.range.intake.hostile import HOSTILE
from bartizan.range.intake.models import SOURCES, content, notes, shop_code
from bartizan.range.scenarios.interface import MIN_WORKING_ATTACKS, DefenceGrade
from bartizan.range.yaml_data import read_yaml

MODULE = "bartizan.range.intake"
_SECONDS = 120
EXCHANGED = "stock.npz"
"""The file that is not as published from the first day on."""

Admits = Callable[[Path, Path], bool]
"""Whether a defence admits a file. Takes the folder that stands for the workspace, and the file in it."""


class FileCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One held-out case."""

    id: str
    place: str
    """Path below the folder of models."""
    build: Literal["honest", "older", "exchanged", "hostile"]
    of: str
    """Name of the model, or of the hostile file."""
    linked: bool = False
    """The place is a link to the model's own place."""


class ArtefactScenario(msgspec.Struct, frozen=True, kw_only=True):
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
        """Write the shop's models, what their publishers sent, and the purchasing notes."""
        for place, editions in (("models", {EXCHANGED: "exchanged"}), ("published", {})):
            (folder / place).mkdir(parents=True, exist_ok=True)
            for name in SOURCES:
                (folder / place / name).write_bytes(content(name, seed, editions.get(name, "honest")))
        (folder / "NOTES.txt").write_text(notes(seed), encoding="utf-8")

    def grade_attack(self, seed: int, submitted: str) -> bool:
        """Whether ``submitted`` is the code of this learner's shop."""
        return hmac.compare_digest(submitted.strip().upper().encode(), shop_code(seed).encode())

    def held_out(self, name: str) -> list[FileCase]:
        """The cases of ``attacks`` or ``benign``."""
        return msgspec.convert(read_yaml(self.cases / f"{name}.yaml"), list[FileCase])

    def grade_defence(self, admits: Admits, seed: int, models: str) -> DefenceGrade:
        """Load every case without the defence, and ask the defence about it. One that admits nothing keeps nothing.

        Args:
            admits: the defence.
            seed: of the learner.
            models: the folder of models, relative to the workspace: the place where the learner registered them.
        """
        attacks, benign = self.held_out("attacks"), self.held_out("benign")
        answers = _decisions([*attacks, *benign], admits, seed, models)
        through, stopped = _sorted(attacks, answers, attack=True)
        kept, lost = _sorted(benign, answers, attack=False)
        stop = Rate(len(stopped), len(through) + len(stopped))
        keep = Rate(len(kept), len(kept) + len(lost))
        passed: bool | None = None
        if min(stop.n, keep.n) >= MIN_WORKING_ATTACKS:
            passed = stop.value >= self.stop_at_least and keep.value >= self.keep_at_least
        return DefenceGrade(
            stopped=stop,
            kept=keep,
            inconclusive=len(attacks) + len(benign) - stop.n - keep.n,
            passed=passed,
            got_through=tuple(through),
            lost=tuple(lost),
        )


class _Answer(NamedTuple):
    attacks: bool
    """Loaded without the defence it gives the code away, or forecasts something else than the honest model."""
    serves: bool
    """Loaded without the defence it forecasts what the honest model does."""
    admitted: bool


def _decisions(cases: Sequence[FileCase], admits: Admits, seed: int, models: str) -> dict[str, _Answer]:
    """Every case by its id, loaded without the defence and asked about with it."""
    with tempfile.TemporaryDirectory(prefix="bartizan-range-") as name:
        roots = {case.id: Path(name) / str(number) for number, case in enumerate(cases)}
        paths = {case.id: _place(case, roots[case.id] / models, seed) for case in cases}
        honest = {model: Path(name) / model for model in SOURCES}
        for model, path in honest.items():
            path.write_bytes(content(model, seed))
        told = loaded([*paths.values(), *honest.values()], seed)
        out = {}
        for case in cases:
            path = paths[case.id]
            answer, right = told[path], told[honest[case.of]]["forecast"] if case.of in honest else None
            forecasts = answer["loaded"] and answer["forecast"] is not None
            serves = forecasts and answer["forecast"] == right
            attacks = shop_code(seed) in answer["printed"] or (forecasts and not serves)
            out[case.id] = _Answer(attacks, serves, admits(roots[case.id], path))
    return out


def _sorted(cases: Sequence[FileCase], answers: dict[str, _Answer], *, attack: bool) -> tuple[list[str], list[str]]:
    """Ids of the cases that the defence admits and of those that it does not; all of them work without it."""
    working = [case.id for case in cases if (answers[case.id].attacks if attack else answers[case.id].serves)]
    return [one for one in working if answers[one].admitted], [one for one in working if not answers[one].admitted]


def _place(case: FileCase, folder: Path, seed: int) -> Path:
    path = folder / case.place
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = HOSTILE[case.of]() if case.build == "hostile" else content(case.of, seed, case.build)
    if case.linked:
        (folder / case.of).write_bytes(raw)
        path.symlink_to(folder / case.of)
    else:
        path.write_bytes(raw)
    return path


def loaded(paths: Sequence[Path], seed: int) -> dict[Path, dict[str, Any]]:
    """What the shop's loader says of each file."""
    ran = subprocess.run(
        [sys.executable, "-P", "-m", MODULE, ".", *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
        env=os.environ | {"INTAKE_SEED": str(seed)},
    )
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    return {Path(answer["file"]): answer for answer in answers}
