"""The inference routes of one policy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bartizan.core.errors import ConfigurationError
from bartizan.core.verdict import Action
from bartizan.firewall.asgi import Receive, Send
from bartizan.firewall.headers import ClientHeaders
from bartizan.firewall.in_force import InForce
from bartizan.firewall.oip.declared import batched
from bartizan.firewall.oip.exchange import InferenceExchange
from bartizan.firewall.oip.paths import Endpoint
from bartizan.firewall.oip.reads import serve_read
from bartizan.firewall.oip.watching import Watcher
from bartizan.firewall.recording import Record
from bartizan.firewall.services import Services
from bartizan.inspection.tensors.profile import load
from bartizan.policy.models import PROFILES, ModelRules


def build_front(models: Mapping[str, ModelRules], files: Mapping[str, bytes]) -> TensorFront:
    """The routes for ``models``, with their profiles out of the workspace's ``files``.

    Raises:
        ConfigurationError: a profile is missing, damaged, or of another input.
    """
    watchers: dict[str, Watcher] = {}
    for name, rules in models.items():
        if not rules.profile:
            continue
        path = f"{PROFILES}/{rules.profile}"
        if path not in files:
            raise ConfigurationError(
                f"models.{name}: there is no {path} in the workspace", "see 'bartizan profile make'"
            )
        profile = load(rules.profile, files[path])
        rule = rules.inputs.get(profile.input)
        if rule is None or rule.datatype == "BYTES":
            raise ConfigurationError(f"models.{name}: its profile is of {profile.input!r}, which is no numeric input")
        sizes = rule.shape[1:] if batched(rule) else rule.shape
        if -1 not in sizes and math.prod(sizes) != profile.width:
            raise ConfigurationError(
                f"models.{name}: its profile is of rows of {profile.width} numbers, {profile.input!r} has others"
            )
        watchers[name] = Watcher(profile, rules.profile, batched=batched(rule))
    return TensorFront(watchers)


class TensorFront:
    """Implements :class:`bartizan.firewall.inference_front.InferenceFront`.

    Args:
        watchers: by model.
    """

    def __init__(self, watchers: Mapping[str, Watcher] = {}) -> None:
        self._watchers = watchers

    async def infer(
        self,
        services: Services,
        in_force: InForce,
        endpoint: Endpoint,
        record: Record,
        headers: ClientHeaders,
        receive: Receive,
        send: Send,
    ) -> tuple[int, Action]:
        """See the interface."""
        rules = in_force.policy.models.get(endpoint.model)
        exchange = InferenceExchange(
            services, in_force, endpoint, record, headers, rules, self._watchers.get(endpoint.model)
        )
        return await exchange.run(receive, send)

    async def read(
        self,
        services: Services,
        in_force: InForce,
        endpoint: Endpoint,
        record: Record,
        headers: ClientHeaders,
        receive: Receive,
        send: Send,
    ) -> int:
        """See the interface."""
        return await serve_read(services, in_force, endpoint, record, headers, receive, send)
