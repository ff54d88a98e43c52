"""How a Responses stream ends whose answer is longer than allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from bartizan.firewall.exchange import Channel, ChannelKind, Document

INCOMPLETE: Final[Document] = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
"""What a response says of itself whose tokens are used up."""


class Seen:
    """The response as the client has seen it so far. Documents are kept as they are edited, not as they came."""

    def __init__(self) -> None:
        self._response: Document = {}
        self._items: dict[int, Document] = {}
        self._done: set[int] = set()
        self._last: tuple[int, Document] | None = None

    def began(self, response: Document) -> None:
        """``response.created`` and the like."""
        self._response = response

    def item(self, output: int, item: Document, *, done: bool) -> None:
        """An item was added, or is done."""
        if done:
            self._last = output, item
        else:
            self._items[output] = item

    def left(self) -> None:
        """What was read last has left."""
        if self._last is not None:
            output, item = self._last
            self._items[output] = item
            self._done.add(output)
            self._last = None

    def short(self, shown: Mapping[Channel, str]) -> list[Document]:
        """The events that finish what is open and end the response."""
        events: list[Document] = []
        for place, item in sorted(self._items.items()):
            if place not in self._done and item.get("type") in ("message", "reasoning"):
                events += self._end(place, item, shown)
                self._done.add(place)
        output = [item for number, item in sorted(self._items.items()) if number in self._done]
        return [
            *events,
            {"type": "response.incomplete", "response": {**self._response, **INCOMPLETE, "output": output}},
        ]

    def _end(self, output: int, item: Document, shown: Mapping[Channel, str]) -> Iterator[Document]:
        item["status"] = "incomplete"
        if item["type"] == "message":
            item["content"] = []
            for place, part in _parts(output, shown):
                item["content"].append(part)
                where = {"item_id": item.get("id"), "output_index": output, "content_index": place}
                field = "refusal" if part["type"] == "refusal" else "text"
                more: dict[str, Any] = {"logprobs": []} if field == "text" else {}
                yield {"type": f"response.{part['type']}.done", **where, field: part[field], **more}
                yield {"type": "response.content_part.done", **where, "part": part}
        yield {"type": "response.output_item.done", "output_index": output, "item": item}


def _parts(output: int, shown: Mapping[Channel, str]) -> Iterator[tuple[int, Document]]:
    """The parts of a message, of which what was said has left."""
    for channel, text in sorted(shown.items(), key=lambda one: str(one[0].item)):
        if channel.choice != output or not isinstance(channel.item, int):
            continue
        if channel.kind is ChannelKind.TEXT:
            yield channel.item, {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        elif channel.kind is ChannelKind.REFUSAL:
            yield channel.item, {"type": "refusal", "refusal": text}
