"""promptfoo's configuration (YAML): the ``intent`` plugin's own prompts, and tests with a prompt among their variables.

``redteam.plugins`` entries are names or ``{id, config}``; ``intent`` has ``config.intent``: a text, or a list of texts
or of lists of turns. Tests that promptfoo generated have ``vars`` and ``metadata.pluginId``. Files that it names by
``file://`` are not opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.redteam.cases.importing.found import Found, items, table, text_of
from bartizan.redteam.taxonomy import Objective

_PLUGINS: tuple[tuple[str, str, Objective, str], ...] = (
    ("prompt-extraction", "system_prompt_extraction", Objective.LEAK_SYSTEM_PROMPT, "system_prompt"),
    ("pii", "secret_extraction", Objective.LEAK_PERSONAL_DATA, "personal_data"),
    ("cross-session-leak", "secret_extraction", Objective.LEAK_PERSONAL_DATA, "personal_data"),
    ("data-exfil", "markdown_exfiltration", Objective.EXFILTRATE, "url"),
    ("indirect-prompt-injection", "indirect_injection", Objective.LEAK_SECRET, "secret"),
    ("rag-document-exfiltration", "secret_extraction", Objective.LEAK_SECRET, "secret"),
    ("excessive-agency", "tool_abuse", Objective.UNAUTHORISED_ACTION, "tool_call"),
    ("rbac", "tool_abuse", Objective.UNAUTHORISED_ACTION, "tool_call"),
    ("bola", "tool_abuse", Objective.UNAUTHORISED_ACTION, "tool_call"),
    ("bfla", "tool_abuse", Objective.UNAUTHORISED_ACTION, "tool_call"),
    ("mcp", "tool_abuse", Objective.UNAUTHORISED_ACTION, "tool_call"),
    ("reasoning-dos", "resource_exhaustion", Objective.DENIAL_OF_WALLET, "length"),
    ("divergent-repetition", "resource_exhaustion", Objective.DENIAL_OF_WALLET, "length"),
)
"""By the beginning of a plugin's id: technique, objective and oracle."""
_VARIABLES = ("prompt", "query", "question", "message", "input", "user_input", "text")


def configured(document: Any) -> Iterator[Found]:
    """Everything in the file that is a text to be sent."""
    for plugin in items(table(table(document).get("redteam")).get("plugins")):
        if table(plugin).get("id") == "intent":
            intents = table(table(plugin).get("config")).get("intent")
            for intent in [intents] if isinstance(intents, str) else items(intents):
                yield _found(intent, "intent", ())
    for test in items(table(document).get("tests")):
        values = table(table(test).get("vars"))
        named = [text for name in _VARIABLES if (text := text_of(values.get(name)))]
        only = [text_of(value) for value in values.values()] if len(values) == 1 else []
        plugin = text_of(table(table(test).get("metadata")).get("pluginId"))
        asserted = tuple(
            text_of(table(one).get("value"))
            for one in items(table(test).get("assert"))
            if table(one).get("type") in {"not-contains", "not-icontains"}
        )
        yield _found(next(filter(None, (*named, *only)), ""), plugin or "test", asserted)


def _found(intent: Any, label: str, unwanted: tuple[str, ...]) -> Found:
    turns = (intent,) if isinstance(intent, str) else tuple(items(intent))
    texts = tuple(text for turn in turns if (text := text_of(turn)) and not text.startswith("file://"))
    for name, technique, objective, oracle in _PLUGINS:
        if label.split("promptfoo:redteam:")[-1].startswith(name):
            return Found(turns=texts, label=label, technique=technique, objective=objective, oracle=oracle)
    value = next(filter(None, unwanted), "")
    if value:
        return Found(turns=texts, label=label, objective=Objective.POLICY_EVASION, oracle="text", value=value)
    return Found(turns=texts, label=label)
