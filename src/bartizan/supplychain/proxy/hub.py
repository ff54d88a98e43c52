"""The read paths of the Hugging Face Hub: files of repositories, and descriptions of repositories.

What ``huggingface_hub`` asks for: https://huggingface.co/docs/hub/api and ``file_download.py`` of that library. Files
are served from here whatever they are stored in: no redirect, no Xet reference leaves the proxy.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

import msgspec
from aiohttp import web
from yarl import URL

from bartizan.core.errors import JournalError
from bartizan.core.problem import printable
from bartizan.supplychain.proxy.answering import patiently, send
from bartizan.supplychain.proxy.interface import Held, NotAdmittedError, UnavailableError, Wanted
from bartizan.supplychain.proxy.service import ProxyService
from bartizan.supplychain.proxy.store import Incoming
from bartizan.supplychain.proxy.upstream import Upstream, refused
from bartizan.supplychain.signing.signers import ABOVE, BESIDE

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ETAG: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")
_QUERY: Final = re.compile(r"[A-Za-z0-9._~%&=+:/-]{0,2048}")
_KINDS: Final = ("models", "datasets", "spaces")
_VIEWS: Final = ("revision", "tree", "refs", "paths-info")
_DEEPEST: Final = 16
_REMEMBERED: Final = 10_000


class _File(NamedTuple):
    repo: str
    """``acme/x``, with ``datasets/`` before it where it is no model."""
    revision: str
    path: str

    def url_path(self, revision: str = "") -> str:
        return f"/{self.repo}/resolve/{quote(revision or self.revision, safe='')}/{quote(self.path)}"


class _Known(NamedTuple):
    """What the registry says of a file."""

    commit: str
    etag: str
    size: int


class HubProxy:
    """Answers requests as the Hub does.

    Args:
        service: fetches and decides.
        upstream: the Hub.
    """

    def __init__(self, service: ProxyService, upstream: Upstream) -> None:
        self._service, self._upstream = service, upstream
        self._known: OrderedDict[_File, _Known] = OrderedDict()
        self._asked: OrderedDict[Path, None] = OrderedDict()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One request. Never raises for what a client or the Hub says."""
        try:
            file, api = _file(request.raw_path), _api(request.raw_path)
            if file is not None and request.method in ("GET", "HEAD"):
                return await self._serve(request, file)
            if api is not None and (request.method == "GET" or (request.method == "POST" and "/paths-info/" in api)):
                return await self._describe(request, api)
            raise UnavailableError("this proxy answers what reads models and data sets", status=404)
        except NotAdmittedError as no:
            return _problem(403, no.cause, "GatedRepo", no.hint)
        except UnavailableError as no:
            return _problem(no.status, no.cause, no.code)
        except JournalError as no:
            return _problem(503, f"the decision cannot be recorded: {no.cause}")

    async def _serve(self, request: web.Request, file: _File) -> web.StreamResponse:
        known, held = await patiently(request, self._admitted(file))
        headers = {"ETag": f'"{known.etag}"', "X-Linked-Etag": f'"{known.etag}"', "X-Repo-Commit": known.commit}
        headers["X-Linked-Size"] = str(held.size)
        return await send(request, await self._service.opened(held), held.size, headers)

    async def _admitted(self, file: _File) -> tuple[_Known, Held]:
        known = await self._metadata(file)
        origin = f"{self._upstream.hosts.name}/{file.repo}"
        wanted = Wanted(origin, known.commit, file.path)
        fixed = file._replace(revision=known.commit)

        async def fetch(into: Incoming) -> None:
            if known.size >= 0:
                into.reserve(known.size)
            await self._upstream.download(self._upstream.url(fixed.url_path()), into)
            if known.size not in (-1, into.size):
                raise UnavailableError("the registry sent another size than it said")

        view = self._view(fixed)
        if self._service.judge.signed:
            await self._signatures(fixed, view)
        expected = known.etag if _SHA256.fullmatch(known.etag) else ""
        return known, await self._service.admitted(wanted, fetch, expected, view)

    async def _metadata(self, file: _File) -> _Known:
        if (known := self._known.get(file)) is not None:
            return known
        url = self._upstream.url(file.url_path())
        async with self._upstream.ask("HEAD", url, leave=False) as answer:
            if answer.status not in (301, 302, 303, 307, 308):
                refused(answer)
            headers = answer.headers
            commit = headers.get("X-Repo-Commit", "")
            etag = headers.get("X-Linked-Etag") or headers.get("ETag") or ""
            size = str(headers.get("X-Linked-Size") or (headers.get("Content-Length") if answer.status == 200 else ""))
        etag = etag.removeprefix("W/").strip('"')
        if _COMMIT.fullmatch(commit) is None or _ETAG.fullmatch(etag) is None:
            raise UnavailableError("the registry names no commit and no ETag: it is no Hub")
        if _COMMIT.fullmatch(file.revision) and file.revision != commit:
            raise UnavailableError("the registry answers with another commit than was asked for")
        known = _Known(commit, etag, int(size) if size.isdecimal() and len(size) < 16 else -1)
        self._known[file._replace(revision=commit)] = known
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known

    def _view(self, file: _File) -> Path:
        """Where a file of a commit would lie. The folder's name is a digest: repositories share no signatures."""
        key = hashlib.sha256(f"{file.repo}@{file.revision}".encode()).hexdigest()
        return self._service.store.views / key / file.path

    async def _signatures(self, file: _File, view: Path) -> None:
        """Fetch what may sign the file: ``FILE.sig``, the ``model.sig`` of the folders above, and itself."""
        path = PurePosixPath(file.path)
        names = [f"{path}{BESIDE}", *(str(one / ABOVE) for one in path.parents)]
        names += [file.path] if file.path.endswith(BESIDE) else []
        root = view.parents[len(path.parts) - 1]
        for name in names:
            place = root / name
            if place in self._asked:
                continue
            url = self._upstream.url(file._replace(path=name).url_path())

            async def fetch(into: Incoming, url: URL = url) -> None:
                await self._upstream.download(url, into)

            await self._service.beside(place, fetch)
            self._asked[place] = None
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)

    async def _describe(self, request: web.Request, path: str) -> web.Response:
        query = request.rel_url.raw_query_string
        if _QUERY.fullmatch(query) is None:
            raise UnavailableError("the query holds characters that no read path has", status=400)
        body, headers = None, {"Accept": "application/json"}
        if request.method == "POST":
            body = await request.read()
            headers["Content-Type"] = "application/json"
            if request.content_type == "application/x-www-form-urlencoded":
                headers["Content-Type"] = request.content_type
        async with self._upstream.ask(
            request.method, self._upstream.url(path, query), headers, body, leave=False
        ) as got:
            refused(got)
            raw = await self._upstream.document(got)
            sent = {name: printable(got.headers[name], 200) for name in ("X-Repo-Commit",) if name in got.headers}
            following = got.links.get("next")
        try:
            document = msgspec.json.encode(without_xet(msgspec.json.decode(raw)))
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise UnavailableError("the registry's description is not JSON") from None
        if following is not None and (target := following.get("url")) is not None:
            url = URL(str(target))
            if not self._upstream.hosts.is_base(url) or _api(url.raw_path) is None:
                raise UnavailableError("the registry continues its description somewhere else")
            sent["Link"] = f'<{request.url.origin()}{url.raw_path_qs}>; rel="next"'
        return web.Response(body=document, content_type="application/json", headers=sent)


def without_xet(document: Any) -> Any:
    """A description without references to Xet storage, through which clients would go around the proxy."""
    if isinstance(document, dict):
        return {key: without_xet(one) for key, one in document.items() if "xet" not in key.lower()}
    if isinstance(document, list):
        return [without_xet(one) for one in document]
    return document


def _parts(raw: str) -> list[str] | None:
    """The segments of a path, decoded once; None where one of them is not what it seems."""
    path = raw.partition("?")[0]
    if not path.startswith("/") or len(path) > 2048:
        return None
    parts = []
    for one in path[1:].split("/"):
        try:
            part = unquote_to_bytes(one).decode()
        except UnicodeDecodeError:
            return None
        if part in {"", ".", ".."} or len(part.encode()) > 255 or not part.isprintable() or "\\" in part:
            return None
        parts.append(part)
    return parts


def _repository(parts: list[str]) -> str | None:
    """``name`` or ``owner/name``."""
    if not 1 <= len(parts) <= 2 or any(_NAME.fullmatch(one) is None or ".." in one for one in parts):
        return None
    return "/".join(parts)


def _revision(part: str) -> bool:
    return not any(one in {"", ".", ".."} for one in part.split("/"))


def _file(raw: str) -> _File | None:
    """What ``/[datasets/|spaces/][owner/]name/resolve/revision/path`` names; None for another path."""
    parts = _parts(raw)
    if parts is None or "resolve" not in parts[1:4]:
        return None
    kind = [parts[0]] if parts[0] in _KINDS[1:] else []
    rest = parts[len(kind) :]
    at = rest.index("resolve", 1) if "resolve" in rest[1:] else 0
    repo = _repository(rest[:at])
    path = rest[at + 2 :]
    if repo is None or not 1 <= len(path) <= _DEEPEST or any("/" in one for one in path) or not _revision(rest[at + 1]):
        return None
    return _File("/".join([*kind, repo]), rest[at + 1], "/".join(path))


def _api(raw: str) -> str | None:
    """The path of a description, as it may be asked of the Hub; None for another path."""
    parts = _parts(raw)
    if parts is None or len(parts) < 3 or parts[0] != "api" or parts[1] not in _KINDS:
        return None
    view = next((number for number, one in enumerate(parts[3:5], 3) if one in _VIEWS), len(parts))
    if _repository(parts[2:view]) is None or not all(_revision(one) for one in parts[view + 1 :]):
        return None
    return raw.partition("?")[0]


def _problem(status: int, cause: str, code: str = "", hint: str = "") -> web.Response:
    """An error in the Hub's manner: its client shows the message header."""
    message = printable(f"Bartizan: {cause}{f'; {hint}' if hint else ''}", 600).encode("ascii", "replace").decode()
    headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
    return web.json_response({"error": message}, status=status, headers=headers)
