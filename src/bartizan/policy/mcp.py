"""The schema of the ``mcp`` section of ``policy.yaml``: what MCP servers may do."""

from __future__ import annotations

from typing import Literal

import msgspec

from bartizan.core.limits import Limits, RateLimit
from bartizan.core.quantity import Amount, Positive, Seconds


class McpBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on what MCP clients and servers send."""

    message_bytes: Positive = 4_000_000
    """One message, from either side."""
    argument_bytes: Positive = 1_000_000
    """The arguments of one call."""
    result_bytes: Positive = 1_000_000
    """One result; a longer one is withheld."""
    call_seconds: Seconds = 60.0
    """Until a server has answered."""
    start_seconds: Seconds = 30.0
    """Until a server has started."""
    list_seconds: Seconds = 10.0
    """Until it has listed what it has."""
    concurrent: Positive = 16
    """Calls under way at one server; a further one waits."""
    notifications: Positive = 100
    """Notifications of a server per second. What is beyond is dropped; a hundred times as many end the connection."""
    tools: Positive = 512
    """Tools, prompts, resources or templates of one server; what is beyond is not offered."""
    definition_bytes: Positive = 100_000
    """One tool definition; a longer one is not offered."""
    schema_depth: Positive = 24
    """Nesting of a tool's schemas."""
    schema_nodes: Positive = 5_000
    """Objects, lists and members of a tool's schemas."""
    validation_steps: Positive = 100_000
    """Work on checking arguments or a result against a schema."""
    relist_seconds: Amount = 60.0
    """A call asks for the server's definitions again when they are older."""
    sessions: Positive = 256
    """Conversations kept; beyond, the one that was idle longest ends."""
    session_seconds: Seconds = 3_600.0
    """An idle conversation ends after this."""
    history: Positive = 5_000
    """Calls of one conversation; beyond, its calls are refused and a new one must begin."""


class McpPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What MCP servers may offer and do behind `bartizan mcp proxy`."""

    pins: Literal["approve", "first_use"] = "approve"
    """A tool that was never seen: wait for `bartizan mcp pin`, or trust it on first use and pin it then."""
    definitions: Literal["block", "flag"] = "block"
    """A definition with hidden instructions or characters: withhold the tool until a person pins it, or offer it."""
    shadowing: Literal["block", "flag"] = "block"
    """A tool that looks like another server's, or talks about it: likewise."""
    identity: Literal["block", "flag"] = "block"
    """A server whose name or instructions are not the pinned ones: withhold all of its tools, or only record it."""
    guard: Literal["strict", "balanced", "observe", "none"] = "balanced"
    """Policy pack of the tool guard, which decides each call; `none` lets every call of an offered tool go on."""
    annotate: Literal["never", "flagged", "always"] = "flagged"
    """Which results get a line that says they are material and no instruction."""
    resources: bool = True
    """Serve resources, inspected like tool results."""
    prompts: bool = True
    """Serve prompts, inspected like tool results."""
    completion: bool = True
    """Serve argument completion."""
    client_task: bool = True
    """Believe the task that a client writes into `_meta`; a model must not be able to write there."""
    without_task: Literal["decide", "block"] = "decide"
    """Without a task: let the tool guard decide on what it knows, or refuse every call."""
    limits: Limits = Limits(rate=RateLimit(requests=600, seconds=60.0, burst=60))
    """Requests per client: calls, lists, resources, prompts, completions."""
    bounds: McpBounds = McpBounds()
