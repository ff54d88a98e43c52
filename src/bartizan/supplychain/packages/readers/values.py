"""Values out of decoded documents, whatever shape attackers gave them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages import rules
from bartizan.supplychain.packages.interface import MOST, Lock, Note


def text(content: Any, key: str) -> str:
    """The text under a key; empty where there is none."""
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, str) else ""


def table(content: Any, key: str) -> dict[str, Any]:
    """The table under a key; empty where there is none."""
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, dict) else {}


def rows(content: Any, key: str, budget: Budget) -> Iterator[dict[str, Any]]:
    """The tables in the list under a key. Raises `MalformedError` for a list with anything else, and for too many."""
    value = content.get(key, []) if isinstance(content, dict) else []
    if not isinstance(value, list) or len(value) > MOST:
        raise MalformedError(f"{key} is no list of up to {MOST} tables", 0)
    for one in value:
        budget.step()
        if not isinstance(one, dict):
            raise MalformedError(f"{key} holds something else than tables", 0)
        yield one


def hashes_of(tables: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """``hash = "sha256:…"`` and ``hashes = {sha256 = "…"}`` of the files of a package."""
    out: dict[str, None] = {}
    for one in tables:
        if said := text(one, "hash"):
            out[said.lower()] = None
        for kind, value in table(one, "hashes").items():
            if isinstance(value, str):
                out[f"{kind}:{value}".lower()] = None
    return tuple(out)


def integrity(said: str) -> tuple[str, ...]:
    """Digests of a Subresource Integrity text (W3C), as ``algorithm:hexadecimal``; what is none is left out."""
    out = []
    for one in said.split():
        kind, _, value = one.partition("?")[0].partition("-")
        try:
            out.append(f"{kind.lower()}:{base64.b64decode(value, validate=True).hex()}")
        except (binascii.Error, ValueError):
            continue
    return tuple(out)


def unread(lock: Lock, what: str) -> None:
    """Note an entry that says too little."""
    lock.notes.append(Note(rules.UNREAD, "The entry does not say what would be installed.", what[:200], -1))
