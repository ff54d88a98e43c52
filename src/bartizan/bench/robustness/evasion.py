"""Robust accuracy and CPU of the evasion ensemble beside AutoAttack, ART and torchattacks, on the same models."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bartizan.bench.robustness.evasion_models import CLASSES, SHAPE, models
from bartizan.bench.robustness.kept import kept
from bartizan.bench.table import Row, rate_row
from bartizan.core.stats import paired_difference
from bartizan.robustness.data import load
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.evasion.ball import Norm, ball_for
from bartizan.robustness.evasion.ensemble import evade
from bartizan.robustness.evasion.stages import plan
from bartizan.robustness.interface import Effort, Floats, Samples

if TYPE_CHECKING:
    from bartizan.robustness.models.torch import TorchModel

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")
OURS, REFERENCE = "Bartizan", "AutoAttack"
RADII: Final = {"PGD-trained, ε 0.1": 0.1, "TRADES, ε 0.1": 0.1}
"""Of L∞; 0.05 for the others."""
Contestant: TypeAlias = Callable[["TorchModel", Samples, float], Floats]
NOTES: Final = (
    "every contestant's candidates are judged by the same model on the same rows, within the ball",
    "AutoAttack: version standard (APGD-CE, APGD-T, FAB-T, Square with 5,000 queries)",
    "ART: AutoProjectedGradientDescent, cross-entropy, 50 steps; torchattacks: APGD, cross-entropy, 50 steps",
    "all figures are upper bounds on robustness",
)


def run(
    progress: Callable[[str], None],
    rows: int = 1_000,
    folder: Path = FASHION,
    keep: Path | None = None,
) -> list[Row]:
    """Rows of the table; figures with AutoAttack need pyautoattack.

    Args:
        progress: told what is being done.
        rows: test rows that are attacked on each model.
        folder: Fashion-MNIST.
        keep: folder of a model's figures, from which a later run goes on.

    Raises:
        UnusableModelError: torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise UnusableModelError("the benchmark trains with torch", "pip install 'bartizan[torch]'") from error
    torch.set_num_threads(1)
    data = load(folder)
    facts = {"rows": rows, "torch": version("torch")} | {name: edition for name, (_, edition) in contestants().items()}
    found: list[Row] = []
    spent: dict[str, float] = {}
    for name, model in models(data):
        made = kept(keep, f"evasion {name}", facts, partial(measured, name, model, data.test[:rows], progress))
        found += made
        for row in made:
            if row.unit == "s CPU":
                spent[row.subject] = spent.get(row.subject, 0) + row.value
    return [*found, *summed(spent, rows)]


def summed(spent: dict[str, float], rows: int) -> list[Row]:
    """CPU over all models, as a share of the reference's."""
    if REFERENCE not in spent:
        return []
    share = spent[OURS] / spent[REFERENCE]
    return [Row("CPU summed over the models, of AutoAttack's", share, "×", rows, target=1 / 3, subject=OURS)]


def measured(name: str, model: TorchModel, samples: Samples, progress: Callable[[str], None]) -> Iterator[Row]:
    """One model: each contestant's robust accuracy and CPU."""
    radius = RADII.get(name, 0.05)
    ball = ball_for(model, Norm.LINF, radius)
    left: dict[str, npt.NDArray[np.bool_]] = {}
    for subject, (attack, _) in contestants().items():
        progress(f"{name}: {subject}")
        before = time.process_time()
        tried = attack(model, samples, radius)
        cpu = time.process_time() - before
        held = (model.predict_label(tried) == samples.y) | ~ball.holds(tried, samples.x)
        held &= model.predict_label(samples.x) == samples.y
        left[subject] = held
        yield rate_row(subject, f"robust accuracy, {name} (attacked at {radius:g})", held.tolist())
        yield Row(f"CPU, {name}", cpu, "s CPU", len(samples), subject=subject)
    if REFERENCE in left:
        only, lost = int((left[OURS] & ~left[REFERENCE]).sum()), int((~left[OURS] & left[REFERENCE]).sum())
        low, high = paired_difference(only, lost, len(samples))
        yield Row(
            f"above AutoAttack, {name}", 100 * (only - lost) / len(samples), "points", len(samples), target=0.5,
            note=f"rows that hold against one of the two only: {only} and {lost}", low=100 * low, high=100 * high,
            subject=OURS,
        )  # fmt: skip


def contestants() -> dict[str, tuple[Contestant, str]]:
    """Attack and version: ours first, then whoever is installed."""
    found: dict[str, tuple[Contestant, str]] = {OURS: (ours, version("bartizan"))}
    for package, name, attack in (
        ("pyautoattack", REFERENCE, autoattack),
        ("adversarial-robustness-toolbox", "ART", art),
        ("torchattacks", "torchattacks", torchattacks),
    ):
        with suppress(PackageNotFoundError):
            found[name] = (attack, version(package))
    return found


def ours(model: TorchModel, samples: Samples, radius: float) -> Floats:
    """The ensemble with the effort that audits have."""
    stages = plan(model, Effort(), samples.x, samples.y)
    return evade(model, samples, ball_for(model, Norm.LINF, radius), stages, 0).x


def autoattack(model: TorchModel, samples: Samples, radius: float) -> Floats:
    """Croce and Hein's ensemble in its standard version, as the package pyautoattack has it."""
    import torch
    from pyautoattack import AutoAttack

    attack = AutoAttack(model.module, eps=radius, norm="Linf", version="standard", device="cpu", seed=0)
    attack.verbose = False
    found: Any = attack.run_standard_evaluation(*_tensors(samples), batch_size=250)
    return _array(found[0] if isinstance(found, tuple) else found, torch)


def art(model: TorchModel, samples: Samples, radius: float) -> Floats:
    """APGD as ART has it."""
    import torch
    from art.attacks.evasion import AutoProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    classifier = PyTorchClassifier(model.module, torch.nn.CrossEntropyLoss(), SHAPE, CLASSES, clip_values=(0.0, 1.0))
    attack = AutoProjectedGradientDescent(
        classifier, norm=np.inf, eps=radius, eps_step=radius / 2, max_iter=50, nb_random_init=1, batch_size=250,
        loss_type="cross_entropy", verbose=False,
    )  # fmt: skip
    return np.asarray(attack.generate(samples.x, samples.y), np.float32)


def torchattacks(model: TorchModel, samples: Samples, radius: float) -> Floats:
    """APGD as torchattacks has it."""
    import torch
    from torchattacks import APGD

    x, y = _tensors(samples)
    parts = [
        APGD(model.module, norm="Linf", eps=radius, steps=50)(*part)
        for part in zip(x.split(250), y.split(250), strict=True)
    ]
    return _array(torch.cat(parts), torch)


def _tensors(samples: Samples) -> tuple[Any, Any]:
    import torch

    return torch.from_numpy(np.ascontiguousarray(samples.x, np.float32)), torch.from_numpy(samples.y)


def _array(found: Any, torch: Any) -> Floats:
    assert isinstance(found, torch.Tensor)
    return np.asarray(found.detach().numpy(), np.float32)
