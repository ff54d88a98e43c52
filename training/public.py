"""The public training sets as rows: which head learns what from which set."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from training.rows import Row, RowSurface

SHORTEST_INSTRUCTION = 16
MIXED = ("neuralchemy_train", "neuralchemy_validation")
"""Sets whose attacks include pieces of contest entries and plain harmful requests that carry no attack of their own."""
CUE = re.compile(
    r"pwned|ignor|disregard|forget|instruct|prompt|system|bypass|overrid|passw|secret|execut|exec|eval|reveal|previous"
    r"|above|jailbreak|\bDAN\b| mode\b|pretend|act as|you are|unrestricted|unfiltered|no (rules|restrictions)|developer"
    r"|without (any )?(rules|limits|filter)|run: ?`|assume the|role-?play|two answers"
    r"|admin|token|<\||</s>|import|base64|decode|translate .* and|instead|never refuse|character|repeat|\\",
    re.IGNORECASE,
)
"""What an attack of a mixed set must contain, unless it is written in other characters than ASCII."""


def rows(folder: Path) -> Iterator[Row]:
    """Rows of every set in ``folder`` that is known here.

    - Requests teach the ``user`` head. Attacks among them teach ``content`` too (an override is one wherever it
      stands); benign requests do not, because an order to the assistant is suspect inside material.
    - ``hinglish_stealth`` holds harmful questions without a trick: harmful, not an attack.
    - T0 prompts are a task with the material that it belongs to: benign on both surfaces.
    - Attacks of a mixed set without any cue are left out: whether they attack depends on a context that is not given.
    - In BIPIA contexts the injected line is found again, so that windows without it can be benign.
    """
    for path in sorted(folder.glob("*.jsonl")):
        raw = [json.loads(line) for line in path.open(encoding="utf-8")]
        name = path.stem
        if name.startswith("bipia"):
            yield from _embedded(name, raw)
        elif name == "hinglish_stealth":
            yield from (_row(name, number, item, "user", attack=0, harmful=1) for number, item in enumerate(raw))
        else:
            for number, item in enumerate(raw):
                if name in MIXED and item["label"] and item["text"].isascii() and not CUE.search(item["text"]):
                    continue
                surface: RowSurface = "user"
                if item["label"] or item["kind"] == "benign_doc":
                    surface = "both"
                if name == "taubench_records":
                    surface = "content"
                yield _row(name, number, item, surface, attack=item["label"])


def _row(
    name: str,
    number: int,
    item: dict[str, Any],
    surface: RowSurface,
    attack: int,
    harmful: int | None = None,
    spans: tuple[tuple[int, int], ...] = (),
    group: str = "",
) -> Row:
    jailbreak = 1 if item["kind"] == "jailbreak" else 0 if not attack else None
    return Row(
        text=item["text"],
        surface=surface,
        attack=attack,
        extraction=None if attack else 0,
        jailbreak=jailbreak,
        harmful=harmful,
        kind=item["kind"],
        lang=item.get("lang") or "en",
        source=name,
        group=group or f"{name}/{number}",
        spans=spans,
    )


def _embedded(name: str, raw: list[dict[str, Any]]) -> Iterator[Row]:
    injected = _injected_lines(raw)
    for number, item in enumerate(raw):
        if not item["label"]:
            yield _row(name, number, item, "content", attack=0)
            continue
        text = item["text"]
        found = max((line for line in injected if line in text), key=len, default="")
        if found:
            start = text.index(found)
            end = len(text) if found.startswith("import ") else start + len(found)
            yield _row(name, number, item, "content", attack=1, spans=((start, end),), group=f"{name}/{found[:40]}")
        else:
            yield _row(name, number, item, "content", attack=1)


def _injected_lines(raw: Iterable[dict[str, Any]]) -> list[str]:
    """Lines that begin or end several poisoned texts and stand in no clean one."""
    raw = list(raw)
    clean = {line.strip() for item in raw if not item["label"] for line in item["text"].split("\n")}
    edges: Counter[str] = Counter()
    for item in raw:
        if item["label"]:
            lines = [line.strip() for line in item["text"].split("\n")]
            edges.update({line for line in (lines[0], lines[-1]) if len(line) >= SHORTEST_INSTRUCTION})
            edges.update(line for line in lines if line.startswith("import ") and line not in clean)
    return [line for line, count in edges.items() if count >= 2 and line not in clean and not line.startswith("|")]
