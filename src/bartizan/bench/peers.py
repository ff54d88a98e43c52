"""Peers, started as their own documentation says."""

from __future__ import annotations

from pathlib import Path

LITELLM_KEY = "sk-" + "benchmark-on-loopback-only-" * 2
"""It refuses to start without a master key."""


def litellm_server(program: str, folder: Path, port: int, base: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment of a LiteLLM proxy in front of ``base``: one worker, no database, no callbacks."""
    config = folder / "litellm.yaml"
    config.write_text(
        "model_list:\n"
        "  - model_name: canned\n"
        "    litellm_params:\n"
        "      model: openai/canned\n"
        f"      api_base: {base}/v1\n"
        "      api_key: none\n",
        encoding="utf-8",
    )
    command = [program, "--config", str(config), "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"]
    return command, {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MASTER_KEY": LITELLM_KEY}
