"""The rug pull: a tool server that turns after it was approved, and the pins that hold it to its word."""

from __future__ import annotations

from importlib.resources import files

from bartizan.range.scenarios.tool_scenario import ToolScenario

RUG_PULL = ToolScenario(
    id="rug-pull",
    title="The rug pull",
    brief=(
        "A bicycle shop lets its assistant use somebody else's MCP server. Its three tools are honest on the day they "
        "are approved. First use them until the server turns, find which definition is poisoned, and read the delivery "
        "code that it hides from every screen. Then put the MCP proxy before the server and pin its tools, so that no "
        "changed definition, no new tool and no other server reaches the assistant, while the honest ones keep working."
    ),
    cases=files(__package__),
    stop_at_least=0.9,
    keep_at_least=0.9,
)
