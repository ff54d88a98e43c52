"""The schema of the ``tokens`` section of ``policy.yaml``: whose short-lived tokens let clients in, and how far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from bartizan.core.limits import Limits
from bartizan.core.passage import Path
from bartizan.core.problem import Problem
from bartizan.core.quantity import Seconds
from bartizan.core.spiffe import is_trust_domain

KEY_FILES = "issuers/"
"""Folder of the workspace with key sets: watched like policy, and signed with it."""


class Issuer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An authorization server whose access tokens (JWT) let clients in."""

    issuer: str
    """Issuer identifier; the token's `iss`."""
    jwks: str
    """Its public keys: an `https:` URL (or `http:` on loopback), or a file such as `issuers/main.json`."""
    trust_domain: str
    """Names in its tokens become ids of this domain, such as `spiffe://example.org/agent/triage`."""
    subjects: Literal["user", "agent", "tool"] = "user"
    """What a subject is that acts for nobody and whose name is no such id."""
    audience: str = ""
    """The token's `aud`, where this issuer knows the gateway by another name than `tokens.audience`."""
    algorithms: tuple[Literal["RS256", "PS256", "ES256", "ES384", "EdDSA"], ...] = (
        "RS256",
        "PS256",
        "ES256",
        "ES384",
        "EdDSA",
    )
    """Signatures that are taken."""
    dpop: Literal["accepted", "required"] = "accepted"
    """Whether a token must be bound to its client's key (RFC 9449). One that is bound always needs the proof."""
    typed: bool = False
    """Only tokens of type `at+jwt` (RFC 9068)."""
    max_seconds: Seconds = 3_600.0
    """Longest time between `iat` and `exp`."""


class Reach(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What may be used, by name or by `beginning*`. An empty list means everything."""

    routes: tuple[str, ...] = ()
    """Paths, such as `/v1/chat/completions` or `/v2/*`."""
    models: tuple[str, ...] = ()
    """Public model names."""
    tools: tuple[str, ...] = ()
    """Tools that models may ask for in answers."""


class TokenGrant(Reach, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may come in with a token, and how far."""

    principal: str
    """Who sends it, by id or by `beginning*`, such as `spiffe://example.org/agent/*`."""
    on_behalf_of: str = "*"
    """The token's subject, where its sender acts for one; `""` lets only those in who act for nobody."""
    limits: Limits | None = None
    """Limits of each such principal; without them those of the policy."""
    debug: bool = False
    """May see verdict and deciding rule in response headers."""


class Tokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Access tokens beside virtual keys."""

    audience: str = ""
    """This gateway as tokens name it (`aud`); a token for another one is refused (RFC 8707)."""
    urls: tuple[str, ...] = ()
    """Addresses by which clients call, such as `https://gateway.example`, for proofs of possession (RFC 9449). Without
    them the audience, if it is one."""
    issuers: tuple[Issuer, ...] = ()
    """Whose tokens are taken; none: no token lets anybody in."""
    scopes: dict[str, Reach] = msgspec.field(default_factory=dict)
    """What each scope of a token lets it do, within its grant; a token may do what any of its scopes lets it. Where
    none stands here, scopes mean nothing."""
    grants: tuple[TokenGrant, ...] = ()
    """The first that fits decides. Whom none fits may do nothing."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """By which clients call."""
        return self.urls or ((self.audience,) if self.audience.startswith(("http://", "https://")) else ())


def token_problems(tokens: Tokens, guard: str) -> Iterable[Problem]:
    """What the schema cannot say.

    Args:
        tokens: the section.
        guard: ``tools.guard``.
    """
    at: Path = ("tokens",)
    if tokens.issuers and not tokens.grants:
        yield Problem(at, "issuers, but no grant", "at least one row in grants", "grants: [{principal: '*'}]")
    seen: set[str] = set()
    for number, row in enumerate(tokens.issuers):
        where: Path = (*at, "issuers", number)
        yield from _issuer_problems(row, tokens, where)
        if row.issuer in seen:
            yield Problem((*where, "issuer"), f"{row.issuer} a second time", "each issuer once")
        seen.add(row.issuer)
    if guard == "none":
        for place, reach in _reaches(tokens):
            if reach.tools:
                hint = "tools: {guard: observe} decides tools alone"
                yield Problem((*at, *place, "tools"), "tools, but nothing decides tool calls", "no tools", hint)


def _reaches(tokens: Tokens) -> Iterable[tuple[Path, Reach]]:
    scopes: Mapping[str, Reach] = tokens.scopes
    for name, reach in scopes.items():
        yield ("scopes", name), reach
    for number, grant in enumerate(tokens.grants):
        yield ("grants", number), grant


def _issuer_problems(row: Issuer, tokens: Tokens, where: Path) -> Iterable[Problem]:
    if not row.issuer:
        yield Problem((*where, "issuer"), "nothing", "the issuer's identifier")
    if not row.audience and not tokens.audience:
        yield Problem(where, "no audience", "audience, here or in tokens", "audience: https://gateway.example")
    if not is_trust_domain(row.trust_domain):
        yield Problem((*where, "trust_domain"), repr(row.trust_domain), "a trust domain", "such as example.org")
    if not row.algorithms:
        yield Problem((*where, "algorithms"), "nothing", "at least one algorithm")
    if not _fetched(row.jwks) and not _file(row.jwks):
        hint = "https://issuer.example/jwks.json, or issuers/main.json"
        yield Problem((*where, "jwks"), repr(row.jwks), "an https: URL, or a file in issuers/", hint)
    if row.dpop == "required" and not tokens.addresses:
        hint = "urls: [https://gateway.example]"
        yield Problem((*where, "dpop"), "required, but no address", "tokens.urls", hint)


def _file(jwks: str) -> bool:
    name = jwks.removeprefix(KEY_FILES)
    return jwks.startswith(KEY_FILES) and name.endswith(".json") and "/" not in name and not name.startswith(".")


def _fetched(jwks: str) -> bool:
    return jwks.startswith("https://") or is_loopback_http(jwks)


def is_loopback_http(url: str) -> bool:
    """Whether ``url`` is plain HTTP that does not leave the machine."""
    host = url.partition("://")[2].partition("/")[0]
    return url.startswith("http://") and host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")
