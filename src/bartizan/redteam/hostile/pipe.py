"""The hostile server as a command: what is planted stands in a folder that the campaign names in the environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import msgspec

from bartizan.redteam.attempt import ToolCall
from bartizan.redteam.hostile.server import MAX_CALLS, HostileServer, Plant

VARIABLE = "BARTIZAN_PLANTED"
"""Names the folder; without it, or without what is planted, the server is honest."""
_PLANTED, _CALLS, _ASKED = "planted.json", "calls.jsonl", "asked"
_LINE = 16_000_000


class PlantFolder:
    """What a campaign and the server that it attacks with tell each other.

    Args:
        path: an existing folder; None for no campaign.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._calls = 0

    def plant(self, plants: Sequence[Plant]) -> None:
        """Let the server have them from now on."""
        assert self.path is not None
        part = self.path / f".{_PLANTED}"
        part.write_bytes(msgspec.json.encode(list(plants)))
        part.replace(self.path / _PLANTED)

    def plants(self) -> Sequence[Plant]:
        """What is planted now."""
        if self.path is None:
            return ()
        try:
            return msgspec.json.decode((self.path / _PLANTED).read_bytes(), type=list[Plant])
        except (OSError, msgspec.DecodeError):
            return ()

    def called(self, call: ToolCall) -> None:
        """Write a call down."""
        self._calls += 1
        if self.path is not None and self._calls <= MAX_CALLS:
            with (self.path / _CALLS).open("ab") as file:
                file.write(msgspec.json.encode(call) + b"\n")

    def ask(self) -> None:
        """Note that somebody asked."""
        if self.path is not None:
            (self.path / _ASKED).touch()

    @property
    def asked(self) -> bool:
        """Whether anybody asked the server for anything."""
        assert self.path is not None
        return (self.path / _ASKED).exists()

    def calls(self) -> tuple[ToolCall, ...]:
        """Every call that arrived so far."""
        assert self.path is not None
        try:
            lines = (self.path / _CALLS).read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        return tuple(msgspec.json.decode(line, type=ToolCall) for line in lines)


def serve_pipe(source: IO[bytes], sink: IO[bytes], folder: PlantFolder) -> None:
    """Answer one line of JSON after the other, until the input ends."""
    server = HostileServer(folder.plants, folder.called, folder.ask)
    while line := source.readline(_LINE):
        try:
            message = msgspec.json.decode(line)
        except msgspec.DecodeError:
            continue
        answer = server.answer(message)
        if answer is None:
            continue
        told = server.changed() if message["method"] == "tools/call" else None
        for one in (answer, told):
            if one is not None:
                sink.write(msgspec.json.encode(one) + b"\n")
        sink.flush()


def main() -> None:
    """Serve standard input and output."""
    named = os.environ.get(VARIABLE, "")
    serve_pipe(sys.stdin.buffer, sys.stdout.buffer, PlantFolder(Path(named) if named else None))


if __name__ == "__main__":
    main()
