"""Two gateways, one with TLS, that share a Valkey server: what one sees, the other acts upon."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest
from fake_upstream import answer, fake_upstream
from processes import KEY, Up, up
from test_sdk_clients import ATTACK, chat_reply
from test_tls import certify
from valkey_server import valkey_server

from bartizan.trust.virtual_keys import create_key, key_digest

ATTACKER = create_key()
PASSWORD = "swordfish-7"
ATTACKING = {"model": "m", "messages": [{"role": "user", "content": ATTACK}]}
POLICY = f"""\
  - principal: attacker
    sha256: {key_digest(ATTACKER)}
    limits: {{cooldown: {{blocks: 3, seconds: 600, pause: 600}}}}
"""
RATE = "limits: {rate: {requests: 6, seconds: 86400, burst: 6}, cooldown: null}"


async def test_two_gateways_share_limits_and_policy_through_valkey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BARTIZAN_TEST_VALKEY", PASSWORD)
    (tmp_path / "tls").mkdir()
    certify(tmp_path / "tls")
    trust = ssl.create_default_context(cafile=str(tmp_path / "tls" / "cert.pem"))
    listen = ", tls_certificate: ../tls/cert.pem, tls_key: ../tls/key.pem"
    with valkey_server(tmp_path, PASSWORD) as server:
        keeper = f"keeper: {server}\nkeeper_password: {{env: BARTIZAN_TEST_VALKEY}}\n"
        async with (
            fake_upstream(answer(chat_reply("hello"))) as upstream,
            up(tmp_path / "one", upstream, POLICY, listen=listen, more=keeper, trust=trust) as one,
            up(tmp_path / "two", upstream, POLICY, more=keeper) as two,
        ):
            assert one.url.startswith("https:")
            assert two.url.startswith("http:")
            await _tls_is_real(one)
            assert not any(gateway.child("keeper") for gateway in (one, two))

            assert [(await gateway.post(ATTACKING, ATTACKER))[0] for gateway in (one, two, one)] == [200] * 3
            await asyncio.sleep(0.1)
            for gateway in (one, two):
                status, reply, headers = await gateway.post(key=ATTACKER)
                assert (status, "retry-after" in headers) == (429, True), reply

            await _until_policy(one, two)
            await asyncio.sleep(1.2)
            found = [await (one, two)[number % 2].post(key=KEY) for number in range(12)]
            assert not any("x-bartizan-verdict" in headers for _, _, headers in found)
            statuses = [status for status, _, _ in found]
            assert 1 <= statuses.count(200) <= 4
            assert set(statuses[-6:]) == {429}


async def _tls_is_real(gateway: Up) -> None:
    async with aiohttp.ClientSession() as stranger:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await stranger.get(gateway.url)
        with pytest.raises(aiohttp.ClientError):
            await stranger.get(gateway.url.replace("https:", "http:"))


async def _until_policy(one: Up, two: Up) -> None:
    """An edit on one machine comes into force on both, and the other's unchanged files do not undo it."""
    policy = (two.root / "policy.yaml").read_text()
    draft = two.root / "policy.draft"
    draft.write_text(policy.replace("debug: true, limits: {cooldown: null}", f"{RATE}"))
    draft.rename(two.root / "policy.yaml")
    async with asyncio.timeout(30):
        for gateway in (one, two):
            while "x-bartizan-verdict" in (await gateway.post(ATTACKING))[2]:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.1)
