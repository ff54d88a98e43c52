"""Hunts: named questions to the lake, each with the guess behind it and how to read the answer."""

from bartizan.detections.hunts.library import load_hunts
from bartizan.detections.hunts.model import Hunt
from bartizan.detections.hunts.running import HuntResult, run_hunt, run_hunts

__all__ = ["Hunt", "HuntResult", "load_hunts", "run_hunt", "run_hunts"]
