"""The workspace in which the demo's gateway runs: the same files that ``bartizan init`` writes, for one help desk."""

from __future__ import annotations

import os
from pathlib import Path

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
  - name: range
    url: {url}
    protocol: openai
    key: {{env: {key}}}
    models: {{"*": "*"}}
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


class DemoWorkspace(msgspec.Struct, frozen=True):
    """A written workspace and how to reach the gateway that will run in it."""

    folder: Path
    base_url: str
    ready_url: str
    key: str
    environment: dict[str, str]
    """What the gateway's environment must hold besides the usual."""
    policy: str


def write_workspace(
    folder: Path, *, upstream_url: str, upstream_key: str, plant: Plant, port: int, admin_port: int
) -> DemoWorkspace:
    """Write ``bartizan.yaml`` and ``policy.yaml`` into ``folder``. No secret is in them."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = create_key()
    policy = _POLICY.format(canary=CANARY, digest=key_digest(key))
    deployment = _DEPLOYMENT.format(port=port, admin_port=admin_port, url=upstream_url, key=UPSTREAM_KEY)
    for name, text in (("bartizan.yaml", deployment), ("policy.yaml", policy)):
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    return DemoWorkspace(
        folder=folder,
        base_url=f"http://127.0.0.1:{port}/v1",
        ready_url=f"http://127.0.0.1:{admin_port}/readyz",
        key=key,
        environment={UPSTREAM_KEY: upstream_key, CANARY: plant.secret},
        policy=policy,
    )
