"""The learned tier: a linear model over character n-grams, and behind it a small multilingual encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bartizan.inspection.classifier.cascade import Cascade
    from bartizan.inspection.classifier.detector import ClassifierDetector, load_classifier

__all__ = ["Cascade", "ClassifierDetector", "load_classifier"]


def __getattr__(name: str) -> Any:
    """Load on first use, so that who only names a type does not hold numpy and onnxruntime."""
    if name == "Cascade":
        from bartizan.inspection.classifier import cascade

        return cascade.Cascade
    if name in __all__:
        from bartizan.inspection.classifier import detector

        return getattr(detector, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
