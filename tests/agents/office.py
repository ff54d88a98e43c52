"""A small office: tool definitions and conversations for the guard's tests."""

from __future__ import annotations

from typing import Any

from bartizan.core.tool import ToolDefinition


def tool(name: str, description: str, **types: str) -> ToolDefinition:
    """A definition with one argument for each of ``types``."""
    properties: dict[str, Any] = {
        key: {"type": "array", "items": {"type": "string"}} if kind == "array" else {"type": kind}
        for key, kind in types.items()
    }
    return ToolDefinition(name=name, description=description, input_schema={"type": "object", "properties": properties})


OFFICE = (
    tool("list_inbox", "Lists the mails in the inbox."),
    tool("read_document", "Reads a document.", path="string"),
    tool("search_contacts", "Searches the address book.", query="string"),
    tool("send_email", "Sends an email.", recipients="array", subject="string", body="string"),
    tool("delete_document", "Deletes a document.", path="string"),
    tool("write_note", "Writes a note of the user's own.", title="string", text="string"),
    tool("send_payment", "Sends money.", recipient="string", amount="number", subject="string"),
    tool("change_password", "Changes the user's password.", password="string"),
    tool("open_page", "Opens a web page.", url="string"),
)
