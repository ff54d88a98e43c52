"""The tool guard with all that reads results: the shipped signatures and the shipped model."""

from __future__ import annotations

from bartizan.agents import AgentGuard, open_guard
from bartizan.inspection.inspector import Inspector
from bartizan.inspection.signatures import SignatureDetector, load_packs


def open_tool_guard(pack: str = "balanced", *, learned: bool = False) -> AgentGuard:
    """A guard with a shipped policy pack.

    Args:
        pack: ``strict``, ``balanced`` or ``observe``.
        learned: read results with the trained model too; some milliseconds for each new text.

    Raises:
        ConfigurationError: no such pack.
        ArtefactError: the model file is not the one that was released.
    """
    if not learned:
        return open_guard(pack)
    from bartizan.inspection.classifier import load_classifier  # numpy and onnxruntime

    return open_guard(pack, inspector=Inspector([SignatureDetector(load_packs(contents={}), ()), load_classifier()]))
