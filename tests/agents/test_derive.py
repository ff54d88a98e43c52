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
        (tool("start_server", "Starts a server."), Effect.EXECUTE),
        (tool("pause_camera", "Pauses a camera."), Effect.EXECUTE),
        (tool("track_package", "Where it is.", tracking_number="string"), Effect.READ),
        (tool("write_file", "Writes a file.", path="string", content="string"), Effect.WRITE),
        (tool("write_message", "Writes to somebody.", to="string", text="string"), Effect.SEND),
        (tool("ship_parcel", "Ships a parcel.", parcel_id="string"), Effect.SEND),
        (tool("lend_money", "Lends money.", amount="number"), Effect.SPEND),
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


def test_where_goods_go_is_somebody_and_whom_money_goes_to_an_account() -> None:
    moved = derive(tool("change_shipping_address", "Changes it.", order_id="string", address="string"))
    assert (moved.parameters["address"].sink, moved.outward) == (Sink.RECIPIENT, True)
    assert derive(tool("order_food", "Orders.", address="string")).parameters["address"].sink is Sink.RECIPIENT
    assert derive(tool("pay_bill", "Pays.", biller="string", amount="number")).parameters["biller"].sink is Sink.ACCOUNT
    assert derive(tool("update_user_info", "Changes it.", address="string")).parameters["address"].sink is Sink.OBJECT


def test_opposites_license_nothing_of_each_other() -> None:
    frozen, thawed = (derive(tool(name, "x.", card_id="string")) for name in ("freeze_card", "unfreeze_card"))
    assert not frozen.families & thawed.families
