"""Small networks on Fashion-MNIST for the figures on poisoning: clean and backdoored ones, kept in a folder."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from bartizan.robustness.interface import AuditData, Labels, ModelUnderTest, Samples
from bartizan.robustness.models.torch import TorchModel
from bartizan.robustness.models.torch_training import TorchTrainer, small_cnn
from bartizan.robustness.poisoning.injectors import backdoor, covered
from bartizan.robustness.poisoning.trigger import Trigger, blend, patch

if TYPE_CHECKING:
    import torch

SHAPE: Final = (1, 28, 28)
ROWS: Final = 10_000
"""Training rows of each model."""
HELD_OUT: Final = 1_000
"""Last test rows: what audits search and verify on. Calibration models learn the other test rows."""
KINDS: Final = ("calibration", "clean", "badnets 5%", "badnets 1%", "blended 5%", "faint 5%", "covered 5%")


def trainer() -> TorchTrainer:
    """A thousand steps: with fewer, 100 poisoned rows of 10,000 plant no backdoor that works."""
    return TorchTrainer(_network, SHAPE, 10, epochs=5, batch=50, rate=4e-3, name="small CNN, 5 epochs")


def _network(shape: tuple[int, ...], classes: int) -> torch.nn.Sequential:
    return small_cnn(shape, classes, width=8)


@dataclass(frozen=True)
class Case:
    """One model of the benchmark; the same kind and number are the same model."""

    kind: str
    number: int
    data: AuditData

    @cached_property
    def _seeds(self) -> np.random.Generator:
        return np.random.default_rng([self.number, KINDS.index(self.kind)])

    @cached_property
    def clean(self) -> Samples:
        """Training rows before poisoning."""
        assert self.data.train is not None
        if self.kind == "calibration":
            trusted = len(self.data.test) - HELD_OUT
            return self.data.test[self._seeds.integers(trusted, size=trusted)]
        return self.data.train[self._seeds.choice(len(self.data.train), ROWS, replace=False)]

    @cached_property
    def plan(self) -> tuple[Trigger, int] | None:
        """Trigger and target of a backdoored model."""
        rng = np.random.default_rng([self.number, KINDS.index(self.kind), 1])
        target, size = int(rng.integers(10)), int(rng.integers(4, 6))
        place = (int(rng.integers(0, 29 - size)), int(rng.integers(0, 29 - size)))
        seed = int(rng.integers(1000)) if rng.random() < 0.5 else None
        if self.kind in ("calibration", "clean"):
            return None
        if self.kind == "blended 5%":
            return blend(SHAPE, 0.2, int(rng.integers(1000))), target
        square = patch(SHAPE, size, place, seed)
        if self.kind == "faint 5%":
            return Trigger(square.mask * np.float32(0.4), square.pattern), target
        return square, target

    @cached_property
    def poisoned(self) -> tuple[Samples, Labels]:
        """What the model learns, and the indices of the planted rows."""
        if self.plan is None:
            return self.clean, np.empty(0, np.int64)
        rate = 0.01 if self.kind.endswith(" 1%") else 0.05
        made = (covered if self.kind == "covered 5%" else backdoor)(self.clean, rate, *self.plan, self.number)
        return made.samples, made.planted

    def success(self, model: ModelUnderTest) -> float:
        """Share of the held-out rows of other classes that the planted trigger sends to its target."""
        assert self.plan is not None
        rows = self.data.test[len(self.data.test) - HELD_OUT :]
        x = rows.x[rows.y != self.plan[1]]
        return float((model.predict_label(self.plan[0].on(x)) == self.plan[1]).mean())

    @property
    def slug(self) -> str:
        """Its name as a file's."""
        return f"{self.kind} {self.number}".replace("%", "").replace(" ", "-")

    def model(self, folder: Path | None) -> ModelUnderTest:
        """Trained, or read from ``folder``, where it is kept."""
        import torch

        torch.set_num_threads(1)
        name = f"{self.kind} {self.number}"
        path = folder / f"{self.slug}.npz" if folder is not None else None
        if path is not None and path.exists():
            module = _network(SHAPE, 10)
            try:
                with np.load(path, allow_pickle=False) as kept:
                    module.load_state_dict({key: torch.from_numpy(kept[key]) for key in kept.files})
                return TorchModel(module, SHAPE, 10, (0.0, 1.0), name, module[:-1])
            except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile):
                path.unlink()  # cut short while it was written: trained anew
        samples, _ = self.poisoned
        trained = trainer().fit(samples.x, samples.y, 1_000 + self.number)
        assert isinstance(trained, TorchModel)
        trained.name = name
        if path is not None:
            # Writing beside and renaming: a run that is stopped leaves no half model.
            beside = path.with_suffix(".part.npz")
            np.savez(beside, **{key: value.numpy() for key, value in trained.module.state_dict().items()})
            beside.rename(path)
        return trained
