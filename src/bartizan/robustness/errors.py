"""What can go wrong in an audit. Each is a reason to say "inconclusive", never a reassuring number."""

from __future__ import annotations

from bartizan.core.errors import BartizanError


class AuditError(BartizanError):
    """Base of all errors of this room."""


class NotOfferedError(AuditError):
    """The model does not answer this kind of question, or the declared access does not allow it."""


class NotApplicableError(AuditError):
    """The audit does not fit this kind of model or data at all: it is named as not run, and says nothing."""


class BudgetSpentError(AuditError):
    """The query budget does not cover what was asked; nothing of it was asked."""


class TimeSpentError(BudgetSpentError):
    """The time for this audit is over; nothing more was asked."""


class UnusableDataError(AuditError):
    """The data cannot support a statement: wrong shape, NaN, one class, labels out of range, too few rows."""


class UnusableModelError(AuditError):
    """The model answers with something that is no prediction (wrong shape, NaN, a foreign class), or does not load."""
