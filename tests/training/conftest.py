"""The rules tier alone."""

from __future__ import annotations

import pytest

from bartizan.app import build_guard
from bartizan.firewall.guard import Guard
from bartizan.policy.document import PolicyDocument


@pytest.fixture(scope="session")
def rules_guard() -> Guard:
    return build_guard(PolicyDocument(version=1), {}, {})
