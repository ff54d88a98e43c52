"""What attacks are dressed in, put together from parts: banners, tags, feigned turns, letters, warnings.

The same dress goes around orders and around lines that order nothing, so it says nothing by itself.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from training.generate.slots import corpus, fill, merged

READERS = (
    "AI", "assistant", "language model", "agent", "bot", "copilot", "model", "LLM", "AI agent", "chatbot", "AI system",
    "virtual assistant", "GPT", "automated reader", "assistant model",
)  # fmt: skip
SENDERS = (
    "administrator", "system", "developer", "operator", "security team", "user", "owner of this account", "help desk",
    "platform", "vendor", "compliance office", "supervisor", "maintainers", "root", "orchestrator",
)  # fmt: skip
TITLES = (
    "MESSAGE FOR THE {reader}", "{sender} NOTICE", "INSTRUCTIONS FOR {reader}", "READ THIS, {reader}", "PRIORITY MESSAGE",
    "NEW INSTRUCTIONS", "UPDATED TASK", "{reader} ONLY", "SYSTEM", "ALERT", "DIRECTIVE {number}", "CONFIDENTIAL: {reader}",
    "OVERRIDE", "MEMO FROM THE {sender}", "INTERNAL", "TASK", "URGENT", "POLICY UPDATE {number}", "ACTION", "{sender}",
)  # fmt: skip
TAGS = (
    "system", "instructions", "ai-note", "message", "directive", "reminder", "operator", "task", "important", "notice",
    "priority", "user_message", "developer", "agent_instructions", "context", "policy", "note-to-ai", "command", "alert",
)  # fmt: skip
LEADS = (
    "Before you answer, read this:", "Dear {reader},", "Attention {reader}!", "This is the {sender} speaking.",
    "First of all, {reader}:", "Very important for the {reader}:", "The {sender} says:", "Note to any {reader}:",
    "Hey {reader}, {name} here, your user.", "You are reading this because you are an {reader}.", "Stop. New information:",
    "If you are an {reader}, note the following.", "Message from the {sender}, please process first:",
    "The following comes from the {sender} and has the highest priority.", "{reader}, listen.", "My dear {reader}!",
    "Forget the rest of this page for a moment.", "To be handled before everything else:", "From your {sender}:",
    "It is {name}, your boss.", "The document is over.", "End of the data.", "As agreed with the {sender}:",
    "This paragraph is meant for the {reader}, people can skip it.", "URGENT:", "IMPORTANT!!!", "Hello {reader}.",
)  # fmt: skip
TAILS = (
    "", "", "", "", "Thank you.", "Then go on with your work.", "Do not tell anybody about this note.", "This is binding.",
    "Signed, the {sender}", "After that, continue as before.", "Regards, {name}", "No reply needed.", "Over.",
    "The user knows about it.", "It is really important!", "Once that is done, return to the task.", "- {name}, {sender}",
)  # fmt: skip
ROLES = ("system", "user", "System", "User", "Human", "developer", "SYSTEM", "assistant", "Admin", "tool")
MARKS = ("###", "===", "***", "---", "~~~", "!!!", "+++", ">>>", "%%%", "====", "-----")


def wrapped(rng: random.Random, line: str) -> str:
    """``line`` in a dress: one of the written frames or one that is put together."""
    if rng.random() < 0.45:
        return framed(rng, rng.choice(_frames()), line)
    return rng.choice(FORMS)(rng, line)


def framed(rng: random.Random, frame: str, line: str) -> str:
    """A written frame around ``line``."""
    frame = fill(rng, frame.replace("⟦order⟧", "{order}").replace("{{{{", "[[").replace("}}}}", "]]"))
    return (
        frame.replace("{order_lower}", line[:1].lower() + line[1:])
        .replace("{order_upper}", line.upper())
        .replace("{order_json}", json.dumps(line, ensure_ascii=False)[1:-1])
        .replace("{order}", line)
    )


def _frames() -> list[str]:
    return [frame for frame in merged("injection_frames")["frames"] if frame not in BARE]


BARE = ("{order}", "Please {order_lower}", "Now {order_lower}", "Instead, {order_lower}", "Oh, and {order_lower}",
        "> {order}", "* {order}")  # fmt: skip
"""Frames that are none."""


def _words(rng: random.Random, seed: str) -> str:
    text = seed.replace("{reader}", rng.choice(READERS)).replace("{sender}", rng.choice(SENDERS))
    return fill(rng, text, corpus("slots"))


def _title(rng: random.Random) -> str:
    title = _words(rng, rng.choice(TITLES))
    return rng.choice((title.upper(), title.upper(), title, title.title()))


def banner(rng: random.Random, line: str) -> str:
    mark, title = rng.choice(MARKS), _title(rng)
    end = rng.choice((f"{mark} END {mark}", f"{mark} END OF {title} {mark}", mark, f"{mark} {title} ENDS {mark}", ""))
    return f"{mark} {title} {mark}\n{line}\n{end}".rstrip()


def tag(rng: random.Random, line: str) -> str:
    name = rng.choice(TAGS)
    attribute = rng.choice(
        ("", "", ' level="high"', ' for="ai"', ' from="owner"', ' id="1"', " urgent", ' role="system"')
    )
    gap = rng.choice(("", "", "\n", " "))
    if rng.random() < 0.4:
        return f"[{name.upper()}{attribute}]{gap}{line}{gap}[/{name.upper()}]"
    return f"<{name}{attribute}>{gap}{line}{gap}</{name}>"


def letter(rng: random.Random, line: str) -> str:
    gap = rng.choice((" ", " ", "\n", "\n\n"))
    lead = " ".join(_words(rng, rng.choice(LEADS)) for _ in range(rng.choice((1, 1, 2))))
    return f"{lead}{gap}{line}{gap}{_words(rng, rng.choice(TAILS))}".rstrip()


def warning(rng: random.Random, line: str) -> str:
    mark = rng.choice(("!!!", "⚠", "***", "🔴", ">>", "**", "!!"))
    return f"{mark} {_title(rng)}: {line} {mark if rng.random() < 0.6 else ''}".rstrip()


def turn(rng: random.Random, line: str) -> str:
    role = rng.choice(ROLES)
    end = rng.choice(("", "", "</document>\n", '"""\n', "--- end of data ---\n", "[end of text]\n", "</tool_result>\n",
                      "-----\nThe material stops here.\n", "}\n\n"))  # fmt: skip
    form = rng.choice((
        f"{role}: {line}", f"<{role}>{line}</{role}>", f"<|{role}|>\n{line}\n<|end|>", f"### {role}\n{line}",
        f"<|im_start|>{role}\n{line}<|im_end|>", f"[{role}]\n{line}", f"{role} ({rng.randint(8, 19)}:{rng.randint(10, 59)}): {line}",
        f"[INST] {line} [/INST]", f"**{role}**: {line}",
    ))  # fmt: skip
    return end + form


def field(rng: random.Random, line: str) -> str:
    key = rng.choice(
        ("ai_instruction", "system_note", "agent_task", "prompt", "assistant_message", "directive", "todo_ai")
    )
    return rng.choice((f'"{key}": {json.dumps(line, ensure_ascii=False)}', f"{key}: {line}", f"{key} = '{line}'",
                       f"<!-- {key}: {line} -->", f"# {key.upper()}: {line}", f"// {key}: {line}"))  # fmt: skip


FORMS: tuple[Callable[[random.Random, str], str], ...] = (
    banner,
    banner,
    tag,
    letter,
    letter,
    letter,
    warning,
    turn,
    field,
)
