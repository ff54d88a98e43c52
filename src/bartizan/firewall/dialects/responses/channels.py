"""The channels of a Responses answer: which texts grow, and under which events."""

from __future__ import annotations

from bartizan.firewall.exchange import Channel, ChannelKind, Document

TRANSCRIPT = "transcript"
CODE = "code"
_TEXT, _REASONING, _REFUSAL, _ARGUMENTS = (
    ChannelKind.TEXT,
    ChannelKind.REASONING,
    ChannelKind.REFUSAL,
    ChannelKind.TOOL_ARGUMENTS,
)
PREFIX = "response."

GROWING: dict[str, tuple[str, ChannelKind, str]] = {
    "output_text": ("text", _TEXT, "content_index"),
    "refusal": ("refusal", _REFUSAL, "content_index"),
    "reasoning_text": ("text", _REASONING, "content_index"),
    "reasoning_summary_text": ("text", _REASONING, "summary_index"),
    "function_call_arguments": ("arguments", _ARGUMENTS, ""),
    "mcp_call_arguments": ("arguments", _ARGUMENTS, ""),
    "custom_tool_call_input": ("input", _ARGUMENTS, ""),
    "code_interpreter_call_code": ("code", _ARGUMENTS, CODE),
    "shell_call_command": ("command", _ARGUMENTS, "command_index"),
    "audio.transcript": ("", _TEXT, TRANSCRIPT),
}
"""Per event stem: the field that carries the whole text when it is done, the kind, and what tells channels of one
output apart. Events are ``response.STEM.delta`` and ``response.STEM.done``."""

ARGUMENTS_STEM = {
    "function_call": "function_call_arguments",
    "mcp_call": "mcp_call_arguments",
    "mcp_approval_request": "mcp_call_arguments",
    "custom_tool_call": "custom_tool_call_input",
}
"""Item type to the stem of the events that extend its arguments."""


def text(output: int, part: int) -> Channel:
    """A text part of a message."""
    return Channel(output, part, _TEXT)


def refusal(output: int, part: int) -> Channel:
    """A refusal part of a message."""
    return Channel(output, part, _REFUSAL)


def reasoning(output: int, part: int) -> Channel:
    """A part of the reasoning."""
    return Channel(output, part, _REASONING)


def summary(output: int, part: int) -> Channel:
    """A part of the reasoning's summary."""
    return Channel(output, f"summary {part}", _REASONING)


def arguments(output: int) -> Channel:
    """The arguments or input of a call."""
    return Channel(output, 0, _ARGUMENTS)


def code(output: int) -> Channel:
    """The code of a code interpreter call."""
    return Channel(output, CODE, _ARGUMENTS)


def command(output: int, place: int) -> Channel:
    """A command of a shell call."""
    return Channel(output, f"command {place}", _ARGUMENTS)


def shell_output(output: int, place: int, stream: str) -> Channel:
    """What a shell command wrote to ``stdout`` or ``stderr``."""
    return Channel(output, f"{stream} {place}", _TEXT)


def of_event(stem: str, output: int, document: Document) -> Channel:
    """The channel that an event extends or completes. Raises KeyError or TypeError for a missing or odd index."""
    _, kind, item = GROWING[stem]
    if not item:
        return arguments(output)
    if item in (CODE, TRANSCRIPT):
        return Channel(output, item, kind)
    index = document[item]
    if type(index) is not int:
        raise TypeError(item)
    if item == "summary_index":
        return summary(output, index)
    return command(output, index) if item == "command_index" else Channel(output, index, kind)
