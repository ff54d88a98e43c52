"""The page's examples run; those of a framework where it is installed."""

from __future__ import annotations

import asyncio
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from adapter_world import ASKED, MAIL, STOLEN

PAGE = Path(__file__).parents[3] / "docs" / "agents" / "sdk.md"
FIRST, *EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
PARTS = {"agents": "agents.tool_guardrails", "langchain": "langchain.agents", "pydantic_ai": "pydantic_ai"}
"""Modules that only the frameworks have: a folder of tests may be called as a framework is."""
PAIRS = [*zip(PARTS, EXAMPLES, strict=True)]
STORY = ([("read_inbox", {})], [("send_email", STOLEN)], [("send_email", ASKED)], "done")


def model_of(framework: str) -> Any:
    if framework == "agents":
        from test_openai_agents import Script

        return Script(*STORY)
    if framework == "langchain":
        from test_langchain import script

        return script(*STORY)
    from test_pydantic_ai import script as other

    return other(*STORY)


def test_the_first_example_does_what_it_says() -> None:
    names: dict[str, Any] = {}
    exec(FIRST, names)
    assert names["told"].startswith("This call was declined by policy. Reference")
    assert "evil" not in names["told"]
    assert names["reason"]


@pytest.mark.parametrize(("framework", "example"), [*zip(PARTS, EXAMPLES, strict=True)])
def test_each_frameworks_example_runs(framework: str, example: str) -> None:
    pytest.importorskip(PARTS[framework], reason="not installed: make test-adapters")
    sent: list[str] = []

    def read_inbox() -> str:
        """Reads the mails in the inbox."""
        return MAIL

    def send_email(to: str, body: str) -> str:
        """Sends an email."""
        sent.append(to)
        return "sent"

    from bartizan import open_protection
    from bartizan.agents.sdk import guarded_session

    with open_protection() as protection:
        names: dict[str, Any] = {
            "protection": protection, "guarded_session": guarded_session, "model": model_of(framework),
            "read_inbox": read_inbox, "send_email": send_email,
        }  # fmt: skip
        exec(f"async def run():\n{textwrap.indent(example, '    ')}    return result\n", names)
        asyncio.run(names["run"]())
    assert sent == ["bob@firm.example"]
