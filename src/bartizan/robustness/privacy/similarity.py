"""How alike two pictures are, and how near a row is to a set of rows."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.interface import Floats

_WINDOW = 7
_C1, _C2 = 0.01**2, 0.03**2


def ssim(a: Floats, b: Floats) -> Floats:
    """Structural similarity of pictures ``(n, channels, height, width)`` with values from 0 to 1, ``(n,)``.

    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, IEEE Transactions on Image Processing 13 (2004): means over
    all square windows of 7 pixels (of the whole picture where it is smaller) and over channels, with the paper's
    constants and unbiased covariances.
    """
    size = min(_WINDOW, a.shape[-1], a.shape[-2])
    x, y = (np.lib.stride_tricks.sliding_window_view(one.astype(np.float64), (size, size), (2, 3)) for one in (a, b))
    axes = (-1, -2)
    mean_x, mean_y = x.mean(axes), y.mean(axes)
    unbiased = size * size / (size * size - 1)
    var_x, var_y = ((x**2).mean(axes) - mean_x**2) * unbiased, ((y**2).mean(axes) - mean_y**2) * unbiased
    both = ((x * y).mean(axes) - mean_x * mean_y) * unbiased
    found = ((2 * mean_x * mean_y + _C1) * (2 * both + _C2)) / ((mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2))
    return np.asarray(found.mean(axis=(1, 2, 3)))


def nearest(rows: Floats, others: Floats) -> tuple[Floats, np.ndarray]:
    """Root mean squared difference to the nearest of ``others``, and which that is; both ``(n,)``."""
    a, b = rows.reshape(len(rows), -1).astype(np.float64), others.reshape(len(others), -1).astype(np.float64)
    squares = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T, 0)
    where = squares.argmin(axis=1)
    return np.sqrt(squares[np.arange(len(a)), where] / a.shape[1]), where
