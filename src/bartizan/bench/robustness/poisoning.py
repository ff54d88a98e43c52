"""Backdoored and clean networks: what is flagged, which rows are named, and what adaptive attackers get past."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from bartizan.bench.robustness.poisoning_models import HELD_OUT, Case, trainer
from bartizan.bench.robustness.poisoning_rows import rows_of
from bartizan.bench.table import Row, rate_row
from bartizan.robustness.data import load
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import AuditData
from bartizan.robustness.poisoning.calibration import Calibration, anomaly_index
from bartizan.robustness.poisoning.detection import LEVEL, SUCCESS, Split, detect
from bartizan.robustness.poisoning.neural_cleanse import Recovered
from bartizan.robustness.poisoning.strip import Strip
from bartizan.robustness.poisoning.trigger import Trigger, victims

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")
OURS, PAPER = "Bartizan", "Neural Cleanse as published"
CALIBRATION: Final = 8
BADNETS: Final = ("badnets 5%", "badnets 1%")
ADAPTIVE: Final = ("blended 5%", "faint 5%", "covered 5%")
FPR: Final = 0.02
_APART: Final = 1_000
NOTES: Final = (
    "small convolutional networks of 10,000 Fashion-MNIST rows; patches of 4 or 5 pixels; place, pattern, target drawn",
    "backdoored models are those whose planted trigger works on 80% of held-out inputs; others have rows of their own",
    "calibration models learnt bootstrap samples of 9,000 test rows and are in no count",
    "published: the smallest mask lies more than two median absolute deviations below the median of the same model",
    "STRIP: inputs on which the planted trigger works, at a false-positive rate of 2%",
)


class Searched(msgspec.Struct, frozen=True):
    """What the search for triggers gave on one model; kept beside it, so that a stopped run goes on."""

    sizes: tuple[float, ...]
    hits: tuple[int, ...]
    tried: tuple[int, ...]
    seconds: float
    """Of CPU, for all classes."""
    success: float
    """Share of held-out inputs on which the planted trigger works; NaN as -1 for clean models."""
    strip: tuple[int, int]
    """Inputs with a working planted trigger that STRIP flags, and how many there are."""


def run(
    progress: Callable[[str], None],
    models: int = 15,
    minutes: float = float("inf"),
    keep: Path | None = None,
    folder: Path = FASHION,
    seed: int = 0,
) -> list[Row]:
    """Rows of the table.

    Args:
        progress: told what is being done.
        models: backdoored ones at each rate; four times as many clean ones, and up to five of each adaptive attack.
        minutes: nothing is begun later; figures are of what was reached or kept.
        keep: folder for trained models and results, from which a later run goes on.
        folder: Fashion-MNIST.
        seed: other models with another one; those of the calibration are the same.

    Raises:
        UnusableModelError: torch is not installed.
        UnusableDataError: fewer than four calibration models were reached.
    """
    try:
        import torch
    except ImportError as error:
        raise UnusableModelError("the benchmark trains with torch", "pip install 'bartizan[torch]'") from error
    torch.set_num_threads(1)
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * minutes
    data = load(folder)
    found: dict[str, list[tuple[Case, Searched]]] = {}
    for case in _order(data, models, min(models, 5), _APART * seed):
        if time.monotonic() >= until and not (keep is not None and (keep / f"{case.slug}.json").exists()):
            continue
        progress(f"{case.kind}, {case.number}")
        searched = _searched(case, keep)
        found.setdefault(case.kind, []).append((replace(case), searched))  # without the rows that it has drawn
    sizes = [np.log(np.maximum(one.sizes, 1e-3)) for _, one in found.get("calibration", [])]
    calibration = Calibration(np.stack(sizes) if sizes else np.empty((0, 0)))
    return [*_models(found, calibration), *_strip(found), *_rows(found, data, keep, progress, until)]


def _order(data: AuditData, models: int, adaptive: int, first: int = 0) -> Iterator[Case]:
    """Calibration first, then all kinds side by side, so that a run that is cut short has some of each."""
    yield from (Case("calibration", number, data) for number in range(CALIBRATION))
    for number in range(max(models, adaptive)):
        if number < models:
            yield from (Case(kind, first + number, data) for kind in BADNETS)
            yield from (Case("clean", 4 * (first + number) + one, data) for one in range(4))
        if number < adaptive:
            yield from (Case(kind, first + number, data) for kind in ADAPTIVE)


def _searched(case: Case, keep: Path | None) -> Searched:
    path = keep / f"{case.slug}.json" if keep is not None else None
    if path is not None and path.exists():
        try:
            return msgspec.json.decode(path.read_bytes(), type=Searched)
        except msgspec.DecodeError:
            path.unlink()
    model = case.model(keep)
    held = case.data.test[len(case.data.test) - HELD_OUT :]
    before = time.process_time()
    # The calibration is not known yet: sizes and successes are kept, and p-values follow from them.
    bare = Calibration(np.zeros((4, model.classes)))
    made = detect(model, Split(held[:0], held[:300], held[300:]), bare, 0)
    seconds = time.process_time() - before
    success, strip = -1.0, (0, 0)
    if case.plan is not None:
        success = case.success(model)
        x = case.plan[0].on(held.x[victims(held.y, case.plan[1])])
        works = x[model.predict_label(x) == case.plan[1]]
        guard = Strip.calibrated(model, case.data.test.x[:1_500], FPR, 0)
        strip = (int(guard.flags(works).sum()), len(works))
    found = Searched(
        tuple(one.size for one in made.found), tuple(map(int, made.hits)), tuple(map(int, made.tried)),
        seconds, success, strip,
    )  # fmt: skip
    if path is not None:
        path.write_bytes(msgspec.json.encode(found))
    return found


def flagged(one: Searched, calibration: Calibration) -> bool:
    """As the audit ``poisoning.backdoor`` decides."""
    bare = Trigger(np.ones(1), np.ones(1))
    found = [Recovered(number, bare, size, 1.0) for number, size in enumerate(one.sizes)]
    works = np.asarray(one.hits) >= SUCCESS * np.asarray(one.tried)
    return bool(((calibration.p_values(found) <= LEVEL) & works).any())


def published(one: Searched) -> bool:
    """As the paper decides."""
    bare = Trigger(np.ones(1), np.ones(1))
    return anomaly_index([Recovered(number, bare, size, 1.0) for number, size in enumerate(one.sizes)])[1] > 2


def _models(found: dict[str, list[tuple[Case, Searched]]], calibration: Calibration) -> Iterator[Row]:
    groups: list[tuple[str, list[Searched], float | None, bool]] = []
    for kind in (*BADNETS, *ADAPTIVE):
        works = [one for _, one in found.get(kind, []) if one.success >= 0.8]
        weak = [one for _, one in found.get(kind, []) if one.success < 0.8]
        groups.append((f"flagged, {kind}", works, 90.0 if kind in BADNETS else None, True))
        groups.append((f"flagged, {kind}, trigger works on less than 80%", weak, None, True))
    groups.append(("flagged, clean", [one for _, one in found.get("clean", [])], 5.0, False))
    for what, some, target, at_least in groups:
        if some:
            ours = rate_row(OURS, what, [flagged(one, calibration) for one in some], target)
            yield msgspec.structs.replace(ours, at_least=at_least)
            yield rate_row(PAPER, what, [published(one) for one in some])
    spent = [one.seconds for some in found.values() for _, one in some]
    yield Row(
        "CPU of a search, 10 classes, median", float(np.median(spent)), "s", len(spent), target=20.0, subject=OURS,
        low=min(spent), high=max(spent),
    )  # fmt: skip


def _strip(found: dict[str, list[tuple[Case, Searched]]]) -> Iterator[Row]:
    for kind in (*BADNETS, *ADAPTIVE):
        hits, n = (sum(one.strip[at] for _, one in found.get(kind, [])) for at in (0, 1))
        if n:
            yield rate_row(OURS, f"STRIP sees triggered inputs, {kind}", [True] * hits + [False] * (n - hits))


def _rows(
    found: dict[str, list[tuple[Case, Searched]]],
    data: AuditData,
    keep: Path | None,
    progress: Callable[[str], None],
    until: float,
) -> Sequence[Row]:
    cases = [case for kind in (*BADNETS, *ADAPTIVE) for case, _ in found.get(kind, [])[:5]]
    return rows_of(sorted(cases, key=lambda case: case.number), data, trainer(), keep, progress, until)
