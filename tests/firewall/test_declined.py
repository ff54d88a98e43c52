"""Whatever error of ours ends a request: the client gets a status and a sentence, never a pass and never details."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bartizan
from bartizan.agents.approvals.book import DecisionError
from bartizan.core.errors import BartizanError, DocumentError, Place, UpstreamError, WireError
from bartizan.firewall.declined import DeclinedError, declined
from bartizan.firewall.watchdog import ClientGoneError
from bartizan.supplychain.budget import BudgetError

SECRET = "/srv/secrets/key: hunter2"
SPEAKS_FOR_ITSELF = (DeclinedError, WireError, UpstreamError)
DEFINES_AN_ERROR = re.compile(r"^class \w+\(\w+Error\)", re.MULTILINE)
OF_NO_GATEWAY = ("bartizan.agents.sdk", "bartizan.supplychain.proxy")
CLIENTS_MISTAKES = {"WireError": 400, "PseudonymsExhaustedError": 413, "ClientGoneError": 499, "UpstreamError": 502}


def every_error(kind: type[BartizanError] = BartizanError) -> Iterator[type[BartizanError]]:
    source = Path(bartizan.__file__).parent
    for file in sorted(source.rglob("*.py")):
        if DEFINES_AN_ERROR.search(file.read_text("utf-8")):
            importlib.import_module(".".join(["bartizan", *file.relative_to(source).with_suffix("").parts]))
    waiting = [kind]
    while waiting:
        each = waiting.pop()
        if not each.__module__.startswith(OF_NO_GATEWAY):
            yield each
        waiting.extend(each.__subclasses__())


def made(kind: type[BartizanError]) -> BartizanError:
    if issubclass(kind, DocumentError):
        return kind(Place("policy.yaml", 1, 1), SECRET, "something else")
    if issubclass(kind, DeclinedError):
        return kind(418, "I am a teapot")
    if issubclass(kind, ClientGoneError):
        return kind()
    if issubclass(kind, BudgetError):
        return kind(SECRET, 1.0)
    if issubclass(kind, DecisionError):
        return kind(SECRET, status=409)
    return kind(SECRET)


@pytest.mark.parametrize("kind", sorted(set(every_error()), key=lambda kind: kind.__qualname__))
def test_every_error_of_ours_becomes_a_refusal(kind: type[BartizanError]) -> None:
    told = declined(made(kind))
    assert 400 <= told.status <= 599
    assert told.code
    assert told.message
    assert told.reason
    if not issubclass(kind, SPEAKS_FOR_ITSELF):
        assert SECRET not in told.message
        assert told.status == CLIENTS_MISTAKES.get(kind.__name__, 503)


def test_there_are_errors_to_test() -> None:
    names = {kind.__name__ for kind in every_error()}
    assert {"StoreError", "KeeperError", "JournalError", "PseudonymsExhaustedError", "KeyUnavailable"} <= names


def test_own_statuses_and_hints_are_kept() -> None:
    assert declined(WireError("too big", status=413)).status == 413
    assert declined(UpstreamError("late", status=504)).code == "upstream_timeout"
    assert declined(WireError("no such coding", "use gzip", status=415)).message == "no such coding: use gzip"
    teapot = DeclinedError(418, "no")
    assert declined(teapot) is teapot
