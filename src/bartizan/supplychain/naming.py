"""Files whose names tell a loader to unpickle them, although no unpickler would read what is in them."""

from __future__ import annotations

from collections.abc import Set
from pathlib import PurePosixPath

from bartizan.supplychain.interface import MALFORMED, Admission, Rule, Severity

OTHER_CONTENT = Rule(
    id="pickle.other_content",
    title="Name of a pickle on something else",
    admission=Admission.INCONCLUSIVE,
    severity=Severity.LOW,
    tags=MALFORMED,
)
_UNPICKLED = frozenset({"pickle", "zip", "tar", "compressed"})
"""What such files are when libraries write them: ``torch.save`` makes zip archives, joblib compresses."""
_ALWAYS = frozenset({".pkl", ".pickle", ".joblib", ".dill"})
_TEXT_AS_WELL = frozenset({".pt", ".pth", ".ckpt"})
"""Also texts in Portuguese, folders for Python to import from, and lists of checkpoints."""


def contradicts(name: str, formats: Set[str]) -> bool:
    """Whether a file of this name is unpickled and ``formats``, as which it was recognised, hold none that can be."""
    suffix = PurePosixPath(name).suffix.casefold()
    if suffix in _TEXT_AS_WELL:
        return not formats & (_UNPICKLED | {"text"})
    return suffix in _ALWAYS and not formats & _UNPICKLED
