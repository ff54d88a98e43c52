"""Sigma 2.x: rules, correlations and filters read strictly into an expression tree that every engine shares."""

from bartizan.detections.sigma.collection import Collection, load_collection, read_collection
from bartizan.detections.sigma.model import Correlation, CorrelationType, Detection, Rule

__all__ = [
    "Collection",
    "Correlation",
    "CorrelationType",
    "Detection",
    "Rule",
    "load_collection",
    "read_collection",
]
