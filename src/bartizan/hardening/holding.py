"""Whether a change still stands in a workspace: as it was made, or stricter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from bartizan.core.verdict import Mode
from bartizan.hardening.change import Change, Setting, text_of, value_at
from bartizan.policy.document import Row

_GUARDS: Final = ("none", "observe", "balanced", "strict")
"""Of ``tools.guard``, each stricter than the one before."""
_BOUNDS: Final = {("tools", "calls_per_message"), ("answers", "max_characters"), ("answers", "max_tokens")}
"""Settings of which a smaller number is stricter, and 0 is none."""


def lost(change: Change, files: Mapping[str, bytes]) -> str:
    """The first file or setting of ``change`` that is gone or weaker in ``files``; empty where all of it stands.

    Raises:
        DocumentError: policy is broken.
    """
    for name, content in change.files.items():
        if files.get(name) != content.encode():
            return name
    text = text_of(files)
    for setting in change.settings:
        had, value = value_at(text, setting.path)
        if not had or not _stands(setting, value):
            return ".".join(setting.path)
    return ""


def _stands(setting: Setting, value: Any) -> bool:
    wanted = msgspec.to_builtins(setting.value)
    if value == wanted:
        return True
    if setting.path == ("tools", "guard"):
        return value in _GUARDS and wanted in _GUARDS and _GUARDS.index(value) >= _GUARDS.index(wanted)
    if setting.path in _BOUNDS:
        return isinstance(value, int) and 0 < value <= wanted
    if setting.path[0] == "surfaces":
        return _as_strict(value, wanted)
    if setting.add or setting.path[0] == "origins":
        return isinstance(value, list) and all(item in value for item in wanted)
    return False


def _as_strict(value: Any, wanted: Any) -> bool:
    try:
        now, then = msgspec.convert(value, Row), msgspec.convert(wanted, Row)
    except msgspec.ValidationError:
        return False
    enforced = now.mode is Mode.ENFORCE or then.mode is Mode.MONITOR
    return enforced and now.action.rank >= then.action.rank and now.threshold <= then.threshold
