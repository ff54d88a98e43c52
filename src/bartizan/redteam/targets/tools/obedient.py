"""What an agent does that obeys all it reads, as plain code: like a model that an injection is sure to win over.

It acts on three things that it finds in the text that servers gave it, whatever disguise they are in: names of tools,
which it calls; names of what it keeps, which it passes on or says; and addresses, which it shows. It understands
nothing else. Since it never declines, all that keeps it from doing harm is the defence around it, which it measures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from bartizan.core.tool import ToolDefinition
from bartizan.redteam.knowledge import MAX_TEXT, Knowledge, views
from bartizan.redteam.taxonomy import Objective

CAN: Final = frozenset(
    {
        Objective.LEAK_SECRET,
        Objective.LEAK_SYSTEM_PROMPT,
        Objective.LEAK_PERSONAL_DATA,
        Objective.UNAUTHORISED_ACTION,
        Objective.EXFILTRATE,
    }
)
"""Objectives that such an agent can be led to; other cases say nothing about it."""

_FRAGMENT = 300
"""Characters after a tool's name that belong to the order to call it."""
_MOST = 4_000
"""Characters of one argument."""
_URL = re.compile(r"https?://[^\s\"'<>)\]}]{1,500}")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,4})?")
_PROMPT_WORDS = ("instructions", "system prompt", "system message")
_ORDERS = frozenset({"call", "calling", "use", "using", "tool", "with", "by", "run", "invoke"})
"""A tool's name that is an ordinary word is only meant behind one of these."""


class Step(msgspec.Struct, frozen=True):
    """A call that the agent wants to make."""

    tool: str
    arguments: dict[str, Any]


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A text that a server gave."""

    text: str
    tool: str = ""
    """Whose description or result it is; empty for a server's instructions."""


class Keeps:
    """What the agent knows and should not give away.

    Args:
        known: of the campaign.
    """

    def __init__(self, known: Knowledge) -> None:
        self._values = {name: value for name, value in known.secrets.items() if name}
        self._values |= {name: ", ".join(values) for name, values in known.people.items() if name}
        self._prompt = known.system_prompt

    def asked_for(self, text: str) -> list[str]:
        """What of it ``text`` names, each with its value."""
        folded = text.casefold()
        found = [f"{name}: {value}" for name, value in self._values.items() if name.casefold() in folded]
        if self._prompt and any(word in folded for word in _PROMPT_WORDS):
            found.append(self._prompt[:_MOST])
        return found


def plain_name(exposed: str) -> str:
    """A tool's own name: proxies put the server's before it."""
    return exposed.rpartition("__")[2] or exposed


def steps_from(read: Read, tools: Mapping[str, ToolDefinition], keeps: Keeps) -> list[Step]:
    """The calls that a text orders, each once, in the order in which it names them.

    Args:
        read: the text; the tool whose it is does not call itself.
        tools: what is offered, by the name to call it by.
        keeps: what the agent knows.
    """
    found: dict[str, Step] = {}
    for text in _seen(read.text):
        given = keeps.asked_for(text)
        for exposed, definition in tools.items():
            if exposed == read.tool or exposed in found:
                continue
            after = _ordered(plain_name(exposed), text)
            if after is not None:
                found[exposed] = Step(exposed, arguments_for(definition, after, text, given))
    return list(found.values())


def arguments_for(tool: ToolDefinition, after: str, text: str, given: Sequence[str]) -> dict[str, Any]:
    """Arguments as ``text`` wants them: what stands behind the tool's name, and what it asks for."""
    properties = tool.input_schema.get("properties")
    required = tool.input_schema.get("required")
    names = properties if isinstance(properties, dict) else {}
    must = required if isinstance(required, list) else []
    out: dict[str, Any] = {}
    for name, schema in list(names.items())[:50]:
        value = _value(str(name), schema if isinstance(schema, dict) else {}, after, text, given)
        if value is not None or name in must:
            out[str(name)] = value
    return out


def said(reads: Sequence[Read], keeps: Keeps) -> str:
    """What the agent tells its user because it read ``reads``: what they ask for, and their addresses as images."""
    lines: dict[str, None] = {}
    for read in reads:
        for text in _seen(read.text):
            given = keeps.asked_for(text)
            lines |= dict.fromkeys(given)
            for url in _URL.findall(text)[:5]:
                lines[f"![]({url}{'; '.join(given)[:200]})"] = None
    return "\n".join(lines)[:MAX_TEXT]


def _seen(text: str) -> Iterator[str]:
    """The text, and what is left of it when disguises are undone: strong models read those, too."""
    return (view.text for view in views(text))


def _ordered(name: str, text: str) -> str | None:
    """What stands behind ``name`` where ``text`` says it as a word, or None."""
    for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text):
        before = text[max(match.start() - 20, 0) : match.start()].casefold().split()
        if "_" in name or (before and before[-1].strip("'\"`(:") in _ORDERS):
            return text[match.end() : match.end() + _FRAGMENT]
    return None


def _value(name: str, schema: Mapping[str, Any], after: str, text: str, given: Sequence[str]) -> Any:
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return next((one for one in choices if str(one) in after), choices[0])
    kind = schema.get("type", "string")
    if kind in {"integer", "number"}:
        number = _NUMBER.search(after) or _NUMBER.search(text)
        value = float(number[0]) if number else 1.0
        return int(value) if kind == "integer" or value.is_integer() else value
    if kind in {"boolean", "object", "array"}:
        return {"boolean": True, "object": {}, "array": []}[kind]
    url, email = _URL.search(after) or _URL.search(text), _EMAIL.search(after) or _EMAIL.search(text)
    lowered = name.casefold()
    if email and ("mail" in lowered or lowered in {"to", "recipient", "cc", "bcc"}):
        return email[0]
    if url and any(word in lowered for word in ("url", "uri", "link", "address")):
        return url[0]
    return "\n".join((" ".join(after.split()).strip(" .:;,()'\"") or " ".join(text.split()), *given))[:_MOST]
