"""The receiving desk: reads the bill, believes it, and takes the models into use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from bartizan.range.goods.deliveries import BILL
from bartizan.range.goods.models import LICENCES, content, forecast, goods_code

_LARGEST = 4 << 20
_DIGEST = 64
_TYPES = frozenset({"machine-learning-model", "data", "file"})


class Received(NamedTuple):
    """What the desk did with a delivery."""

    accepted: bool
    reason: str
    printed: str = ""
    """What the bakery's screen shows once the models are in use."""


def receive(folder: Path, seed: int) -> Received:
    """Look at a delivery as the desk does: at the bill, never at the digest of a file."""
    try:
        raw = (folder / BILL).read_bytes()
        if len(raw) > _LARGEST:
            return Received(False, "the bill is too long")
        document = json.loads(raw)
        reason = _refused(folder, document)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Received(False, "the bill cannot be read")
    if reason:
        return Received(False, reason)
    return Received(True, "the bill is complete", _in_use(folder, seed))


def _refused(folder: Path, document: dict[str, Any]) -> str:
    if document["bomFormat"] != "CycloneDX":
        return "no bill of materials"
    listed = {one["name"]: one for one in document["components"] if one["type"] in _TYPES}
    for name in LICENCES:
        if name not in listed:
            return f"{name} is not on the bill"
    for name in LICENCES:
        one = listed[name]
        for entry in one.get("hashes", ()):
            if len(entry["content"]) != _DIGEST:
                return f"{name} has a digest that is none"
        sizes = [p["value"] for p in one.get("properties", ()) if p["name"] == "bartizan:verified:size"]
        if any(int(size) != (folder / name).stat().st_size for size in sizes):
            return f"{name} does not have the size on the bill"
    return ""


def _in_use(folder: Path, seed: int) -> str:
    """The forecasts of the day. Where one is wrong, tomorrow's dough is, and the emergency fund must be opened."""
    lines = []
    for name in LICENCES:
        if name.endswith(".safetensors"):
            said, right = forecast((folder / name).read_bytes()), forecast(content(name, seed))
            lines.append(f"{name} forecasts {said}")
            if said != right:
                lines.append(f"half the dough is thrown away; the emergency fund opens with {goods_code(seed)}")
    return "\n".join(lines)
