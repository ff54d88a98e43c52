"""The detectors that take seconds to build, once for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bartizan.app import hardening
from bartizan.app.guards import Detectors


@pytest.fixture(scope="session", autouse=True)
def kept_detectors() -> Iterator[None]:
    """Real detectors; only that each workbench makes its own is left out."""
    shared = Detectors()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hardening, "Detectors", lambda: shared)
        yield
