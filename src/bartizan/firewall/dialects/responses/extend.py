"""Builds the delta events of the Responses API."""

from __future__ import annotations

from bartizan.firewall.dialects.responses.channels import ARGUMENTS_STEM, CODE, PREFIX, TRANSCRIPT
from bartizan.firewall.exchange import Channel, ChannelKind, Document


def extension(channel: Channel, text: str, item_id: str, item_type: str) -> Document:
    """The event that extends ``channel`` by ``text``.

    Args:
        channel: a named channel.
        text: what it grows by.
        item_id: the id of the output item it belongs to; empty if the upstream gave none.
        item_type: that item's type, which tells the kinds of calls apart.
    """
    event: Document = {"item_id": item_id, "output_index": channel.choice, "delta": text}
    item, _, place = str(channel.item).partition(" ")
    kind = channel.kind
    if item == TRANSCRIPT:
        return {"type": f"{PREFIX}audio.transcript.delta", "delta": text}
    if item == CODE:
        stem = "code_interpreter_call_code"
    elif item == "command":
        stem, event["command_index"] = "shell_call_command", int(place)
    elif item in ("stdout", "stderr"):
        stem, event["command_index"], event["delta"] = "shell_call_output_content", int(place), {item: text}
    elif item == "summary":
        stem, event["summary_index"] = "reasoning_summary_text", int(place)
    elif kind is ChannelKind.TOOL_ARGUMENTS:
        stem = ARGUMENTS_STEM.get(item_type, "function_call_arguments")
    else:
        event["content_index"] = channel.item
        stem = {ChannelKind.REASONING: "reasoning_text", ChannelKind.REFUSAL: "refusal"}.get(kind, "output_text")
        if stem == "output_text":
            event["logprobs"] = []
    return {"type": f"{PREFIX}{stem}.delta", **event}
