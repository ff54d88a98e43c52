"""Where the texts of an answer are gathered: what the protocol names goes to its channel, every other string that could
be text to a channel of its own, so that no field leaves uninspected only because nobody knew it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from bartizan.core.event import Usage
from bartizan.core.passage import Blob, Part, Path, render_path
from bartizan.firewall.dialects.structure import is_plain_key, is_structure
from bartizan.firewall.documents import KEY
from bartizan.firewall.exchange import Channel, ChannelKind, Slot

_ASIDE = "@"
_HOLDERS: frozenset[type] = frozenset({str, dict, list})
_BASE64 = re.compile(r"[A-Za-z0-9+/=_\r\n-]*")
_SHORT_BLOB = 4_096
_DATA_URL = re.compile(r"data:(image|audio|video|application)/[\w.+-]{1,64};base64,[A-Za-z0-9+/=]*")


class Gather:
    """Slots, blobs and echoes of one document.

    A path that was handed over is not searched again by ``rest``. Keys come after what is below them, so that slots can
    be rewritten in order.
    """

    def __init__(self) -> None:
        self.slots: list[Slot] = []
        self.blobs: list[Part] = []
        self.echoes: list[Path] = []
        self.structure: list[str] = []
        self._seen: set[Path] = set()

    def say(self, channel: Channel, text: Any, path: Path) -> None:
        """A text that the protocol names; anything that is not a non-empty string is left to ``rest``."""
        if isinstance(text, str):
            self._seen.add(path)
            if text:
                self.slots.append(Slot(channel, text, path))

    def json(self, channel: Channel, value: Any, path: Path) -> None:
        """A tool call's input as an object: read as the JSON text that it is in streams, so that both are judged
        alike, labels beside their values."""
        self._seen.add(path)
        if value:
            place = Channel(channel.choice, aside(path).item, channel.kind)
            self.slots.append(Slot(place, msgspec.json.encode(value).decode(), path, encoded=True))

    def blob(self, media: str, source: Any, path: Path) -> None:
        """Opaque bytes, as base64; what is not base64 is a text under another name, and is left to ``rest``."""
        if isinstance(source, str) and source and (_BASE64.fullmatch(source) or _DATA_URL.fullmatch(source)):
            self._seen.add(path)
            if len(source) <= _SHORT_BLOB:
                self.structure.append(source)
            self.blobs.append(Blob(media, len(source), path))

    def echo(self, value: Any, path: Path) -> None:
        """A field that repeats text in another form, such as ``logprobs``."""
        self._seen.add(path)
        if value:
            self.echoes.append(path)

    def pass_over(self, path: Path) -> None:
        """Nothing in the value at ``path`` needs to be read."""
        self._seen.add(path)

    def take_growing(self) -> list[Slot]:
        """Take out the texts that may still grow; those that are complete where they stand stay."""
        growing = [slot for slot in self.slots if not str(slot.channel.item).startswith(_ASIDE)]
        self.slots = [slot for slot in self.slots if str(slot.channel.item).startswith(_ASIDE)]
        return growing

    def rest(self, value: Any, path: Path = (), known: frozenset[str] = frozenset()) -> None:
        """Every string in ``value`` that was not handed over, is not structure and is none of ``known``."""
        if path in self._seen:
            return
        if isinstance(value, str):
            self._leaf(value, path, known)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if type(inner) in _HOLDERS:
                    self.rest(inner, (*path, key), known)
                if not is_plain_key(key) and key not in known:
                    place = (*path, KEY + key)
                    self.slots.append(Slot(aside(place), key, place))
        elif isinstance(value, list) and value and not set(map(type, value)) <= {int, float}:
            for index, inner in enumerate(value):
                self.rest(inner, (*path, index), known)

    def texts(self, value: Any, path: Path, choice: int) -> None:
        """Every string and key in ``value``, a tool call's input that the model wrote: nothing in it is structure."""
        if isinstance(value, str):
            self.say(Channel(choice, aside(path).item, ChannelKind.TOOL_ARGUMENTS), value, path)
        elif isinstance(value, dict):
            for key, inner in value.items():
                self.texts(inner, (*path, key), choice)
                if is_plain_key(key):
                    self.structure.append(key)
                else:
                    self.texts(key, (*path, KEY + key), choice)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self.texts(inner, (*path, index), choice)

    def _leaf(self, text: str, path: Path, known: frozenset[str]) -> None:
        if not text or text in known:
            return
        if path and is_structure(path[-1], text):
            self.structure.append(text)
            return
        if match := _DATA_URL.fullmatch(text):
            media = match.group(1)
            self.blob("file" if media == "application" else media, text, path)
        else:
            self.slots.append(Slot(aside(path), text, path))


def aside(path: Path) -> Channel:
    """The channel of a text that the protocol does not name; it is complete where it stands."""
    return Channel(0, _ASIDE + render_path(path).replace(KEY, "key "), ChannelKind.TEXT)


def is_aside(channel: Channel) -> bool:
    """Whether it is one of those."""
    return isinstance(channel.item, str) and channel.item.startswith(_ASIDE)


def usage_of(value: Any, into: str, out: str) -> Usage | None:
    """Token counts, or None if ``value`` is not an object with one of them."""
    if not isinstance(value, dict):
        return None
    counts = [count if type(count := value.get(name)) is int and count >= 0 else -1 for name in (into, out)]
    return None if counts == [-1, -1] else Usage(*counts)
