"""The read paths of an OCI registry: manifests by tag and digest, and the blobs that they list.

https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp import web

from bartizan.core.errors import JournalError
from bartizan.core.problem import printable
from bartizan.supplychain.proxy.answering import patiently, send
from bartizan.supplychain.proxy.interface import Held, NotAdmittedError, UnavailableError, Wanted
from bartizan.supplychain.proxy.manifests import DIGEST, IMAGES, INDEXES, read_manifest
from bartizan.supplychain.proxy.oci_tokens import Tokens
from bartizan.supplychain.proxy.service import ProxyService
from bartizan.supplychain.proxy.store import Incoming
from bartizan.supplychain.proxy.upstream import Upstream, refused

_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH: Final = re.compile(
    rf"/v2/(?P<name>(?=[^?]{{1,255}}/(?:manifests|blobs|tags)/){_PART}(?:/{_PART})*)/"
    rf"(?:(?P<kind>manifests|blobs)/(?P<what>[A-Za-z0-9_][A-Za-z0-9._-]{{0,127}}|{DIGEST.pattern})|tags/list)"
)
_ACCEPT: Final = ", ".join((*IMAGES, *INDEXES))
_REMEMBERED: Final = 20_000


class OciProxy:
    """Answers requests as a registry does.

    Args:
        service: fetches and decides.
        upstream: the registry.
        tokens: its credentials.
    """

    def __init__(self, service: ProxyService, upstream: Upstream, tokens: Tokens) -> None:
        self._service, self._upstream, self._tokens = service, upstream, tokens
        self._titles: OrderedDict[tuple[str, str], set[str]] = OrderedDict()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request. Never raises for what a client or the registry says."""
        path = request.raw_path.partition("?")[0]
        found = _PATH.fullmatch(path)
        try:
            if request.method not in ("GET", "HEAD"):
                return _problem(405, "UNSUPPORTED", "this proxy answers what reads")
            if path.rstrip("/") == "/v2":
                return web.json_response({}, headers={"Docker-Distribution-Api-Version": "registry/2.0"})
            if found is None:
                return _problem(404, "NAME_UNKNOWN", "this proxy answers what reads manifests and blobs")
            if found["kind"] == "manifests":
                return await self._manifest(request, found["name"], found["what"])
            if found["kind"] == "blobs":
                return await self._blob(request, found["name"], found["what"])
            return await self._tags(found["name"])
        except NotAdmittedError as no:
            return _problem(403, "DENIED", f"{no.cause}; {no.hint}")
        except UnavailableError as no:
            unknown = "MANIFEST_UNKNOWN" if found is not None and found["kind"] == "manifests" else "BLOB_UNKNOWN"
            codes = {404: unknown, 401: "UNAUTHORIZED", 403: "DENIED", 429: "TOOMANYREQUESTS"}
            return _problem(no.status, codes.get(no.status, "UNKNOWN"), no.cause)
        except JournalError as no:
            return _problem(503, "UNKNOWN", f"the decision cannot be recorded: {no.cause}")

    @asynccontextmanager
    async def _asked(self, name: str, path: str, method: str = "GET") -> AsyncIterator[aiohttp.ClientResponse]:
        """The registry's answer, asked once more with credentials where it wants some."""
        url, headers = self._upstream.url(f"/v2/{name}/{path}"), {"Accept": _ACCEPT}
        known = self._tokens.known(name)
        async with self._upstream.ask(method, url, headers, leave=False, authorization=known) as answer:
            if answer.status != 401 or "WWW-Authenticate" not in answer.headers:
                yield answer
                return
            challenge = answer.headers["WWW-Authenticate"]
        header = await self._tokens.answer(challenge, name)
        async with self._upstream.ask(method, url, headers, leave=False, authorization=header) as answer:
            yield answer

    async def _manifest(self, request: web.Request, name: str, reference: str) -> web.Response:
        async with self._asked(name, f"manifests/{reference}") as answer:
            refused(answer)
            raw = await self._upstream.document(answer)
            media_type = answer.content_type
            promised = answer.headers.get("Docker-Content-Digest", "")
        digest = f"sha256:{hashlib.sha256(raw).hexdigest()}"
        if digest != (reference if DIGEST.fullmatch(reference) else promised or digest):
            raise UnavailableError("the registry sent another manifest than its digest promises")
        for one in read_manifest(raw, media_type):
            titles = self._titles.setdefault((name, one.digest), set())
            if len(titles) < 16:
                titles.add(one.title)
            self._titles.move_to_end((name, one.digest))
        while len(self._titles) > _REMEMBERED:
            self._titles.popitem(last=False)
        return web.Response(
            body=raw, headers={"Docker-Content-Digest": digest, "Content-Type": media_type, "ETag": f'"{digest}"'}
        )

    async def _blob(self, request: web.Request, name: str, digest: str) -> web.StreamResponse:
        titles = self._titles.get((name, digest))
        if titles is None:
            raise UnavailableError("no manifest that this proxy handed out lists it", status=404)
        held = await patiently(request, self._admitted(name, digest, sorted(titles)))
        headers = {"Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
        return await send(request, await self._service.opened(held), held.size, headers)

    async def _admitted(self, name: str, digest: str, titles: list[str]) -> Held:
        """The blob, if policy admits it under each name that a manifest gives it."""

        async def fetch(into: Incoming) -> None:
            path = f"blobs/{digest}"
            if not self._tokens.known(name):
                async with self._asked(name, path, "HEAD"):
                    pass
            await self._upstream.download(self._upstream.url(f"/v2/{name}/{path}"), into, self._tokens.known(name))

        origin = f"{self._upstream.hosts.name}/{name}"
        sha256 = digest.partition(":")[2]
        held = Held(sha256, 0)
        for title in titles:
            held = await self._service.admitted(Wanted(origin, digest, title), fetch, sha256)
        return held

    async def _tags(self, name: str) -> web.Response:
        async with self._asked(name, "tags/list") as answer:
            refused(answer)
            raw = await self._upstream.document(answer)
        return web.Response(body=raw, content_type="application/json")


def _problem(status: int, code: str, message: str) -> web.Response:
    """An error in the protocol's manner."""
    said = {"code": code, "message": printable(f"Bartizan: {message}", 600), "detail": {}}
    return web.json_response({"errors": [said]}, status=status)
