"""Where an event of a stream belongs, for servers that leave that out.

llama.cpp's server sends the events of the Responses API with the item's id alone: neither ``output_index`` nor
``content_index``, which OpenAI's reference has as required and its SDK reads. Both follow from the order of the events.
"""

from __future__ import annotations

from bartizan.firewall.exchange import Document

_PART_INDEX = {
    "response.content_part": "content_index",
    "response.output_text": "content_index",
    "response.refusal": "content_index",
    "response.reasoning_text": "content_index",
    "response.reasoning_summary_part": "summary_index",
    "response.reasoning_summary_text": "summary_index",
}
"""Events inside an item to the index that tells its parts apart."""
_OF_ITEM = "response.output_item"


class Places:
    """Fills in the places of one stream's events, so that guards and client see the same.

    An event that names its output is left as it is: what else it lacks is a fault.
    """

    def __init__(self) -> None:
        self._outputs: dict[str, int] = {}
        """Item id to output."""
        self._next = 0
        self._parts: dict[tuple[int, str], int] = {}
        """Output and kind of index to the part that was added last."""

    def fill(self, kind: str, document: Document) -> None:
        """Write the indices that ``document``, an event of type ``kind``, lacks and that follow from earlier events."""
        stem, _, what = kind.rpartition(".")
        if stem == _OF_ITEM:
            self._item(what, document)
        elif "output_index" not in document and type(item := document.get("item_id")) is str and item in self._outputs:
            output = document["output_index"] = self._outputs[item]
            if (index := _PART_INDEX.get(stem)) is not None:
                self._part(what, (output, index), document)

    def _item(self, what: str, document: Document) -> None:
        item = document.get("item")
        named = item.get("id") if isinstance(item, dict) else None
        if type(named) is not str or not named:
            return
        if "output_index" not in document and (what == "added" or named in self._outputs):
            document["output_index"] = self._outputs.get(named, self._next)
        output = document.get("output_index")
        if what == "added" and type(output) is int:
            self._outputs.setdefault(named, output)
            self._next = max(self._next, output + 1)

    def _part(self, what: str, place: tuple[int, str], document: Document) -> None:
        index = place[1]
        last = self._parts.get(place, -1)
        given = document.setdefault(index, last + 1 if what == "added" else max(last, 0))
        if what == "added" and type(given) is int:
            self._parts[place] = max(given, last)
