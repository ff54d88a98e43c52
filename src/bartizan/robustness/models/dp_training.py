"""Training with differential privacy: DP-SGD with accounting (the extras ``torch`` and ``dp``).

M. Abadi et al., "Deep Learning with Differential Privacy", ACM CCS 2016; batches by Poisson sampling, as the accounting
assumes. Opacus clips, adds noise and counts; its generator is torch's, seeded, so that a seed gives one model. For
models that leave the house its secure generator is the right one; audits need to repeat.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from bartizan.robustness.errors import UnusableDataError
from bartizan.robustness.interface import Floats, Labels, ModelUnderTest
from bartizan.robustness.models.torch import TorchModel
from bartizan.robustness.models.torch_training import small_cnn

if TYPE_CHECKING:
    import torch


class DPTrainer:
    """Trains fresh modules with DP-SGD, until their budget is spent.

    Args:
        make: shape and classes to an untrained module without layers that mix rows of a batch.
        shape: of one input.
        classes: outputs.
        epsilon: the budget; neighbours differ by one row.
        delta: the chance that the guarantee does not hold; below one in the number of rows.
        epochs: expected passes over the rows.
        batch: expected rows a step.
        rate: learning rate of plain SGD with momentum.
        clip: largest norm of one row's gradient.
        name: what it trains.
    """

    def __init__(
        self,
        make: Callable[[tuple[int, ...], int], torch.nn.Sequential] = small_cnn,
        shape: tuple[int, ...] = (1, 28, 28),
        classes: int = 10,
        epsilon: float = 4.0,
        delta: float = 1e-5,
        epochs: int = 20,
        batch: int = 256,
        rate: float = 0.5,
        clip: float = 1.0,
        name: str = "",
    ) -> None:
        self._make, self._shape, self._classes = make, shape, classes
        self.epsilon, self.delta = epsilon, delta
        self._epochs, self._batch, self._rate, self._clip = epochs, batch, rate, clip
        self.name = name or f"{make.__name__}, DP-SGD, epsilon {epsilon:g}, delta {delta:g}, {epochs} epochs"

    def noise(self, rows: int) -> float:
        """The noise multiplier that spends the budget on ``rows`` rows, by the accountant of Rényi orders."""
        from opacus.accountants.utils import get_noise_multiplier

        self._check(rows)
        found: float = get_noise_multiplier(
            target_epsilon=self.epsilon,
            target_delta=self.delta,
            sample_rate=min(1.0, self._batch / rows),
            epochs=self._epochs,
            accountant="rdp",
        )
        return found

    def fit(self, x: Floats, y: Labels, seed: int) -> ModelUnderTest:
        """See :class:`~bartizan.robustness.interface.Trainer`.

        Raises:
            UnusableDataError: ``delta`` is no guarantee for so few rows.
        """
        import torch
        from opacus import PrivacyEngine

        self._check(len(y))
        torch.set_num_threads(1)
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.manual_seed(seed)
            module = self._make(self._shape, self._classes)
            rows = torch.utils.data.TensorDataset(
                torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)),
                torch.from_numpy(np.ascontiguousarray(y, dtype=np.int64)),
            )
            engine = PrivacyEngine(accountant="rdp")
            private, optimiser, loader = engine.make_private(
                module=module.train(),
                optimizer=torch.optim.SGD(module.parameters(), lr=self._rate, momentum=0.9),
                data_loader=torch.utils.data.DataLoader(rows, batch_size=min(self._batch, len(y))),
                noise_multiplier=self.noise(len(y)),
                max_grad_norm=self._clip,
            )
            for _ in range(self._epochs):
                for inputs, labels in loader:
                    if not len(labels):
                        continue
                    optimiser.zero_grad()
                    torch.nn.functional.cross_entropy(private(inputs), labels).backward()
                    optimiser.step()
            spent = engine.get_epsilon(self.delta)
            module.load_state_dict(private._module.state_dict())
            private.remove_hooks()
        name = f"{self.name}; spent {spent:.2f}"
        return TorchModel(module, self._shape, self._classes, (0.0, 1.0), name, module[:-1])

    def _check(self, rows: int) -> None:
        if self.delta >= 1 / rows:
            raise UnusableDataError(
                f"delta {self.delta:g} on {rows} rows would allow publishing a whole row", "choose less than one in n"
            )
