"""Each defence of this package attacked as if it were unknown, by what knows it, and by what asks no gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bartizan.bench.robustness import defences_smoothing
from bartizan.bench.robustness.evasion_models import CLASSES, SHAPE
from bartizan.bench.robustness.kept import kept
from bartizan.bench.table import Row, rate_row
from bartizan.robustness.data import load
from bartizan.robustness.defences.adversarial_training import Perturbation, Trades
from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.evasion.ball import Ball, Norm, ball_for
from bartizan.robustness.evasion.ensemble import evade
from bartizan.robustness.evasion.stages import Stage, plan, squares, walks
from bartizan.robustness.interface import Access, AuditData, Effort, Flags, Floats, Samples

if TYPE_CHECKING:
    import torch

    from bartizan.robustness.models.torch import TorchModel
    from bartizan.robustness.models.torch_training import TorchTrainer

FASHION: Final = Path("/usr/share/datasets/fashion-mnist")
RADIUS: Final = 0.1
UNDEFENDED: Final = "undefended"
NOTES: Final = (
    "Fashion-MNIST, a CNN of 8 and 16 channels, 20,000 rows, 4 epochs; shares of rows that are right and stay so",
    "static: made with APGD against the undefended model, and shown to the defended one",
    "adaptive: APGD-CE, -DLR, -T, FAB-T and Square with the defended model's own gradients; through smoothing, of "
    "the mean answer under 16 draws of noise",
    "without gradients: the static rows, then Square (1,000 queries), then HopSkipJump (500), each on what is left",
    "smoothing answers by 100 votes, and a row counts as evaded only when 1,000 fresh votes say so",
)


def run(
    progress: Callable[[str], None], rows: int = 500, folder: Path = FASHION, keep: Path | None = None
) -> list[Row]:
    """Rows of the table.

    Args:
        progress: told what is being done.
        rows: test rows that are attacked.
        folder: Fashion-MNIST.
        keep: folder of figures, from which a later run goes on.

    Raises:
        UnusableModelError: torch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise UnusableModelError("the benchmark trains with torch", "pip install 'bartizan[torch]'") from error
    torch.set_num_threads(1)
    data = load(folder)
    facts = {"rows": rows, "torch": version("torch"), "bartizan": version("bartizan")}
    plain = trained(data, UNDEFENDED)
    found: list[Row] = []
    for name in HOW:
        found += kept(keep, f"defences {name}", facts, partial(hardened, data, plain, name, rows, progress))
    for made in (defences_smoothing.attacked, defences_smoothing.certified):
        found += kept(keep, f"defences {made.__name__}", facts, partial(made, data, plain, rows, progress))
    return found


def trained(data: AuditData, name: str, rows: int = 20_000) -> TorchModel:
    """One model; the same name gives the same one."""
    from bartizan.robustness.models.torch import TorchModel

    assert data.train is not None
    made = HOW[name]().fit(data.train.x[:rows], data.train.y[:rows], 0)
    assert isinstance(made, TorchModel)
    return made


def hardened(
    data: AuditData, plain: TorchModel, name: str, rows: int, progress: Callable[[str], None]
) -> Iterator[Row]:
    """Adversarial training, at the radius that it was trained at."""
    progress(f"training: {name}")
    model, samples = plain if name == UNDEFENDED else trained(data, name), data.test[:rows]
    ball = ball_for(model, Norm.LINF, RADIUS)
    right = model.predict_label(samples.x) == samples.y
    yield rate_row(name, "accuracy", right.tolist())
    static = transferred(plain, samples, ball)
    unknown = right & (model.predict_label(static) == samples.y)
    yield rate_row(name, f"static, L∞ {RADIUS:g}", unknown.tolist())
    progress(f"{name}: adaptive")
    known = evade(model, samples, ball, plan(model, Effort(), samples.x, samples.y), 0).robust
    yield rate_row(name, f"adaptive, L∞ {RADIUS:g}", known.tolist())
    progress(f"{name}: without gradients")
    blind = without_gradients(model, samples, ball, unknown)
    yield rate_row(name, f"without gradients, L∞ {RADIUS:g}", blind.tolist())


def transferred(plain: TorchModel, samples: Samples, ball: Ball) -> Floats:
    """Rows made against the undefended model: those that it took wrong, and the last try where it took none."""
    from bartizan.robustness.evasion.apgd import apgd
    from bartizan.robustness.evasion.losses import ScaledCrossEntropy

    return apgd(
        plain.loss_grad, samples.x, samples.y, ScaledCrossEntropy(samples.y), ball, 50, np.random.default_rng(0)
    )


def without_gradients(model: TorchModel, samples: Samples, ball: Ball, left: Flags) -> Flags:
    """Of the rows that are left, those that Square and HopSkipJump leave too."""
    stages = [Stage("square", Access.SCORES, squares(1_000)), Stage("hopskipjump", Access.LABELS, walks(500))]
    found, where = left.copy(), np.flatnonzero(left)
    found[where] = evade(model, samples[where], ball, stages, 0).robust
    return found


def _trainer(
    name: str,
    perturb: Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
    objective: Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], torch.Tensor] | None = None,
) -> TorchTrainer:
    from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn

    return TorchTrainer(
        partial(small_cnn, width=8), SHAPE, CLASSES, epochs=4, perturb=perturb, name=name, objective=objective
    )


HOW: Final[Mapping[str, Callable[[], TorchTrainer]]] = {
    UNDEFENDED: lambda: _trainer(UNDEFENDED),
    "PGD-trained": lambda: _trainer("PGD-trained", Perturbation(RADIUS)),
    "TRADES": lambda: _trainer("TRADES", objective=Trades(Perturbation(RADIUS, divergence=True))),
}
"""By the defence."""
