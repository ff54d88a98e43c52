"""Canonical views: the forms of a text in which a model may read it and a filter must."""

from bartizan.inspection.views.canonical import Reading, canonical_views, read
from bartizan.inspection.views.folding import fold, unsettled
from bartizan.inspection.views.limits import Limits

__all__ = ["Limits", "Reading", "canonical_views", "fold", "read", "unsettled"]
