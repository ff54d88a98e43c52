"""From the scope file to a target that can be spoken to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bartizan.redteam.interface import Target
from bartizan.redteam.scope import Limits
from bartizan.redteam.scope_target import Kind, TargetSpec
from bartizan.redteam.secret import resolve
from bartizan.redteam.targets.channel import Channel
from bartizan.redteam.targets.dialects import Anthropic, OpenAi
from bartizan.redteam.targets.function import FunctionTarget
from bartizan.redteam.targets.http import HttpTarget
from bartizan.redteam.targets.model import ModelTarget
from bartizan.redteam.targets.pacing import Pacer
from bartizan.redteam.targets.page_server import PageServer
from bartizan.redteam.targets.paged import PagedTarget


def make_target(spec: TargetSpec, limits: Limits, folder: Path, sent: Callable[[], None] = lambda: None) -> Target:
    """The target that ``spec`` describes; pages are served beside it where it asks for that.

    Args:
        spec: of the scope file.
        limits: how hard it may be pressed.
        folder: of the scope file, for the files it names.
        sent: called for each request as it leaves.

    Raises:
        ConfigurationError: a key or another text is not where the scope file says.
        TargetError: a callable cannot be imported.
    """
    target = _plain(spec, limits, folder, sent)
    if not spec.pages:
        return target
    server = PageServer(spec.page_server.host, spec.page_server.port, spec.page_server.url)
    return PagedTarget(target, server, frozenset(spec.pages))


def make_model(spec: TargetSpec, limits: Limits, folder: Path, sent: Callable[[], None]) -> ModelTarget:
    """The same for ``openai`` and ``anthropic``."""
    headers = {name: resolve(value, folder) for name, value in spec.headers.items()}
    dialect = OpenAi() if spec.kind is Kind.OPENAI else Anthropic()
    key = resolve(spec.key, folder) if spec.key is not None else ""
    system = resolve(spec.system, folder) if spec.system is not None else ""
    return ModelTarget(spec, dialect, _channel(limits, sent), dialect.headers(key) | headers, system)


def _plain(spec: TargetSpec, limits: Limits, folder: Path, sent: Callable[[], None]) -> Target:
    if spec.kind is Kind.PYTHON:
        return FunctionTarget(spec, Pacer(limits.requests_per_second, sent=sent), limits.timeout, folder)
    if spec.kind is Kind.HTTP:
        headers = {name: resolve(value, folder) for name, value in spec.headers.items()}
        values = {name: resolve(value, folder) for name, value in spec.values.items()}
        return HttpTarget(spec, _channel(limits, sent), headers, values)
    return make_model(spec, limits, folder, sent)


def _channel(limits: Limits, sent: Callable[[], None]) -> Channel:
    pacer = Pacer(limits.requests_per_second, sent=sent)
    return Channel(pacer, timeout=limits.timeout, retries=limits.retries, in_flight=limits.in_flight)
