"""Where an issuer's public keys come from: a file of the workspace, or an ``https:`` URL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import aiohttp

from bartizan.core.errors import ConfigurationError
from bartizan.policy.tokens import KEY_FILES, Issuer, Tokens, is_loopback_http
from bartizan.trust.jwks import KeySet, keys_in
from bartizan.workspace.files import read_bounded
from bartizan.workspace.workspace import Workspace

MOST_BYTES: Final = 1_000_000
"""Of a key set."""
_SECONDS: Final = 10.0
"""For the whole answer, however slowly it trickles."""
_CHUNK: Final = 65_536


def key_set(workspace: Workspace, jwks: str) -> Callable[[], Awaitable[str]]:
    """What fetches a key set anew, from the configured address alone: no redirect, no proxy of the environment.

    Args:
        workspace: holds the file.
        jwks: path of the file, or the URL.

    The function raises BartizanError when the key set cannot be had.
    """

    async def from_file() -> str:
        return str(await asyncio.to_thread(read_bounded, workspace.path(jwks), jwks, MOST_BYTES), "utf-8", "replace")

    async def from_url() -> str:
        try:
            return str(await _get(jwks), "utf-8", "replace")
        except TimeoutError:
            raise ConfigurationError(
                f"the key set {jwks} cannot be had: it took more than {_SECONDS:g} seconds"
            ) from None
        except (OSError, aiohttp.ClientError, ValueError) as error:
            raise ConfigurationError(f"the key set {jwks} cannot be had: {error}") from None

    return from_url if jwks.startswith("https://") or is_loopback_http(jwks) else from_file


class KeySets:
    """The key sets of issuers, kept over reloads of policy, so that a reload asks nobody for keys anew."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._fetched: dict[tuple[str, str], KeySet] = {}

    def of(self, tokens: Tokens, files: Mapping[str, bytes]) -> dict[str, KeySet]:
        """A key set for each issuer, by its identifier. Nothing is fetched yet.

        Args:
            tokens: of policy.
            files: the watched ones, with key sets.

        Raises:
            ConfigurationError: a file is missing, or holds no key.
        """
        return {row.issuer: self._of(row, files) for row in tokens.issuers}

    def _of(self, row: Issuer, files: Mapping[str, bytes]) -> KeySet:
        if not row.jwks.startswith(KEY_FILES):
            known = self._fetched.get((row.issuer, row.jwks))
            if known is None:
                known = KeySet(row.issuer, key_set(self._workspace, row.jwks))
                self._fetched[row.issuer, row.jwks] = known
            return known
        if row.jwks not in files:
            raise ConfigurationError(f"there is no {row.jwks} in the workspace", f"the key set of {row.issuer}")
        text = files[row.jwks].decode("utf-8", "replace")
        keys_in(text, row.issuer)

        async def given() -> str:
            return text

        return KeySet(row.issuer, given)


async def _get(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            raise ValueError(f"status {answer.status}")
        found = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            found += chunk
            if len(found) > MOST_BYTES:
                raise ValueError(f"it has more than {MOST_BYTES} bytes")
    return bytes(found)
