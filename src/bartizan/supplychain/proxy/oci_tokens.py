"""How an OCI registry is asked with credentials: the ``Bearer`` and ``Basic`` challenges of the distribution protocol.

https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import re
import time
from collections import OrderedDict
from typing import Final

import msgspec
from yarl import URL

from bartizan.supplychain.proxy.interface import UnavailableError
from bartizan.supplychain.proxy.upstream import Upstream, refused

_CHALLENGE: Final = re.compile(r'([A-Za-z]+)="([^"]{0,1024})"')
_LONGEST_LIFE: Final = 3_600.0
_LIFE: Final = 60.0
"""Seconds, where a registry names none."""
_MOST: Final = 1_000


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""
    expires_in: float = _LIFE


class Tokens:
    """Credentials for one registry.

    Args:
        upstream: the registry; its list of hosts also says who may issue tokens.
        user: name and password, joined by ``:``; empty for nobody.
    """

    def __init__(self, upstream: Upstream, user: str = "") -> None:
        self._upstream = upstream
        self._basic = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
        self._held: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def known(self, repository: str) -> str:
        """The header that worked last for a repository; empty for none."""
        header, until = self._held.get(repository, ("", 0.0))
        return header if time.monotonic() < until else ""

    async def answer(self, challenge: str, repository: str) -> str:
        """The header that answers ``WWW-Authenticate``. Raises UnavailableError where there is none."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self._basic:
            header, life = self._basic, _LONGEST_LIFE
        elif scheme.lower() == "bearer":
            header, life = await self._token(dict(_CHALLENGE.findall(rest)), repository)
        else:
            raise UnavailableError("the registry asks for credentials that this proxy does not have", status=401)
        self._held[repository] = (header, time.monotonic() + life)
        if len(self._held) > _MOST:
            self._held.popitem(last=False)
        return header

    async def _token(self, said: dict[str, str], repository: str) -> tuple[str, float]:
        try:
            realm = URL(said.get("realm", ""))
            asked = {
                "scope": f"repository:{repository}:pull",
                **({"service": said["service"]} if "service" in said else {}),
            }
            url = self._upstream.hosts.check(realm.update_query(asked))
        except ValueError:
            raise UnavailableError("the registry names no place that issues tokens") from None
        # credentials of the registry go to whoever issues its tokens, which is why that host has to be listed
        headers = {"Authorization": self._basic} if self._basic else {}
        async with self._upstream.ask("GET", url, headers, leave=False) as answer:
            refused(answer)
            raw = await self._upstream.document(answer)
        try:
            token = msgspec.json.decode(raw, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UnavailableError("the registry's token is none") from None
        value = token.token or token.access_token
        if not value or not value.isascii() or not value.isprintable():
            raise UnavailableError("the registry's token is none")
        return f"Bearer {value}", min(max(token.expires_in - 10, 0.0), _LONGEST_LIFE)
