"""Our records in other people's schemas: one table each, and one small engine that reads them."""

from bartizan.telemetry.mappings.engine import Mapping, load_mapping
from bartizan.telemetry.mappings.formats import FORMATS, Formatter, formatter

__all__ = ["FORMATS", "Formatter", "Mapping", "formatter", "load_mapping"]
