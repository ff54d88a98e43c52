"""What is usual for a principal or a model, and which days were not: explainable, with a stated cold start."""

from bartizan.detections.baselines.reading import read_days
from bartizan.detections.baselines.scoring import Baselines, Reason, Scored, score_days

__all__ = ["Baselines", "Reason", "Scored", "read_days", "score_days"]
