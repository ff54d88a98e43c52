from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Surface
from bartizan.inspection.inspector import Inspector, OnSurfaces
from bartizan.inspection.joint_patterns import JointPatterns
from bartizan.inspection.personal_data import personal_data_detector
from bartizan.inspection.secrets import secret_detector

APART = (personal_data_detector(), secret_detector())
TOGETHER = (personal_data_detector(), secret_detector())
JOINT = JointPatterns(TOGETHER)
INSPECTED_ONCE = Inspector(APART).inspect("builds the scanners", Surface.USER)

WORDS = st.sampled_from(
    (
        "card 4111 1111 1111 1111",
        "joe@example.com",
        "DE89370400440532013000",
        "AKIAIOSFODNN7EXAMPLE",
        "password: Zx9!kkq2mmd",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "the chair",
        "é\u200b",
        "IÃ",
        "am9lQGV4YW1wbGUuY29tIGpvZQ==",
        "&#52;111111111111111",
        "P4SSW0RD: Zx9!kkq2mmd",
        "\ud800",
    )
)


@given(st.lists(WORDS | st.text(max_size=12), max_size=12).map(" ".join), st.sampled_from(Surface))
def test_together_they_see_what_each_sees_alone(text: str, surface: Surface) -> None:
    assert Inspector(TOGETHER).inspect_full(text, surface) == Inspector(APART).inspect_full(text, surface)


def test_only_neighbours_on_the_same_surfaces_are_asked_together() -> None:
    text = "joe@example.com has AKIAIOSFODNN7EXAMPLF"
    personal, secrets = TOGETHER
    on_user = OnSurfaces(secrets, frozenset({Surface.USER}))
    both = (Surface.USER, Surface.CONTENT)
    for detectors in ((personal, on_user), (secrets, personal), (personal,), (on_user,)):
        inspector = Inspector(detectors)
        assert inspector.inspect_surfaces(text, both) == [inspector.inspect_full(text, surface) for surface in both]
    found = Inspector((personal, on_user)).inspect_surfaces(text, both)
    assert [{signal.detector for signal in one.signals} for one in found] == [
        {"personal_data", "secrets"},
        {"personal_data"},
    ]


def test_guards_must_differ() -> None:
    with pytest.raises(ConfigurationError):
        JointPatterns((personal_data_detector(), personal_data_detector()))
