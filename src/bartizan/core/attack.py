"""The two axes of an attack that both who attacks and what is attacked speak of: where a text enters, and what for."""

from __future__ import annotations

from enum import StrEnum


class EntryPoint(StrEnum):
    """Where the attacker's text enters the application."""

    CHAT = "chat"
    """Typed by the user."""
    RAG_DOCUMENT = "rag_document"
    """A document, page or e-mail that the application retrieves."""
    TOOL_OUTPUT = "tool_output"
    """The result of a tool call."""
    TOOL_METADATA = "tool_metadata"
    """A tool's name, description or schema."""
    MEMORY = "memory"
    """What the application stored in an earlier conversation."""
    MULTI_AGENT = "multi_agent"
    """A message of another agent."""
    MODEL = "model"
    """The model itself, without an application around it: prefilled answers, template markers, token tricks."""


class Objective(StrEnum):
    """What the attack is after."""

    LEAK_SECRET = "leak_secret"  # noqa: S105 - names an objective
    LEAK_SYSTEM_PROMPT = "leak_system_prompt"
    LEAK_PERSONAL_DATA = "leak_personal_data"
    UNAUTHORISED_ACTION = "unauthorised_action"
    EXFILTRATE = "exfiltrate"
    MISINFORMATION = "misinformation"
    UNSAFE_OUTPUT = "unsafe_output"
    """Output that becomes active in a downstream sink: markup, a script, SQL, a shell command."""
    DENIAL_OF_WALLET = "denial_of_wallet"
    POLICY_EVASION = "policy_evasion"
