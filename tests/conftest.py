"""For all tests."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from bartizan.app.guards import Detectors
    from bartizan.inspection.classifier import ClassifierDetector

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""Read by the libraries behind numpy when they are loaded. There is a process of tests for each core already, and
threads that wait for a core that another process has make small matrices many times slower."""

settings.register_profile("shared", deadline=timedelta(seconds=2))
"""Per example. Tests share the cores with each other, so the default of a fifth of a second, by the clock, fails now
and then where nothing is wrong; what may cost how much is held by tests of its own."""
settings.load_profile("shared")


@pytest.fixture(scope="session")
def shipped_detectors() -> Detectors:
    """The shipped patterns and signatures, which take a second to build and hold no state; for ``build_guard``."""
    from bartizan.app.guards import Detectors

    detectors = Detectors()
    detectors.signatures({}, ())
    return detectors


@pytest.fixture(scope="session")
def shipped_model() -> ClassifierDetector:
    """The shipped model."""
    from bartizan.inspection.classifier import load_classifier

    return load_classifier()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are no text are named by their argument: an archive has the time of its making in it, and processes
    that share the tests must find the same names."""
    return argname if isinstance(val, bytes) and not (val.isascii() and val.decode().isprintable()) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
    """What a test printed or logged goes from process to process as UTF-8, which has no lone surrogates."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
