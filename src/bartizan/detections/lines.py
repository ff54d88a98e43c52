"""Events from a file of JSON lines, bounded, with everything that could not be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec

MAX_LINE: Final = 16_777_216
MAX_EXAMPLES: Final = 10


class Unread(msgspec.Struct):
    """Lines that are no events."""

    count: int = 0
    examples: list[str] = []
    """The first few: line and reason."""

    def add(self, line: int, reason: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.examples) < MAX_EXAMPLES:
            self.examples.append(f"line {line}: {reason}")


def read_events(file: BinaryIO, unread: Unread, *, first: int = 1) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line numbers and JSON objects; empty lines are passed over.

    Args:
        file: read from where it stands.
        unread: collects what is no JSON object, too long, or torn.
        first: number of the first line.
    """
    decoder = msgspec.json.Decoder()
    number = first - 1
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) > MAX_LINE:
            unread.add(number, f"longer than {MAX_LINE} bytes")
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            continue
        if not line.strip():
            continue
        try:
            try:
                event = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                event = _leniently(line)
        except (ValueError, RecursionError) as error:
            torn = "" if line.endswith(b"\n") else "; the last line is not complete"
            unread.add(number, f"not JSON ({str(error)[:100]}){torn}")
            continue
        if not isinstance(event, dict):
            unread.add(number, "not a JSON object")
            continue
        yield number, event


def _leniently(line: bytes) -> Any:
    """Lone surrogates, bytes that are no UTF-8 and huge numbers must not keep an event from being judged."""
    event = json.loads(line.decode("utf-8", "replace"), parse_constant=_refuse_constant)
    text = json.dumps(event, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
