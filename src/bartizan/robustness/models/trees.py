"""Tree ensembles of XGBoost and LightGBM in their own text formats, which hold no code; the libraries must be there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from bartizan.robustness.errors import UnusableModelError
from bartizan.robustness.interface import Floats
from bartizan.robustness.models.base import BaseModel


class BoosterModel(BaseModel):
    """A booster's probabilities.

    Args:
        path: ``.json`` or ``.ubj`` of XGBoost, ``.txt`` of LightGBM.
        shape: of one row.
        classes: how many there are.
        bounds: smallest and largest legal value.

    Raises:
        UnusableModelError: the library is not installed, or it does not read the file.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, ...],
        classes: int,
        bounds: tuple[Floats | float, Floats | float] = (-np.inf, np.inf),
    ) -> None:
        library = "lightgbm" if path.suffix == ".txt" else "xgboost"
        try:
            raw = path.read_bytes()
            self._predict = _lightgbm(path) if library == "lightgbm" else _xgboost(path)
        except ImportError:
            raise UnusableModelError(f"{path.name} needs {library}", f"install it: pip install {library}") from None
        except Exception as error:  # both raise classes of their own
            raise UnusableModelError(f"{library} does not read {path.name}: {_line(error)}") from None
        super().__init__(path.name, shape, classes, bounds, f"sha256:{hashlib.sha256(raw).hexdigest()}")

    def predict_proba(self, x: Floats, /) -> Floats:
        """As the objective gives them: one probability for two classes, or one for each class."""
        try:
            found = np.asarray(self._predict(x.reshape(len(x), -1)), np.float64).reshape(len(x), -1)
        except Exception as error:  # as above
            raise UnusableModelError(f"{self.name} fails: {_line(error)}") from None
        if found.shape[1] == 1 and self.classes == 2:
            return np.hstack([1 - found, found])
        return found


def _xgboost(path: Path) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(str(path))
    return lambda x: booster.inplace_predict(x, validate_features=False)


def _lightgbm(path: Path) -> Any:
    import lightgbm

    booster = lightgbm.Booster(model_file=str(path))
    return lambda x: booster.predict(x)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
