"""Takes a control out of a workspace without taking anything from the others: they can go in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.hardening.change import POLICY, Setting, text_of, value_at
from bartizan.hardening.holding import lost
from bartizan.hardening.record import ControlRecord, Undo
from bartizan.workspace.patching import remove_value, set_value


def undo_of(files: Mapping[str, bytes], setting: Setting, others: Sequence[ControlRecord]) -> Undo:
    """What ``setting`` will have to be put back to: what was there before any control wanted something there.

    Args:
        files: without the setting.
        setting: of the control that is approved.
        others: the controls that are approved already.
    """
    had, value = value_at(text_of(files), setting.path)
    earlier = [undo for _, _, undo in _claims(setting, files, others)]
    if not setting.add:
        return earlier[0] if earlier else Undo(setting.path, had, value)
    put = [item for undo in earlier for item in undo.value]
    ours = [item for item in msgspec.to_builtins(setting.value) if item in put or item not in (value or [])]
    return Undo(setting.path, earlier[0].had if earlier else had, ours)


def undone(files: Mapping[str, bytes], record: ControlRecord, others: Sequence[ControlRecord]) -> dict[str, bytes]:
    """The files without ``record``; what ``others`` want of the same settings stays.

    Raises:
        ConfigurationError: one of its settings was changed since, or policy cannot be edited line by line.
        DocumentError: policy is broken.
    """
    after = {name: content for name, content in files.items() if name not in record.change.files}
    if not record.change.settings:
        return after
    text = text_of(files)
    for setting, undo in reversed(list(zip(record.change.settings, record.undo, strict=True))):
        claims = [(version, other.value) for version, other, _ in _claims(setting, files, others)]
        had, value = value_at(text, setting.path)
        if setting.add:
            if not isinstance(value, list) or any(item not in value for item in undo.value):
                _refuse(setting)
            kept = [item for _, items in claims for item in msgspec.to_builtins(items)]
            rest: Any = [item for item in value if item not in undo.value or item in kept]
            stays = undo.had or bool(rest)
        else:
            newest = max([*claims, (record.version, setting.value)], key=lambda one: one[0])[1]
            if not had or value != msgspec.to_builtins(newest):
                _refuse(setting)
            rest = max(claims, key=lambda one: one[0])[1] if claims else undo.value
            stays = undo.had or bool(claims)
        if not stays:
            text = remove_value(text, POLICY, setting.path)
        elif msgspec.to_builtins(rest) != value:
            text = set_value(text, POLICY, setting.path, rest)
    after[POLICY] = text.encode()
    return after


def _claims(
    setting: Setting, files: Mapping[str, bytes], others: Sequence[ControlRecord]
) -> list[tuple[int, Setting, Undo]]:
    """What other controls that stand in ``files`` want at the same place, with the versions that they came in."""
    return [
        (record.version, other, undo)
        for record in others
        if not lost(record.change, files)
        for other, undo in zip(record.change.settings, record.undo, strict=True)
        if (other.path, other.add) == (setting.path, setting.add)
    ]


def _refuse(setting: Setting) -> None:
    where = ".".join(setting.path)
    raise ConfigurationError(f"{where} in {POLICY} was changed since", "take the control out by hand")
