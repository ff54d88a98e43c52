"""The label of a language, from a real client through a real gateway into records and the lake."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fake_upstream import answer, fake_upstream
from running import PLAIN_KEY, running
from test_sdk_clients import chat_reply, messages_reply

from bartizan.core.event import RequestAccepted
from bartizan.telemetry.lake.compactor import compact
from bartizan.telemetry.lake.query import Lake

SAID = {
    "de": "Welche Öffnungszeiten hat die Bibliothek am Samstag, und muss ich mich für den Lesesaal anmelden?",
    "es": "¿A qué hora sale el último tren de la tarde y cuánto cuesta el billete para los niños?",
    "fr": "Est-ce que vous avez encore une table pour quatre dans le jardin ce soir ?",
    "en": "Could you tell me what the weather is going to be like in the mountains this weekend?",
    "pl": "Nie wiem, jak to zrobić, czy mogę prosić o krótką instrukcję do tego ekspresu?",
    "ja": "明日の会議は何時から始まりますか。資料も送ってください。",
    "und-Cyrl": "Подскажите, пожалуйста, как добраться до вокзала на автобусе?",
}
"""Other sentences than those that `tests/core/test_language.py` has."""
SYSTEM = "You are the assistant of this house and answer in the language of the guest."


async def test_each_request_is_recorded_with_the_language_of_its_user(tmp_path: Path) -> None:
    async with (
        fake_upstream(answer(chat_reply("Yes, of course."))) as upstream,
        running(tmp_path, upstream) as gateway,
        gateway.openai() as client,
        gateway.openai(PLAIN_KEY) as other,
        gateway.anthropic() as claude,
    ):
        for text in SAID.values():
            await client.chat.completions.create(
                model="m", messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": text}]
            )
        await other.chat.completions.create(model="m", messages=[{"role": "user", "content": SAID["fr"]}])
        upstream.default = answer(messages_reply("Yes, of course."))
        await claude.messages.create(
            model="m", max_tokens=5, system=SYSTEM, messages=[{"role": "user", "content": SAID["de"]}]
        )
        events = gateway.events()
    accepted = [event.language for event in events if isinstance(event, RequestAccepted)]
    assert accepted == [*SAID, "fr", "de"]
    await asyncio.to_thread(compact, tmp_path / "journal", tmp_path / "lake")
    asked = "SELECT principal, language, count(*) FROM events WHERE kind = 'request.accepted' GROUP BY ALL ORDER BY ALL"
    rows = Lake(tmp_path / "journal", tmp_path / "lake").ask(asked).rows
    assert rows == sorted([("app", "fr", 1), *(("debugger", tag, 2 if tag == "de" else 1) for tag in SAID)])
