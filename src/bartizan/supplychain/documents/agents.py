"""What agents are configured with: MCP servers, tool definitions, hooks and permissions. Nothing is started to find
out.

Sources: the Model Context Protocol's schema (tools, prompts, server instructions), the ``mcpServers`` files of
desktop and
editor clients, settings files with hooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bartizan.supplychain.documents.interface import Place
from bartizan.supplychain.formats.hosts import host_of, is_local, open_addresses
from bartizan.supplychain.interface import CODE_EXECUTION, Admission, ArtefactFinding, Context, Rule, Severity
from bartizan.supplychain.text.reading import Kind, look

_TAGS = ("CWE-829", "MITRE-ATLAS-2026.09:AML.T0010", "OWASP-ASI-2026:ASI04")
COMMAND = Rule(
    id="agent.command", title="Configuration starts a hostile command", admission=Admission.BLOCK,
    severity=Severity.CRITICAL, tags=("CWE-78", *CODE_EXECUTION[1:]),
)  # fmt: skip
SHELL = Rule(
    id="agent.shell_command", title="Configuration starts a shell", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=_TAGS,
)  # fmt: skip
HOOK = Rule(
    id="agent.hook", title="Configuration runs commands by itself", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=_TAGS,
)  # fmt: skip
APPROVAL = Rule(
    id="agent.approval_off", title="Configuration switches approvals off", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=("CWE-862", "OWASP-ASI-2026:ASI03"),
)  # fmt: skip
UNPINNED = Rule(
    id="agent.unpinned_server", title="Server is fetched without a version", admission=Admission.ALLOW,
    severity=Severity.LOW, tags=_TAGS,
)  # fmt: skip
REDIRECT = Rule(
    id="agent.endpoint", title="Configuration sends the model's traffic elsewhere", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=("CWE-441", "OWASP-ASI-2026:ASI04"),
)  # fmt: skip
NAME = Rule(
    id="agent.tool_name", title="Tool whose name is not what it looks like", admission=Admission.BLOCK,
    severity=Severity.HIGH, tags=("CWE-1007", "OWASP-ASI-2026:ASI04"),
)  # fmt: skip

_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "cmd", "cmd.exe", "powershell", "pwsh", "powershell.exe"})
_FETCHERS = frozenset({"npx", "uvx", "pipx", "bunx", "pnpx"})
_OFF = frozenset(
    {
        "enableAllProjectMcpServers",
        "autoApproveAll",
        "dangerouslySkipPermissions",
        "chat.tools.autoApprove",
        "chat.tools.global.autoApprove",
        "bypassPermissions",
    }
)
_ENDPOINTS = frozenset(
    {"ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE", "AZURE_OPENAI_ENDPOINT", "HTTPS_PROXY", "HF_ENDPOINT"}
)
_KNOWN = frozenset({"api.anthropic.com", "api.openai.com", "huggingface.co"})
_PRELOADS = frozenset(
    {
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "NODE_OPTIONS",
        "PYTHONSTARTUP",
        "PYTHONPATH",
        "BASH_ENV",
        "GIT_SSH_COMMAND",
    }
)
_TEXTS, _MOST = (
    frozenset(
        {"description", "title", "instructions", "summary", "default", "enum", "examples", "const", "name", "text"}
    ),
    2_000,
)
_PROMPTS, _LEAST = ("system", "system_prompt", "systemPrompt", "prompt", "template"), 40
"""Where documents keep a prompt, and how long one is at least."""

_CONTAINER = (
    "initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand",
    "postAttachCommand",
)  # fmt: skip


class Agents:
    """See the module."""

    rules = (COMMAND, SHELL, HOOK, APPROVAL, UNPINNED, REDIRECT, NAME)

    def read(self, place: Place, context: Context) -> Iterable[ArtefactFinding]:
        """One object of a configuration or manifest."""
        content = place.content
        for key in ("mcpServers", "mcp_servers", "servers", "context_servers"):
            if isinstance(content.get(key), dict):
                for name, server in content[key].items():
                    if isinstance(server, dict):
                        yield from _server(server, f"{key}.{name}", context)
        if isinstance(content.get("mcp_config"), dict):
            yield from _server(content["mcp_config"], "mcp_config", context)
        if place.root and isinstance(content.get("prompts"), list):
            texts = list(_texts({key: content[key] for key in ("prompts", "messages") if key in content}))
            yield from _text("\n".join(texts), "prompts", context)
        if _is_tool(content):
            yield from _tool(content, place, context)
        elif place.root:
            yield from _listing(content, context)
        yield from _settings(content, place, context)


def _listing(content: dict[str, Any], context: Context) -> Iterator[ArtefactFinding]:
    """What a manifest says to agents: description, instructions, tools by name; and prompts in their own documents."""
    if _is_listing(content):
        yield from _text(content["description"], "description", context)
        tools = content.get("tools")
        for number, tool in enumerate(tools if isinstance(tools, list) else []):
            context.budget.check()  # however many there are: it ends the scan, and says so
            if isinstance(tool, dict) and not _is_tool(tool) and isinstance(tool.get("description"), str):
                yield from _text(tool["description"], f"tools.{number}", context)
    if isinstance(content.get("instructions"), str):
        yield from _text(content["instructions"], "instructions", context)
    for key in _PROMPTS:
        if isinstance(content.get(key), str) and len(content[key]) >= _LEAST:
            yield from _text(content[key], key, context, Kind.INSTRUCTIONS)


def _is_listing(content: dict[str, Any]) -> bool:
    """Whether it is what a registry or a bundle says of a server, which agents choose by."""
    return isinstance(content.get("description"), str) and any(
        key in content for key in ("packages", "remotes", "server", "dxt_version", "manifest_version")
    )


def _is_tool(content: dict[str, Any]) -> bool:
    if not isinstance(content.get("name"), str):
        return False
    schema = any(
        isinstance(content.get(key), dict) for key in ("inputSchema", "input_schema", "parameters", "args_schema")
    )
    prompt = isinstance(content.get("arguments"), list)
    return isinstance(content.get("description"), str) and (schema or prompt)


def _tool(content: dict[str, Any], place: Place, context: Context) -> Iterator[ArtefactFinding]:
    name = content["name"]
    member = place.member() or "tool"
    if not name.isascii() and any("a" <= one.casefold() <= "z" for one in name):
        yield context.found(NAME, "Its name mixes letters of several alphabets.", evidence=name, member=member)
    texts = list(_texts(content))
    yield from _text("\n".join(texts), member, context)


def _texts(root: Any) -> Iterator[str]:
    """Every text of a tool definition that ends up in a model's context."""
    waiting = [root]
    count = 0
    while waiting and count < _MOST:
        node = waiting.pop(0)
        count += 1
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, str):
                    if key in _TEXTS or len(value) > 40:
                        yield value
                else:
                    waiting.append(value)
                if len(key) > 40:
                    yield key
        elif isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, str):
            yield node


def _text(text: str, member: str, context: Context, kind: Kind = Kind.TOOL) -> Iterator[ArtefactFinding]:
    for seen in look(text, kind):
        context.budget.step()
        yield context.found(seen.rule, f"A model reads this: {seen.explanation}", evidence=seen.evidence, member=member)


def _server(server: dict[str, Any], member: str, context: Context) -> Iterator[ArtefactFinding]:
    arguments = server.get("args")
    given = arguments if isinstance(arguments, list) else [arguments] if isinstance(arguments, str) else []
    yield from _command([str(server.get("command", "")), *map(str, given)], member, context)
    environment = server.get("env")
    if isinstance(environment, dict):
        yield from _environment(environment, member, context)
    approved = server.get("autoApprove", server.get("alwaysAllow"))
    if approved is True or (isinstance(approved, list) and "*" in approved):
        yield context.found(
            APPROVAL, "Every call of this server runs without being asked for.", evidence="*", member=member
        )
    url = server.get("url") or server.get("serverUrl")
    if isinstance(url, str) and open_addresses(url[:_MOST]):
        yield context.found(REDIRECT, "The server is reached without encryption.", evidence=url, member=member)
    for key in ("description", "instructions"):
        if isinstance(server.get(key), str):
            yield from _text(server[key], member, context)


def _command(words: list[str], member: str, context: Context) -> Iterator[ArtefactFinding]:
    line = " ".join(words)
    if not line.strip():
        return
    hostile = False
    for seen in look(line, Kind.INSTRUCTIONS):
        hostile = True
        yield context.found(COMMAND, f"Starting it: {seen.explanation}", evidence=line, member=member)
    program = words[0].replace("\\", "/").rpartition("/")[2]
    if not hostile and program in _SHELLS and len(words) > 1:
        yield context.found(
            SHELL, "A shell runs a command line instead of a named program.", evidence=line, member=member
        )
    if program in _FETCHERS:
        package = next((word for word in words[1:] if word and not word.startswith("-")), "")
        if package and "@" not in package[1:] and "==" not in package:
            yield context.found(
                UNPINNED, f"{program} takes whatever version is newest.", evidence=package, member=member
            )


def _environment(environment: dict[str, Any], member: str, context: Context) -> Iterator[ArtefactFinding]:
    for key, value in environment.items():
        text = str(value)
        if key in _PRELOADS:
            yield context.found(
                COMMAND, f"{key} has other code loaded into every program.", evidence=f"{key}={text}", member=member
            )
        elif key in _ENDPOINTS and text and not _stays(text):
            yield context.found(
                REDIRECT, f"{key} sends prompts, answers and keys to another host.", evidence=text, member=member
            )


def _stays(address: str) -> bool:
    """Whether it leads to this machine, to the maker of the model, or wherever somebody else says."""
    if address.startswith("$"):
        return True
    host, scheme = host_of(address), address.partition(":")[0].casefold()
    return (scheme == "http" and is_local(host)) or (scheme == "https" and host in _KNOWN)


def _settings(content: dict[str, Any], place: Place, context: Context) -> Iterator[ArtefactFinding]:
    for key in _OFF:
        if content.get(key) is True:
            yield context.found(
                APPROVAL, "Nobody is asked any more before tools run.", evidence=key, member=place.member()
            )
    permissions = content.get("permissions")
    if isinstance(permissions, dict):
        if permissions.get("defaultMode") == "bypassPermissions":
            yield context.found(APPROVAL, "Nobody is asked any more before tools run.", evidence="bypassPermissions")
        allowed = permissions.get("allow")
        for one in allowed if isinstance(allowed, list) else ():
            if one in ("*", "Bash", "Bash(*)", "Bash(*:*)", "Bash(**)"):
                yield context.found(APPROVAL, "Any command runs without being asked for.", evidence=str(one))
    if isinstance(content.get("env"), dict) and place.root:
        yield from _environment(content["env"], "env", context)
    hooks = content.get("hooks")
    if isinstance(hooks, dict | list):
        yield from _hooks(hooks, context)
    for key in ("apiKeyHelper", "statusLine", "awsAuthRefresh"):
        value = content.get(key)
        command = value.get("command") if isinstance(value, dict) else value
        if isinstance(command, str) and place.root:
            yield from _hook(command, key, context)
    if place.root:
        yield from _container(content, context)
    options = content.get("runOptions")
    if isinstance(options, dict) and options.get("runOn") == "folderOpen":
        yield from _hook(
            f"{content.get('command', '')} {' '.join(map(str, content.get('args') or ()))}", place.member(), context
        )


def _container(content: dict[str, Any], context: Context) -> Iterator[ArtefactFinding]:
    """Commands of a development container: the first runs on the machine itself, the others inside it."""
    for key in _CONTAINER:
        value = content.get(key)
        for part in value.values() if isinstance(value, dict) else (value,):
            command = " ".join(map(str, part)) if isinstance(part, list) else part
            if isinstance(command, str) and command:
                found = list(_hook(command, key, context))
                yield from (one for one in found if key == _CONTAINER[0] or one.rule == COMMAND.id)


def _hooks(root: Any, context: Context) -> Iterator[ArtefactFinding]:
    waiting, count = [root], 0
    while waiting and count < _MOST:
        node = waiting.pop()
        count += 1
        if isinstance(node, dict):
            if isinstance(node.get("command"), str):
                yield from _hook(node["command"], "hooks", context)
            waiting.extend(child for child in node.values() if isinstance(child, dict | list))
        elif isinstance(node, list):
            waiting.extend(node)


def _hook(command: str, member: str, context: Context) -> Iterator[ArtefactFinding]:
    found = list(_command([command], member, context))
    yield from found
    if not any(one.rule == COMMAND.id for one in found):
        yield context.found(HOOK, "It runs without anybody asking for it.", evidence=command, member=member)
