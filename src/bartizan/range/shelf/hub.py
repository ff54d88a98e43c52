"""The hub behind the shelf: repositories of a seed, served on loopback as the Hugging Face Hub serves small files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

HUB: Final = "hub.example"
PUBLISHER: Final = "pedal-labs"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's base point."""


def publisher_key(seed: int) -> ec.EllipticCurvePrivateKey:
    """The publisher's key for signatures, the same for the same seed."""
    drawn = int.from_bytes(hashlib.sha256(f"bartizan-shelf-{seed}".encode()).digest())
    return ec.derive_private_key(drawn % (_ORDER - 1) + 1, ec.SECP256R1())


class LabHub:
    """Repositories by their names, each with files by their paths, at one commit."""

    def __init__(self, repositories: Mapping[str, Mapping[str, bytes]]) -> None:
        self._repositories = repositories

    async def __aenter__(self) -> LabHub:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        repository, found = "/".join(parts[:2]), None
        commit = hashlib.sha1(repository.encode()).hexdigest()  # noqa: S324 - the Hub's commits are SHA-1
        if len(parts) > 4 and parts[2] == "resolve" and parts[3] in ("main", commit):
            found = self._repositories.get(repository, {}).get("/".join(parts[4:]))
        if found is None:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
        etag = hashlib.sha1(found).hexdigest()  # noqa: S324 - likewise
        return web.Response(body=found, headers={"X-Repo-Commit": commit, "ETag": f'"{etag}"'})


def wanted(repository: str, path: str, *, commit: bool = False) -> str:
    """Where clients ask for a file: at the branch, or at the commit."""
    revision = hashlib.sha1(repository.encode()).hexdigest() if commit else "main"  # noqa: S324 - likewise
    return f"/{repository}/resolve/{revision}/{path}"
