"""The workspace in which the demo's gateway runs: the same files that ``bartizan init`` writes, for one help desk."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bartizan.range.helpdesk.records import Plant
from bartizan.trust.virtual_keys import create_key, key_digest

UPSTREAM_KEY = "BARTIZAN_RANGE_UPSTREAM_KEY"
CANARY = "BARTIZAN_RANGE_CANARY"

_DEPLOYMENT = """\
version: 1
listen:
  host: 127.0.0.1
  port: {port}
  admin_host: 127.0.0.1
  admin_port: {admin_port}
  workers: 1
  drain_seconds: 2
upstreams:
"""

_UPSTREAM = """\
  - name: {name}
    url: {url}
    protocol: openai
    key: {{env: {key}}}
    models: {{{name}: smollm2}}
"""

_POLICY = """\
# What a help desk would reasonably set: the defaults, and what it knows of itself.
version: 1
mode: enforce
surfaces:
  user:
    prompt_injection: {{action: block}}
    secret: {{action: flag}}
    obfuscation: {{action: flag}}
  content:
    prompt_injection: {{action: block}}
    secret: {{action: flag}}
    obfuscation: {{action: flag}}
  output:
    canary: {{action: block}}
    secret: {{action: redact}}
    personal_data: {{action: redact}}
    output_hazard: {{action: redact}}
links:
  allow: [larkspur.example, "*.larkspur.example"]
  check_plain: true
canaries:
  - name: refund-code
    value: {{env: {canary}}}
limits:
  cooldown: null   # the demo attacks on purpose and must not be told to wait
keys:
  - principal: demo
    sha256: {digest}
    debug: true    # shows verdict and rule, for the report
"""


class ServedModel(NamedTuple):
    """Where the model is served, and the bearer token for it."""

    url: str
    key: str


class DemoWorkspace(msgspec.Struct, frozen=True):
    """A written workspace and how to reach the gateway that will run in it."""

    folder: Path
    base_url: str
    ready_url: str
    key: str
    models: tuple[str, ...]
    """The gateway's name for each served model, in order."""
    environment: dict[str, str]
    """What the gateway's environment must hold besides the usual."""
    policy: str


def write_workspace(
    folder: Path, *, served: Sequence[ServedModel], plant: Plant, port: int, admin_port: int
) -> DemoWorkspace:
    """Write ``bartizan.yaml`` and ``policy.yaml`` into ``folder``. No secret is in them.

    Args:
        folder: is made.
        served: each becomes an upstream, which clients choose by its own name of the model.
        plant: its secret becomes a canary.
        port: of the gateway.
        admin_port: of its admin listener.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = create_key()
    policy = _POLICY.format(canary=CANARY, digest=key_digest(key))
    models = tuple(f"smollm2-{number}" for number in range(1, len(served) + 1))
    keys = [f"{UPSTREAM_KEY}_{number}" for number in range(1, len(served) + 1)]
    deployment = _DEPLOYMENT.format(port=port, admin_port=admin_port)
    for model, variable, at in zip(models, keys, served, strict=True):
        deployment += _UPSTREAM.format(name=model, url=at.url, key=variable)
    for name, text in (("bartizan.yaml", deployment), ("policy.yaml", policy)):
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    return DemoWorkspace(
        folder=folder,
        base_url=f"http://127.0.0.1:{port}/v1",
        ready_url=f"http://127.0.0.1:{admin_port}/readyz",
        key=key,
        models=models,
        environment={**{variable: at.key for variable, at in zip(keys, served, strict=True)}, CANARY: plant.secret},
        policy=policy,
    )
