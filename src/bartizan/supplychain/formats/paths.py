"""Paths that a model names: harmless ones stay beside it."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def escapes(path: str) -> str:
    """Why ``path`` leaves the folder that it is relative to; empty if it stays inside."""
    if not path:
        return ""
    if "\0" in path:
        return "it holds a zero byte"
    if path[0] in "/\\":
        return "it is absolute"
    if path[0] == "~":
        return "it begins in somebody's home folder"
    if _SCHEME.match(path):
        return "it names a drive or another machine"
    if ".." in path.replace("\\", "/").split("/"):
        return "it climbs out of the folder"
    return "it holds variables of the environment" if "$" in path or "%" in path else ""
