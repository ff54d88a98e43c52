"""Access tokens through a real gateway, with a real client that proves possession of its key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx2
import openai
import pytest
from fake_upstream import answer, fake_upstream
from openai import AsyncOpenAI
from running import Running, running
from test_sdk_clients import HI, chat_reply
from test_tool_calls import CHAT_TOOLS, GOOD, asks, decided, history
from token_issuer import ADA, AUDIENCE, ISSUER, KEY, TRIAGE, OwnToken, acting, bound, key_set, proof, section, token

from bartizan.core.event import RequestAccepted, RequestRefused
from bartizan.core.verdict import Action
from bartizan.firewall.bearers import Bearers
from bartizan.policy.document import PolicyDocument
from bartizan.policy.tokens import Reach, Tokens
from bartizan.policy.tools import ToolPolicy
from bartizan.trust.jwks import KeySet

NEVER_FOR_OTHERS = """
@id("no_chains") @reason("Agents of agents send nothing.")
forbid (principal, action, resource) when { context.effect == "send" && context.chain > 1 };
@id("not_the_intern") @reason("Nobody sends for the intern.")
forbid (principal, action, resource)
when { context.tool == "send_email" && context.on_behalf_of.contains("spiffe://example.org/user/intern") };
"""


async def keys() -> str:
    return key_set(k1=KEY)


@asynccontextmanager
async def scene(folder: Path, tokens: Tokens, reply: Any = None, policies: str = "") -> AsyncIterator[Running]:
    policy = PolicyDocument(version=1, tokens=tokens, tools=ToolPolicy(policies=policies))
    bearers = Bearers(tokens, {ISSUER: KeySet(ISSUER, keys)}, policy.limits)
    async with (
        fake_upstream(answer(reply or chat_reply("hello"))) as upstream,
        running(folder, upstream, policy=policy, bearers=bearers) as gateway,
    ):
        yield gateway


def client(gateway: Running, access: str, auth: httpx2.Auth | None = None) -> AsyncOpenAI:
    http = httpx2.AsyncClient(auth=auth) if auth is not None else None
    return AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=access, max_retries=0, timeout=15, http_client=http)


async def test_a_bearer_token_works_with_the_sdk_as_its_key(tmp_path: Path) -> None:
    async with scene(tmp_path, section()) as gateway, client(gateway, token(**acting())) as sdk:
        got = await sdk.chat.completions.create(model="m", messages=HI)
        assert got.choices[0].message.content == "hello"
        accepted = gateway.last(RequestAccepted)
        assert isinstance(accepted, RequestAccepted)
        assert (accepted.principal, accepted.on_behalf_of) == (TRIAGE, (ADA,))


async def test_a_bound_token_works_with_a_client_that_proves_and_no_proof_works_twice(tmp_path: Path) -> None:
    access = bound(**acting())
    tokens = section(dpop="required", urls=("https://old.example", AUDIENCE))
    async with scene(tmp_path, tokens) as gateway:
        async with client(gateway, access, OwnToken(access, AUDIENCE)) as sdk:
            for _ in range(3):
                assert (await sdk.chat.completions.create(model="m", messages=HI)).choices
        async with client(gateway, access) as sdk:
            with pytest.raises(openai.AuthenticationError) as error:
                await sdk.chat.completions.create(model="m", messages=HI)
        challenges = error.value.response.headers.get_list("www-authenticate")
        assert any(one.startswith("DPoP") and "ES256" in one for one in challenges)
        url = AUDIENCE + "/v1/chat/completions"
        async with aiohttp.ClientSession() as http:

            async def status(*proofs: str, path: str = "/v1/chat/completions") -> int:
                headers = [("authorization", f"DPoP {access}"), *(("dpop", one) for one in proofs)]
                body = {"model": "m", "messages": HI}
                async with http.post(f"{gateway.url}{path}", json=body, headers=headers) as got:
                    return got.status

            shown = proof(access, url)
            assert [await status(shown) for _ in range(3)] == [200, 401, 401]
            replayed = gateway.last(RequestRefused)
            assert isinstance(replayed, RequestRefused)
            assert replayed.reason.startswith("token: the proof was used before")
            assert await status(proof(access, url), path="/v1/chat/completions?a=b") == 200
            assert await status(proof(access, url), proof(access, url)) == 400
            assert await status(proof(access, url), path="/v1/chat%2Fcompletions") == 401
        refused = gateway.last(RequestRefused)
        assert isinstance(refused, RequestRefused)
        assert refused.reason == "token: the proof is for another address"


async def test_scopes_hold_for_models_and_for_tools_in_answers(tmp_path: Path) -> None:
    scopes = {
        "chat": Reach(routes=("/v1/chat/completions", "/v1/models*"), models=("m",), tools=("read_*",)),
        "mail": Reach(routes=("/v1/chat/completions",), models=("m",), tools=("send_email",)),
    }
    async with scene(tmp_path, section(scopes=scopes), asks(GOOD)) as gateway:
        async with client(gateway, token(scope="chat")) as sdk:
            got = await sdk.chat.completions.create(model="m", messages=history(), tools=CHAT_TOOLS)
            assert not got.choices[0].message.tool_calls
            (event,) = decided(gateway)
            assert (event.action, event.policy) == (Action.BLOCK, "out_of_scope")
            with pytest.raises(openai.NotFoundError):
                await sdk.chat.completions.create(model="other", messages=HI)
            with pytest.raises(openai.PermissionDeniedError):
                await sdk.embeddings.create(model="m", input="x")
        async with client(gateway, token(scope="chat mail")) as sdk:
            got = await sdk.chat.completions.create(model="m", messages=history(), tools=CHAT_TOOLS)
            (call,) = got.choices[0].message.tool_calls or []
            assert call.type == "function"
            assert json.loads(call.function.arguments) == GOOD


async def test_policy_on_tools_sees_the_chain_and_records_show_it(tmp_path: Path) -> None:
    async with scene(tmp_path, section(), asks(GOOD), NEVER_FOR_OTHERS) as gateway:

        async def outcome(**claims: Any) -> tuple[Action, str, tuple[str, ...]]:
            async with client(gateway, token(**claims)) as sdk:
                await sdk.chat.completions.create(model="m", messages=history(), tools=CHAT_TOOLS)
            event = decided(gateway)[-1]
            return event.action, event.policy, event.on_behalf_of

        assert await outcome(**acting()) == (Action.ALLOW, "permit_asked", (ADA,))
        through = ("spiffe://example.org/agent/planner", ADA)
        deep = await outcome(act={"sub": "triage", "act": {"sub": "planner"}})
        assert deep == (Action.BLOCK, "no_chains", through)
        intern = await outcome(sub="intern", act={"sub": "triage"})
        assert intern[:2] == (Action.BLOCK, "not_the_intern")


async def test_quarantine_of_anybody_in_the_chain_stops_it(tmp_path: Path) -> None:
    async with scene(tmp_path, section()) as gateway:
        await gateway.keeper.quarantine(ADA)
        async with client(gateway, token(**acting())) as sdk:
            with pytest.raises(openai.RateLimitError):
                await sdk.chat.completions.create(model="m", messages=HI)
            await gateway.keeper.release(ADA)
            assert (await sdk.chat.completions.create(model="m", messages=HI)).choices
