"""The learned tier: a linear model over character n-grams, and behind it a small multilingual encoder."""

from bartizan.inspection.classifier.cascade import Cascade
from bartizan.inspection.classifier.detector import ClassifierDetector, load_classifier

__all__ = ["Cascade", "ClassifierDetector", "load_classifier"]
