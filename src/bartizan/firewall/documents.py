"""Values in decoded JSON documents, by path.

A key that carries text of its own has a path too: its last step is ``KEY + key``, and writing there renames the key.
Strict parsing refuses U+0000 in keys, so such a step cannot be mistaken for a real key.
"""

from __future__ import annotations

from typing import Any

from bartizan.core.passage import Path

KEY = "\0"
"""Marks a path step that means a key's own text, not the value behind it."""

_HOLDERS: frozenset[type] = frozenset({str, dict, list})
_SHORT = 24
_LONGEST_TOKEN = 96
_TOKEN_MARKS = str.maketrans("", "", "_-.:/$+=")


def is_token(text: str) -> bool:
    """Whether ``text`` is an identifier that cannot hold an instruction, so that no guard need read it.

    ASCII letters, digits and ``_-.:/$+=`` only, and either at most 24 characters or, up to 96, with a digit in it:
    ids have digits, sentences written with underscores hardly ever do.
    """
    if len(text) > _LONGEST_TOKEN or not text.isascii():
        return False
    if len(text) <= _SHORT and text.isidentifier():
        return True
    bare = text.translate(_TOKEN_MARKS)
    if not (bare.isalnum() or not bare):
        return False
    return len(text) <= _SHORT or not bare.isalpha()


def get_value(document: Any, path: Path) -> Any:
    """The value at ``path``; for a ``KEY`` step the key itself. Raises LookupError or TypeError if nothing is there."""
    value = document
    for step in path:
        if isinstance(step, str) and step.startswith(KEY):
            if step[1:] not in value:
                raise KeyError(step[1:])
            value = step[1:]
        else:
            value = value[step]
    return value


def set_value(document: Any, path: Path, value: Any) -> None:
    """Write ``value`` at ``path``, in place. A ``KEY`` step renames the key, which keeps its position; if the new
    name is taken, a number is added to it.

    Raises:
        LookupError: nothing stands at ``path``.
        TypeError: the path leads through something that is neither an object nor a list.
    """
    if not path:
        raise LookupError("the document itself has no place to be written to")
    holder = get_value(document, path[:-1])
    step = path[-1]
    if isinstance(step, str) and step.startswith(KEY):
        _rename(holder, step[1:], value)
        return
    if isinstance(step, str) and step not in holder:
        raise KeyError(step)
    holder[step] = value


def remove_value(document: Any, path: Path) -> None:
    """Empty the value at ``path``: a list becomes ``[]``, anything else null, since SDKs expect the field itself."""
    set_value(document, path, [] if isinstance(get_value(document, path), list) else None)


def string_leaves(value: Any, path: Path = ()) -> list[tuple[Path, str]]:
    """Every non-empty string in ``value``, and every key that is not a mere token, with its path, in document
    order; a key comes after what is below it, so that renaming keys in this order leaves the other paths valid.

    Depth must be bounded by the parser that made ``value``.
    """
    found: list[tuple[Path, str]] = []
    _collect(value, path, found)
    return found


def _collect(value: Any, path: Path, found: list[tuple[Path, str]]) -> None:
    if isinstance(value, str):
        if value:
            found.append((path, value))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if type(inner) in _HOLDERS:
                _collect(inner, (*path, key), found)
            if not is_token(key):
                found.append(((*path, KEY + key), key))
    elif isinstance(value, list) and not _numbers(value):
        for index, inner in enumerate(value):
            if type(inner) in _HOLDERS:
                _collect(inner, (*path, index), found)


def _numbers(values: list[Any]) -> bool:
    """Embeddings and token arrays are long: recognise them without a Python loop."""
    return set(map(type, values)) <= {int, float}


def _rename(holder: dict[str, Any], old: str, new: str) -> None:
    if old not in holder:
        raise KeyError(old)
    name, number = new, 1
    while name != old and name in holder:
        number += 1
        name = f"{new} {number}"
    items = [(name if key == old else key, value) for key, value in holder.items()]
    holder.clear()
    holder.update(items)
