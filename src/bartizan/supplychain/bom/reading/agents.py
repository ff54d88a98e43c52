"""MCP servers and tools that a JSON document configures or defines. Values of variables and arguments are left out:
secrets stand there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bartizan.core.problem import printable
from bartizan.supplychain.bom.bill import Component, Fact, Kind
from bartizan.supplychain.bom.reading.interface import asserted, measured
from bartizan.supplychain.formats import json_text
from bartizan.supplychain.source import ByteSource

_LARGEST = 4 << 20
_MOST = 1_000
_HOLDERS = ("mcpServers", "mcp_servers", "servers", "context_servers")
_SCHEMAS = ("inputSchema", "input_schema", "parameters")
_PURLS = {"npx": "pkg:npm/", "bunx": "pkg:npm/", "uvx": "pkg:pypi/", "pipx": "pkg:pypi/"}


def agent_parts(source: ByteSource) -> Iterator[Component]:
    """Components with refs that begin with ``#``. Raises `MalformedError`."""
    if source.size > _LARGEST:
        return
    root = json_text.decode(source.read(0, source.size)).root
    by = f"text of {source.name}"
    found: dict[str, Component] = {}
    for one in (*_servers(root, by), *_tools(root, by)):
        if len(found) < _MOST:
            found.setdefault(one.ref, one)
    yield from found.values()


def _servers(root: Any, by: str) -> Iterator[Component]:
    if not isinstance(root, dict):
        return
    for holder in _HOLDERS:
        servers = root.get(holder)
        for name, server in servers.items() if isinstance(servers, dict) else ():
            if isinstance(server, dict) and ("command" in server or "url" in server):
                shown = printable(str(name), 200)
                yield Component(
                    ref=f"#mcp/{shown}", kind=Kind.MCP_SERVER, name=shown, facts=tuple(sorted(set(_server(server, by))))
                )


def _server(server: dict[str, Any], by: str) -> Iterator[Fact]:
    yield _digest(server)
    if isinstance(server.get("url"), str):
        yield from asserted("endpoint", bare_url(server["url"]), by)
        yield from asserted("protocol", "mcp over http", by)
    command = server.get("command")
    if isinstance(command, str):
        program = command.replace("\\", "/").rpartition("/")[2]
        yield from asserted("command", program, by)
        yield from asserted("protocol", "mcp over stdio", by)
        arguments = server.get("args")
        words = [one for one in arguments if isinstance(one, str)] if isinstance(arguments, list) else []
        package = next((word for word in words if word and not word.startswith("-")), "")
        if program in _PURLS and package:
            yield from _package(_PURLS[program], package, by)


def _package(prefix: str, package: str, by: str) -> Iterator[Fact]:
    name, at, version = package.rpartition("@")
    if not name or "==" in package:
        name, at, version = package.partition("==") if "==" in package else (package, "", "")
    shown = name.replace("@", "%40") if prefix == "pkg:npm/" else name.lower()
    if not all(one.isalnum() or one in "-_.%/" for one in shown):
        return
    yield from asserted("purl", prefix + shown + (f"@{version}" if at and version else ""), by)
    yield from asserted("version", version, by)


def _tools(root: Any, by: str) -> Iterator[Component]:
    holders = [root, *(root.values() if isinstance(root, dict) else ())]
    result = root.get("result") if isinstance(root, dict) else None
    holders += list(result.values()) if isinstance(result, dict) else []
    for holder in holders:
        for one in holder if isinstance(holder, list) else [holder]:
            inner = one.get("function") if isinstance(one, dict) and isinstance(one.get("function"), dict) else one
            if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
                continue
            if isinstance(inner.get("description"), str) and any(isinstance(inner.get(key), dict) for key in _SCHEMAS):
                shown = printable(inner["name"], 200)
                facts = {*asserted("description", inner["description"], by), _digest(inner)}
                yield Component(ref=f"#tool/{shown}", kind=Kind.TOOL, name=shown, facts=tuple(sorted(facts)))


def _digest(definition: dict[str, Any]) -> Fact:
    """Of the definition with sorted keys, so that a changed description or command shows in a diff."""
    raw = msgspec.json.encode(definition, order="deterministic")
    return measured("definition_sha256", hashlib.sha256(raw).hexdigest())


def bare_url(url: str) -> str:
    """An address without user, password, query and fragment; empty for what is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}{parts.path}"
