"""Models to upstreams."""

from __future__ import annotations

import pytest

from bartizan.core.errors import WireError
from bartizan.firewall.exchange import ApiFamily
from bartizan.firewall.model_routes import ModelRoutes, Target
from bartizan.workspace.deployment import Upstream

ROUTES = ModelRoutes(
    [
        Upstream(name="one", url="http://a/v1", protocol="openai", models={"small": "small-2", "*": "*"}),
        Upstream(name="two", url="http://b/v1", protocol="openai", models={"small": "tiny", "big": "big"}),
        Upstream(name="claude", url="http://c", protocol="anthropic", models={"sonnet": "sonnet-9"}),
        Upstream(name="one-model", url="http://d", protocol="anthropic", models={"*": "only"}),
    ]
)


@pytest.mark.parametrize(
    ("family", "model", "expected"),
    [
        (ApiFamily.CHAT_COMPLETIONS, "small", (Target("one", "small-2"), Target("two", "tiny"))),
        (ApiFamily.EMBEDDINGS, "big", (Target("one", "big"), Target("two", "big"))),
        (ApiFamily.RESPONSES, "other", (Target("one", "other"),)),
        (ApiFamily.MESSAGES, "sonnet", (Target("claude", "sonnet-9"), Target("one-model", "only"))),
    ],
)
def test_targets_in_order(family: ApiFamily, model: str, expected: tuple[Target, ...]) -> None:
    assert ROUTES.targets(family, model) == expected


def test_an_unknown_model_is_404() -> None:
    routes = ModelRoutes([Upstream(name="one", url="http://a", protocol="openai", models={"m": "m"})])
    for family, model in ((ApiFamily.MESSAGES, "m"), (ApiFamily.RESPONSES, "n")):
        with pytest.raises(WireError) as error:
            routes.targets(family, model)
        assert error.value.status == 404


def test_names() -> None:
    assert ROUTES.names() == ("small", "big", "sonnet")
    assert ROUTES.names("anthropic") == ("sonnet",)
    assert ROUTES.open_ended("openai") == ("one",)
