"""A change of a workspace: settings of ``policy.yaml`` and files beside it. Applied to contents, never to a disk."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.problem import printable
from bartizan.workspace.checker import plain
from bartizan.workspace.nodes import parse
from bartizan.workspace.patching import set_value

POLICY: Final = "policy.yaml"
_EMPTY: Final = "version: 1\n"


class Setting(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of ``policy.yaml``."""

    path: tuple[str, ...]
    value: Any
    add: bool = False
    """``value`` is a list of what is added to the list at ``path``; what stands there stays."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a control changes."""

    settings: tuple[Setting, ...] = ()
    files: dict[str, str] = msgspec.field(default_factory=dict)
    """New files by name relative to the workspace."""

    def apply(self, before: Mapping[str, bytes]) -> dict[str, bytes]:
        """The workspace's files with the change.

        Raises:
            ConfigurationError: a file is there already, or policy is written in a way that cannot be edited.
            DocumentError: policy is broken.
        """
        after = dict(before)
        if self.settings:
            text = text_of(before)
            for setting in self.settings:
                text = _set(text, setting)
            after[POLICY] = text.encode()
        for name, content in self.files.items():
            if name in after and after[name] != content.encode():
                raise ConfigurationError(f"{name} is there already", "remove it, or propose anew")
            after[name] = content.encode()
        return after


def text_of(files: Mapping[str, bytes]) -> str:
    """Policy, also where the workspace has none yet."""
    return files.get(POLICY, _EMPTY.encode()).decode("utf-8")


def value_at(text: str, path: Sequence[str]) -> tuple[bool, Any]:
    """Whether policy says anything at ``path``, and what. Raises DocumentError."""
    value = plain(parse(text, POLICY))
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False, None
        value = value[key]
    return True, value


def _set(text: str, setting: Setting) -> str:
    if not setting.add:
        return set_value(text, POLICY, setting.path, setting.value)
    _, there = value_at(text, setting.path)
    if not isinstance(there, list | None):
        raise ConfigurationError(f"{'.'.join(setting.path)} in {POLICY} is no list")
    new = [item for item in setting.value if item not in (there or [])]
    return set_value(text, POLICY, setting.path, [*(there or []), *new]) if new else text


def diff(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """A unified diff over all files, as a reviewer reads it; control characters cannot drive a terminal."""
    out: list[str] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, b""), after.get(name, b"")
        if old == new:
            continue
        lines = difflib.unified_diff(
            old.decode("utf-8", "replace").splitlines(),
            new.decode("utf-8", "replace").splitlines(),
            f"a/{name}" if name in before else "/dev/null",
            f"b/{name}" if name in after else "/dev/null",
            lineterm="",
        )
        out.extend(printable(line, 4_000) for line in lines)
    return "\n".join(out)
