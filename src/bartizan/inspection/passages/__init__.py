"""Passages that answers may not repeat: hidden instructions, and statements that are declared false."""

from __future__ import annotations

from bartizan.inspection.passages.detector import SHORTEST, WINDOW, Passage, PassageDetector

__all__ = ["SHORTEST", "WINDOW", "Passage", "PassageDetector"]
