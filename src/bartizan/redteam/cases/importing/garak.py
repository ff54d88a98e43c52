"""garak's report (JSONL): rows with ``entry_type: attempt`` and ``status: 2``, which were evaluated.

``prompt`` is a conversation, ``{"turns": [{"role", "content": {"text", "lang"}}]}``; once it was a text.
``detector_results`` has a list of scores for each detector, 1 being a hit; ``notes.triggers`` are texts that count as
one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.redteam.cases.importing.found import Found, items, table, text_of
from bartizan.redteam.taxonomy import Objective

HIT = 0.5
_FAMILIES: dict[str, tuple[str, Objective | None, str]] = {
    "promptinject": ("direct_override", None, ""),
    "latentinjection": ("indirect_injection", None, ""),
    "encoding": ("encoded_instruction", None, ""),
    "sysprompt_extraction": ("system_prompt_extraction", Objective.LEAK_SYSTEM_PROMPT, "system_prompt"),
    "web_injection": ("markdown_exfiltration", Objective.EXFILTRATE, "url"),
    "xss": ("active_output", Objective.UNSAFE_OUTPUT, "markup"),
    "exploitation": ("code_payload", None, ""),
    "divergence": ("resource_exhaustion", Objective.DENIAL_OF_WALLET, "length"),
    "smuggling": ("payload_splitting", None, ""),
    "suffix": ("token_smuggling", None, ""),
    "goodside": ("token_smuggling", None, ""),
    "glitch": ("token_smuggling", None, ""),
}
"""By the probe's module: technique, and objective and oracle where its own detectors have a counterpart here."""


def attempts(rows: list[dict[str, Any]], *, every: bool) -> Iterator[Found]:
    """The evaluated attempts; those that no detector counted as a hit only if ``every``."""
    for row in rows:
        if row.get("entry_type") != "attempt" or row.get("status") != 2:
            continue
        scores = (score for scores in table(row.get("detector_results")).values() for score in items(scores))
        if not every and not any(isinstance(one, int | float) and one >= HIT for one in scores):
            continue
        turns, language = _turns(row.get("prompt"))
        label = text_of(row.get("probe_classname")) or "garak"
        technique, objective, oracle = _FAMILIES.get(label.split(".")[0], ("jailbreak", None, ""))
        trigger = next((text for one in items(table(row.get("notes")).get("triggers")) if (text := text_of(one))), "")
        trigger = trigger or text_of(table(row.get("notes")).get("trigger"))
        if objective is None and trigger:
            objective, oracle = Objective.POLICY_EVASION, "text"
        yield Found(
            turns=turns,
            label=label,
            technique=technique,
            objective=objective,
            oracle=oracle,
            value=trigger if oracle == "text" else "",
            language=language,
        )


def _turns(prompt: Any) -> tuple[tuple[str, ...], str]:
    if isinstance(prompt, str):
        return ((text,) if (text := text_of(prompt)) else ()), "en"
    if "text" in table(prompt):
        return ((text,) if (text := text_of(table(prompt)["text"])) else ()), "en"
    users = [table(turn) for turn in items(table(prompt).get("turns")) if table(turn).get("role") == "user"]
    texts = [text_of(table(turn.get("content")).get("text")) for turn in users]
    language = next((lang for turn in users if (lang := text_of(table(turn.get("content")).get("lang")))), "en")
    return tuple(filter(None, texts)), language[:8]
