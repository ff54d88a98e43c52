"""Profiles out of definitions."""

from __future__ import annotations

import pytest
from tests.agents.office import tool

from bartizan.agents.derive import derive
from bartizan.agents.profile import Effect, Sink
from bartizan.core.tool import ToolDefinition


@pytest.mark.parametrize(
    ("definition", "effect"),
    [
        (tool("get_weather", "Weather of a city.", city="string"), Effect.READ),
        (tool("listUsers", "All users."), Effect.READ),
        (tool("create_note", "Creates a note.", text="string"), Effect.WRITE),
        (tool("postMessage", "Posts a message.", channel="string", text="string"), Effect.SEND),
        (tool("wire_transfer", "Moves money.", iban="string", amount="number"), Effect.SPEND),
        (tool("purge-cache", "Removes all entries."), Effect.DELETE),
        (tool("run_shell", "Runs a command.", command="string"), Effect.EXECUTE),
        (tool("grant_role", "Gives a user a role.", user="string", role="string"), Effect.ADMINISTER),
        (tool("disarm_alarm", "Switches the alarm off."), Effect.ADMINISTER),
        (tool("set_cover", "Opens or closes a cover.", garage="boolean"), Effect.WRITE),
        (tool("merge_pull", "Merges a pull request.", number="integer"), Effect.SEND),
        (tool("frobnicate", "Bleep."), Effect.EXECUTE),
        (ToolDefinition(name="delete_all", annotations={"readOnlyHint": True}), Effect.DELETE),
    ],
)
def test_effects(definition: ToolDefinition, effect: Effect) -> None:
    assert derive(definition).effect is effect


def test_sinks() -> None:
    profile = derive(
        tool("send_email", "Sends.", to="array", subject="string", attachment_id="string", urgent="boolean")
    )
    assert {name: parameter.sink for name, parameter in profile.parameters.items()} == {
        "to": Sink.RECIPIENT,
        "subject": Sink.CONTENT,
        "attachment_id": Sink.OBJECT,
        "urgent": Sink.OPTION,
    }


def test_hostile_schemas_are_read_within_bounds() -> None:
    loop: dict[str, object] = {"type": "object"}
    loop["properties"] = {f"p{number}": loop for number in range(10_000)}
    assert len(derive(ToolDefinition(name="send_it", input_schema=loop)).parameters) == 512
    for schema in ({"properties": []}, {"properties": {"a": 1}}, {"required": 3, "properties": {"a": {"type": 5}}}):
        derive(ToolDefinition(name="x", input_schema=schema))  # type: ignore[arg-type]
