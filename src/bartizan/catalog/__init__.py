"""Threats, techniques, controls and frameworks: data files and one loader; every row has a source and an edition."""

from __future__ import annotations

from bartizan.catalog.loader import load_catalog
from bartizan.catalog.model import Catalog, Confidence, Framework, FrameworkRow, Technique, ThreatEntry

__all__ = ["Catalog", "Confidence", "Framework", "FrameworkRow", "Technique", "ThreatEntry", "load_catalog"]
