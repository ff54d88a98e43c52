"""The workspaces that the gateway is measured with."""

from __future__ import annotations

from pathlib import Path

from bartizan.trust.virtual_keys import key_digest

KEY = "bzn_benchmark-key-for-loopback-only"
"""Known to everybody: the servers it opens live for minutes, on loopback, in front of a canned upstream."""

_DEPLOYMENT = """\
version: 1
listen: {{host: 127.0.0.1, port: {port}, admin_host: 127.0.0.1, admin_port: {admin}, workers: 1}}
upstreams:
  - name: canned
    url: {base}/v1
    protocol: openai
    models: {{canned: canned}}
detections: {detections}
"""
_NO_DETECTIONS = "{enabled: false}"
"""Without the process that runs detection rules over the journal: ``bench telemetry`` measures that."""

_POLICY = """\
version: 1
keys:
  - principal: bench
    sha256: {digest}
    limits: {{cooldown: null}}
"""

_NO_MODEL = """\
classifier: {enabled: false}
"""

_MODEL = """\
mode: monitor
"""
"""Each request goes the whole way whatever the model says."""

_NO_GUARDS = """\
surfaces: {user: {}, content: {}, output: {}}
origins: {system: [], user: [], assistant: [], tool_definition: [], tool_call: [], tool_result: [], retrieved: [],
  memory: []}
"""


def write_workspace(
    root: Path,
    port: int,
    admin: int,
    base: str,
    guards: bool = True,
    model: bool = False,
    detections: str = _NO_DETECTIONS,
) -> Path:
    """A workspace to measure; what is not named is alike (keys, journal, keeper).

    Args:
        root: is made.
        port: of the gateway.
        admin: of its admin listener.
        base: URL of the upstream.
        guards: the default policy without the trained model, or every guard off.
        model: instead, every guard and the trained model, in monitor mode.
        detections: that section of ``bartizan.yaml``.
    """
    root.mkdir(parents=True)
    deployment = _DEPLOYMENT.format(port=port, admin=admin, base=base, detections=detections)
    (root / "bartizan.yaml").write_text(deployment, encoding="utf-8")
    policy = _POLICY.format(digest=key_digest(KEY)) + (_MODEL if model else _NO_MODEL if guards else _NO_GUARDS)
    (root / "policy.yaml").write_text(policy, encoding="utf-8")
    return root
