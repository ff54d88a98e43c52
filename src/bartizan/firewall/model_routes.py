"""Which upstreams serve a model, and under which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bartizan.core.errors import WireError
from bartizan.firewall.exchange import ApiFamily
from bartizan.workspace.deployment import Upstream

Protocol = Literal["openai", "anthropic", "oip"]
_PROTOCOLS: dict[ApiFamily, Protocol] = {
    ApiFamily.MESSAGES: "anthropic",
    ApiFamily.COUNT_TOKENS: "anthropic",
    ApiFamily.INFERENCE: "oip",
}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Target:
    """One upstream that can serve a request."""

    upstream: str
    """Name of the upstream."""
    model: str
    """The upstream's name for the model."""
    binary: bool = True
    """It takes binary tensor data."""


def protocol_of(family: ApiFamily) -> Protocol:
    """The wire protocol an API family belongs to."""
    return _PROTOCOLS.get(family, "openai")


class ModelRoutes:
    """The model mappings of all upstreams, in order of preference."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self._upstreams = tuple(upstreams)

    def targets(self, family: ApiFamily, model: str) -> tuple[Target, ...]:
        """Every upstream that speaks the family's protocol and knows ``model``.

        Raises:
            WireError: 404 when there is none.
        """
        protocol = protocol_of(family)
        found: list[Target] = []
        for upstream in self._upstreams:
            if upstream.protocol != protocol:
                continue
            name = upstream.models.get(model) or self._passed(upstream, model)
            if name:
                found.append(Target(upstream.name, name, upstream.binary_tensors))
        if not found:
            raise WireError("the model does not exist or is not available here", status=404)
        return tuple(found)

    def upstreams(self, protocol: Protocol) -> tuple[str, ...]:
        """Names of the upstreams that speak ``protocol``."""
        return tuple(upstream.name for upstream in self._upstreams if upstream.protocol == protocol)

    def names(self, protocol: Protocol | None = None) -> tuple[str, ...]:
        """The public model names that are configured by name, first mention first."""
        names = (
            name
            for upstream in self._upstreams
            if protocol is None or upstream.protocol == protocol
            for name in upstream.models
            if name != _ANY
        )
        return tuple(dict.fromkeys(names))

    def open_ended(self, protocol: Protocol) -> tuple[str, ...]:
        """Names of the upstreams that pass every model name through."""
        return tuple(up.name for up in self._upstreams if up.protocol == protocol and _ANY in up.models)

    @staticmethod
    def _passed(upstream: Upstream, model: str) -> str:
        name = upstream.models.get(_ANY, "")
        return model if name == _ANY else name
