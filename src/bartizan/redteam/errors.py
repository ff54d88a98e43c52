"""What can go wrong with a campaign, apart from what the target does."""

from __future__ import annotations

from bartizan.core.errors import BartizanError


class TargetError(BartizanError):
    """The target, or a helper of the attacker, cannot be used: unreachable, refused the login, cannot be planted."""


class UnansweredError(TargetError):
    """The target, or the attacker model, could not be reached, or gave no answer.

    Args:
        cause: what went wrong, in one line.
        again: nothing was carried out, so that the trial may run again.
    """

    def __init__(self, cause: str, *, again: bool = False) -> None:
        super().__init__(cause)
        self.again = again


class LeftBehindError(TargetError):
    """What a conversation planted could not be taken out again, or it is not known whether it was."""


class ScopeError(BartizanError):
    """The campaign would leave what its scope file allows."""


class RunError(BartizanError):
    """The folder of a run is unreadable, belongs to another campaign, or is in use."""


class ConverterError(BartizanError):
    """There is no such converter, or a text is too long for one."""


class CaseError(BartizanError):
    """A file of another tool that is to become cases cannot be read."""
