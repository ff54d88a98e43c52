"""Adding a key to a list of ``policy.yaml`` without touching anything else a person wrote there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

import yaml

from bartizan.core.errors import ConfigurationError
from bartizan.workspace.checker import plain
from bartizan.workspace.files import read_bounded, write_file
from bartizan.workspace.nodes import LOADER, MapNode, decode, parse
from bartizan.workspace.writing import last_line, quoted


def key_row(principal: str, sha256: str, *, debug: bool = False) -> list[str]:
    """The lines of one entry under ``keys:``, not indented."""
    lines = [f"- principal: {quoted(principal)}", f"  sha256: {sha256}"]
    return [*lines, "  debug: true"] if debug else lines


def approver_row(name: str, sha256: str, principals: Sequence[str] = ()) -> list[str]:
    """The lines of one entry under ``approvers:``, not indented."""
    lines = [f"- name: {quoted(name)}", f"  sha256: {sha256}"]
    return [*lines, f"  principals: [{', '.join(map(quoted, principals))}]"] if principals else lines


def append_key(text: str, name: str, row: list[str], section: str = "keys") -> str:
    """``text`` with ``row`` as the last entry of its list ``section``.

    Args:
        text: a policy that loads.
        name: how errors call it.
        row: from :func:`key_row` or :func:`approver_row`.
        section: ``keys`` or ``approvers``.

    Raises:
        ConfigurationError: the list is written in a way that cannot be extended line by line; add the row by hand.
        DocumentError: the text is broken.
    """
    before = parse(text, name)
    if not isinstance(before, MapNode):
        raise ConfigurationError(f"{name} is not a mapping")
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    at, indent, replaced = _insertion_point(text, lines, section)
    block = [" " * indent + line + newline for line in row]
    if replaced or section not in before.entries:
        block = [f"{section}:" + newline, *block]
    lines[at - 1 if replaced else at : at] = block
    edited = "".join(lines)
    _check_edit(before, parse(edited, name), name, section)
    return edited


def _insertion_point(text: str, lines: list[str], section: str) -> tuple[int, int, bool]:
    """Line number to insert after, indentation, and whether that line (``keys: []``) is replaced."""
    root = yaml.compose(text, Loader=LOADER)
    assert isinstance(root, yaml.MappingNode)
    found = [(key, value) for key, value in root.value if key.value == section]
    if not found or root.flow_style:
        return (len(lines), 2, False)
    key, value = found[0]
    if isinstance(value, yaml.SequenceNode) and not value.flow_style and value.value:
        return (last_line(value), value.start_mark.column, False)
    line = key.start_mark.line + 1
    return (line, 2, True)


def _check_edit(before: MapNode, after: object, name: str, section: str) -> None:
    """The edit must add one entry to ``section`` and leave every other value as it was."""
    assert isinstance(after, MapNode)
    old, new = plain(before), plain(after)
    keys_before, keys_after = old.pop(section, None) or [], new.pop(section, [])
    if old != new or not isinstance(keys_after, list) or keys_after[:-1] != keys_before or not keys_after:
        raise ConfigurationError(
            f"the {section} in {name} are not written one per line", "nothing was changed: add the row by hand"
        )


def write_key(path: Path, name: str, row: list[str], section: str = "keys") -> None:
    """Add ``row`` to the policy file at ``path``, atomically.

    Raises:
        ConfigurationError: see :func:`append_key`; or the file cannot be read or written.
        DocumentError: the file is broken.
    """
    path = path.resolve()
    try:
        folder = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise ConfigurationError(f"{name} cannot be read: {error.strerror}") from None
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # two commands at once must not lose a key
        write_file(path, name, append_key(decode(read_bounded(path, name), name), name, row, section).encode())
    finally:
        os.close(folder)
