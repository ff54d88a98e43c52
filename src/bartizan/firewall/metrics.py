"""The gateway's Prometheus metrics."""

from __future__ import annotations

from bartizan.core.event import Usage
from bartizan.core.verdict import Action
from bartizan.telemetry.metrics import Distribution, Registry, Value

INSPECT_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)


class PrometheusMeters:
    """Implements ``Meters`` over a registry; series that are used often are kept at hand."""

    def __init__(self, registry: Registry) -> None:
        self._requests = registry.counter(
            "bartizan_requests_total", "Requests answered.", ("route", "status", "action")
        )
        self._in_flight = registry.gauge("bartizan_requests_in_flight", "Requests under way.").labels()
        self._seconds = registry.histogram("bartizan_request_seconds", "From head to last byte.", ("route",))
        self._inspect = registry.histogram(
            "bartizan_inspect_request_seconds", "Inspection of one request.", ("route",), INSPECT_BUCKETS
        )
        self._tokens = registry.counter(
            "bartizan_tokens_total", "Tokens that upstreams reported.", ("principal", "model", "direction")
        )
        self._kept: dict[tuple[str, int, Action], Value] = {}
        self._timers: dict[str, tuple[Distribution, Distribution]] = {}

    def began(self) -> None:
        """See ``Meters.began``."""
        self._in_flight.inc()

    def ended(self, route: str, status: int, action: Action, seconds: float, inspect_seconds: float) -> None:
        """See ``Meters.ended``."""
        self._in_flight.inc(-1.0)
        key = (route, status, action)
        counter = self._kept.get(key)
        if counter is None:
            counter = self._kept[key] = self._requests.labels(route, str(status), action.value)
        counter.inc()
        timers = self._timers.get(route)
        if timers is None:
            timers = self._timers[route] = (self._seconds.labels(route), self._inspect.labels(route))
        timers[0].observe(seconds)
        if inspect_seconds >= 0:
            timers[1].observe(inspect_seconds)

    def used(self, principal: str, model: str, usage: Usage) -> None:
        """See ``Meters.used``."""
        if usage.input_tokens > 0:
            self._tokens.labels(principal, model, "input").inc(usage.input_tokens)
        if usage.output_tokens > 0:
            self._tokens.labels(principal, model, "output").inc(usage.output_tokens)
