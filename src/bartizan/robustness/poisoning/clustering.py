"""Activation clustering (Chen et al. 2018): the features of a poisoned class fall into two unlike groups."""

from __future__ import annotations

import numpy as np

from bartizan.robustness.errors import AuditError
from bartizan.robustness.interface import Floats, Labels

LARGEST = 0.35
"""A smaller group with more than this share of its class is no poison: the paper's relative-size test."""


def clustering_scores(features: Floats, y: Labels, seed: int = 0) -> Floats:
    """For each class, two means of its first ten principal components; a row's score is how far it lies on the side of
    the smaller group, in [0, 1], times how well the two are parted (silhouette), ``(n,)``. Zero where the smaller group
    is too large to be poison.

    Args:
        features: ``(n, width)``, of the model trained on the suspected rows.
        y: their labels, ``(n,)``.
        seed: of the clustering.

    Raises:
        AuditError: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import KMeans
        from sklearn.decomposition import PCA
        from sklearn.metrics import silhouette_score
    except ImportError as error:
        raise AuditError("clustering needs scikit-learn", "install the extra ml") from error
    found = np.zeros(len(y))
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        if len(rows) < 20 or np.ptp(features[rows], axis=0).max() == 0:
            continue
        width = min(10, features.shape[1])
        reduced = PCA(width, random_state=seed).fit_transform(features[rows].astype(float))
        means = KMeans(2, n_init=4, random_state=seed).fit(reduced)
        sizes = np.bincount(means.labels_, minlength=2)
        small = int(sizes.argmin())
        if sizes[small] == 0 or sizes[small] > LARGEST * len(rows):
            continue
        away = np.linalg.norm(reduced[:, None] - means.cluster_centers_, axis=2)
        parted = silhouette_score(reduced, means.labels_, sample_size=min(1_000, len(rows)), random_state=seed)
        found[rows] = max(float(parted), 0.0) * away[:, 1 - small] / np.maximum(away.sum(1), 1e-12)
        found[rows[means.labels_ != small]] = 0
    return found
