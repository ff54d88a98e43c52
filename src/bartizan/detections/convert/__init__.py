"""Rules in other query languages: ``splunk``, ``esql``, ``kusto``, ``opensearch`` and ``sqlite``."""

from bartizan.detections.convert.interface import CannotSayError, Converted, Target
from bartizan.detections.convert.targets import DEFAULT_SOURCES, TARGETS, Outcome, convert_all, make_target

__all__ = [
    "DEFAULT_SOURCES",
    "TARGETS",
    "CannotSayError",
    "Converted",
    "Outcome",
    "Target",
    "convert_all",
    "make_target",
]
