"""Resources, prompts and completions through the proxy: untrusted text like any tool's result."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import mcp_types as types
from mcp import MCPError

from bartizan.agents.mcp.caller import Caller
from bartizan.agents.mcp.calls import RAW
from bartizan.agents.mcp.definition import canonical
from bartizan.agents.mcp.records import Records
from bartizan.agents.mcp.screen import screen
from bartizan.agents.mcp.talks import Talks
from bartizan.agents.mcp.turnstile import Turnstile
from bartizan.agents.mcp.upstream import Upstream
from bartizan.core.errors import UpstreamError
from bartizan.core.ids import new_id
from bartizan.core.interfaces import Reader
from bartizan.core.passage import Origin, Surface
from bartizan.core.tool import ToolResult
from bartizan.policy.mcp import McpPolicy

_USER = (Surface.USER, Surface.CONTENT)
"""A prompt stands where a user's message stands, so it is read as both."""
_MOST_COMPLETION = 100


class Reads:
    """Serves everything but tools. Which server has what is learnt from its own lists."""

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        talks: Talks,
        policy: McpPolicy,
        reader: Reader,
        records: Records,
        turnstile: Turnstile,
        *,
        prefixed: bool,
    ) -> None:
        self._upstreams = upstreams
        self._talks = talks
        self._policy = policy
        self._reader = reader
        self._records = records
        self._turnstile = turnstile
        self._prefixed = prefixed

    async def list(self, caller: Caller, method: str, field: str, naming: str) -> list[dict[str, Any]]:
        """The items of every server; one that carries instructions is left out and recorded.

        Args:
            caller: who asks.
            method: such as ``prompts/list``.
            field: of the result.
            naming: the member that is the item's name for the client.
        """
        await self._turnstile.watch(caller, method)
        found: list[dict[str, Any]] = []
        for upstream in self._upstreams.values():
            if getattr(upstream.capabilities, method.partition("/")[0]) is None:
                continue
            try:
                items = await upstream.pages(method, field)
            except (UpstreamError, MCPError) as error:
                self._records.refused(upstream.name, method, str(error), principal=caller.principal)
                continue
            for item in items[: self._policy.bounds.tools]:
                kept = {key: value for key, value in item.items() if key not in ("_meta", "icons")}
                name = str(kept.get(naming, ""))
                if len(canonical(kept)) > self._policy.bounds.definition_bytes:
                    self._records.refused(upstream.name, method, "it is too large", name=name)
                    continue
                seen = await asyncio.to_thread(screen, kept, self._reader, self._policy, origin=Origin.TOOL_DEFINITION)
                if seen.document is None or seen.hidden:
                    reason = ", ".join((seen.verdict.rule, *seen.hidden)).strip(", ")
                    self._records.refused(upstream.name, method, f"suspicious: {reason}", name=name)
                    continue
                if naming == "name" and field == "prompts" and self._prefixed:
                    kept["name"] = f"{upstream.name}__{name}"
                found.append(kept)
        return found

    async def read(self, caller: Caller, uri: str) -> types.ReadResourceResult:
        """One resource, from the server that lists it, or whose template fits. Raises MCPError."""
        await self._turnstile.watch(caller, "resources/read", uri)
        upstream = await self._holder(uri)
        params = types.ReadResourceRequestParams(uri=uri)
        raw = await self._fetch(
            caller, upstream, types.ReadResourceRequest(params=params), uri, (Surface.CONTENT,), "contents"
        )
        return types.ReadResourceResult.model_validate(raw, by_name=False)

    async def prompt(self, caller: Caller, name: str, arguments: dict[str, str] | None) -> types.GetPromptResult:
        """One prompt. Raises MCPError."""
        await self._turnstile.watch(caller, "prompts/get", name)
        upstream, own = self._split(name)
        params = types.GetPromptRequestParams(name=own, arguments=arguments)
        raw = await self._fetch(caller, upstream, types.GetPromptRequest(params=params), own, _USER, "messages")
        return types.GetPromptResult.model_validate(raw, by_name=False)

    async def complete(self, caller: Caller, params: types.CompleteRequestParams) -> types.CompleteResult:
        """Values for an argument of a prompt or of a template. Raises MCPError."""
        await self._turnstile.watch(caller, "completion/complete")
        ref = params.ref
        if isinstance(ref, types.PromptReference):
            upstream, own = self._split(ref.name)
            ref = types.PromptReference(name=own)
        else:
            upstream = await self._holder(ref.uri)
        asked = types.CompleteRequestParams(ref=ref, argument=params.argument, context=params.context)
        raw = await self._fetch(
            caller, upstream, types.CompleteRequest(params=asked), "", (Surface.CONTENT,), "completion"
        )
        values = raw["completion"].get("values", [])
        raw["completion"]["values"] = [str(value) for value in values[:_MOST_COMPLETION]]
        return types.CompleteResult.model_validate(raw, by_name=False)

    async def _fetch(
        self,
        caller: Caller,
        upstream: Upstream,
        request: types.ClientRequest,
        name: str,
        surfaces: tuple[Surface, ...],
        must_have: str,
    ) -> dict[str, Any]:
        call, begun, error = new_id("call"), time.perf_counter(), ""
        seen = None
        try:
            raw: dict[str, Any] = await upstream.ask(lambda session: session.send_request(request, RAW))
            if raw.get("resultType", "complete") != "complete":
                error = "it wants input from the client, which is refused"
            elif len(canonical(raw)) > self._policy.bounds.result_bytes:
                error = f"the result has more than {self._policy.bounds.result_bytes} bytes"
            else:
                kept = {key: value for key, value in raw.items() if key in (must_have, "description")}
                seen = await asyncio.to_thread(screen, kept, self._reader, self._policy, surfaces)
        except (UpstreamError, MCPError) as failure:
            error = str(failure)
        except Exception as failure:  # an inspector that fails has found nothing, so nothing is passed on
            error, seen = f"it could not be inspected: {type(failure).__name__}", None
        self._records.answered(
            call,
            caller.principal,
            caller.session,
            upstream.name,
            request.method,
            name,
            verdict=seen.verdict if seen else None,
            text=seen.text if seen else "",
            milliseconds=(time.perf_counter() - begun) * 1_000,
            error=error,
        )
        if error or seen is None:
            raise MCPError(types.INTERNAL_ERROR, "the server did not answer as the protocol says", {"call": call})
        if seen.document is None:
            raise MCPError(types.INVALID_REQUEST, "withheld by policy", {"call": call})
        talk = self._talks.of(caller.principal, caller.session)
        talk.result(ToolResult(call=call, tool=f"{upstream.name}/{request.method}", text=seen.text))
        return seen.document

    def _split(self, name: str) -> tuple[Upstream, str]:
        if not self._prefixed:
            for upstream in self._upstreams.values():
                if upstream.capabilities.prompts is not None:
                    return upstream, name
        server, mark, own = name.partition("__")
        held = self._upstreams.get(server)
        if not mark or held is None:
            raise MCPError(types.INVALID_PARAMS, "there is no such prompt")
        return held, own

    async def _holder(self, uri: str) -> Upstream:
        able = [u for u in self._upstreams.values() if u.capabilities.resources is not None]
        for upstream in able:
            try:
                listed = await upstream.pages("resources/list", "resources")
            except (UpstreamError, MCPError):
                continue
            if any(item.get("uri") == uri for item in listed):
                return upstream
        for upstream in able:
            try:
                templates = await upstream.pages("resources/templates/list", "resource_templates")
            except (UpstreamError, MCPError):
                continue
            if any(_begins(str(item.get("uriTemplate", "")), uri) for item in templates):
                return upstream
        raise MCPError(types.INVALID_PARAMS, "there is no such resource", {"uri": uri[:500]})


def _begins(template: str, uri: str) -> bool:
    """Whether the URI begins as the template does before its first variable, or is the template itself."""
    fixed = template.partition("{")[0]
    return template == uri or (len(fixed) > 3 and fixed != template and uri.startswith(fixed))
