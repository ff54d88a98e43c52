"""A small Hub on loopback that serves real files as the real one does: commits, ETags, large files behind redirects."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from types import TracebackType

from aiohttp import web

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = (".bin", ".pkl", ".safetensors")


class FakeHub:
    """One repository ``acme/x``; files whose names end in one of `LARGE` are redirected to another port.

    Args:
        files: by path.
        elsewhere: where large files are redirected to; empty: the port of ``cdn``.
        lies: content that is sent instead of what the digest promises, by path.
        slow: seconds before a file is sent.
    """

    def __init__(
        self, files: dict[str, bytes], elsewhere: str = "", lies: dict[str, bytes] | None = None, slow: float = 0
    ) -> None:
        self.files, self.elsewhere, self.lies, self.slow = files, elsewhere, lies or {}, slow
        self.sent: Counter[str] = Counter()
        self.tokens: set[tuple[str, str]] = set()

    async def __aenter__(self) -> FakeHub:
        self._runners = []
        self.url = await self._serve(self._hub)
        self.cdn = await self._serve(self._cdn)
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for runner in self._runners:
            await runner.cleanup()

    async def _serve(self, handler: object) -> str:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", handler)  # type: ignore[arg-type]
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def _hub(self, request: web.Request) -> web.StreamResponse:
        self.tokens.add(("hub", request.headers.get("Authorization", "")))
        path = request.path
        if path.startswith("/api/models/acme/x/tree/"):
            return web.json_response(self._tree())
        if path.startswith("/api/models/acme/x"):
            siblings = [{"rfilename": name} for name in self.files]
            return web.json_response({"id": "acme/x", "sha": COMMIT, "siblings": siblings, "xetEnabled": True})
        for revision in ("main", COMMIT):
            if path.startswith(start := f"/acme/x/resolve/{revision}/"):
                return await self._file(request, path.removeprefix(start))
        headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"}
        return web.Response(status=404, headers=headers)

    def _tree(self) -> list[dict[str, object]]:
        return [
            {
                "type": "file",
                "path": name,
                "size": len(content),
                "oid": "0" * 40,
                "xetHash": "a" * 64,
                "lfs": {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134},
            }
            for name, content in self.files.items()
        ]

    async def _file(self, request: web.Request, name: str) -> web.StreamResponse:
        content = self.files.get(name)
        if content is None:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT})
        headers = {"X-Repo-Commit": COMMIT}
        if name.endswith(LARGE):
            headers |= {
                "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
                "X-Linked-Size": str(len(content)),
                "X-Xet-Hash": "a" * 64,
                "Link": f'<{self.url}/api/models/acme/x/xet-read-token/main>; rel="xet-auth"',
                "Location": f"{self.elsewhere or self.cdn}/lfs/{name}",
            }
            return web.Response(status=302, headers=headers)
        headers["ETag"] = f'"{hashlib.sha1(content).hexdigest()}"'
        if request.method == "GET":
            self.sent[name] += 1
            await asyncio.sleep(self.slow)
        return web.Response(body=content, headers=headers)

    async def _cdn(self, request: web.Request) -> web.StreamResponse:
        self.tokens.add(("cdn", request.headers.get("Authorization", "")))
        name = request.path.removeprefix("/lfs/")
        self.sent[name] += 1
        await asyncio.sleep(self.slow)
        return web.Response(body=self.lies.get(name, self.files[name]))
