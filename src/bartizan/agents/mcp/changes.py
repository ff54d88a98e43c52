"""What differs from the pins, with a diff for each."""

from __future__ import annotations

import msgspec

from bartizan.agents.mcp.assessment import Assessment
from bartizan.agents.mcp.differences import difference
from bartizan.agents.mcp.pins import Pins


class Change(msgspec.Struct, frozen=True):
    """One server or tool that is not as it was pinned."""

    server: str
    name: str
    """Of the tool; empty for the server itself."""
    change: str
    """``identity``, ``version``, ``new``, ``changed`` or ``removed``."""
    lines: tuple[str, ...] = ()


def changes(assessment: Assessment, pins: Pins) -> list[Change]:
    """Servers first, then their tools in order of listing; what could not be asked is no change."""
    found: list[Change] = []
    for server in assessment.servers:
        held = pins.servers.get(server.server)
        if held is None:
            continue
        if server.changed:
            lines = difference(held.identity, server.identity)
            found.append(Change(server.server, "", "identity", tuple(lines)))
        if held.version != server.version:
            lines = difference(held.version, server.version)
            found.append(Change(server.server, "", "version", tuple(lines)))
    listed = {(entry.server, entry.name) for entry in assessment.entries}
    for entry in assessment.entries:
        pin = pins.tool(entry.server, entry.name)
        if pin is None:
            found.append(Change(entry.server, entry.name, "new", tuple(difference({}, entry.definition))))
        elif pin.digest != entry.digest:
            lines = difference(pin.definition, entry.definition)
            found.append(Change(entry.server, entry.name, "changed", tuple(lines)))
    asked = {server.server for server in assessment.servers}
    for name, held in pins.servers.items():
        if name in asked:
            gone = [tool for tool in held.tools if (name, tool) not in listed]
            found += [
                Change(name, tool, "removed", tuple(difference(held.tools[tool].definition, {}))) for tool in gone
            ]
    return found
