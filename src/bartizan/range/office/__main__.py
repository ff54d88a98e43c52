"""``python -m bartizan.range.office [SEED]``: the shop's tools as an MCP server on standard input and output."""

from __future__ import annotations

import json
import sys
from typing import Any

from bartizan.range.office.shop import DEFINITIONS, Shop


def answer(shop: Shop, method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a request; None for a method that there is not."""
    if method == "initialize":
        return {
            "protocolVersion": params.get("protocolVersion", "2025-11-25"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "office", "version": "1.0.0"},
            "instructions": "The office of a bicycle shop.",
        }
    if method == "tools/list":
        return {
            "tools": [
                {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
                for tool in DEFINITIONS
            ]
        }
    if method == "tools/call":
        try:
            text, failed = shop.run(str(params.get("name")), params.get("arguments") or {}), False
        except (KeyError, TypeError, AttributeError):
            text, failed = "No such tool, or an argument is missing.", True
        return {"content": [{"type": "text", "text": text}], "isError": failed}
    return {} if method == "ping" else None


def main() -> None:
    """Serve one client."""
    shop = Shop(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message or "method" not in message:
            continue
        result = answer(shop, message["method"], message.get("params") or {})
        told = {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": message["id"], **told}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
