"""All dialects."""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.firewall.dialects.chat.dialect import ChatDialect
from bartizan.firewall.dialects.completions import CompletionsDialect
from bartizan.firewall.dialects.defaults import default_surfaces
from bartizan.firewall.dialects.embeddings import EmbeddingsDialect
from bartizan.firewall.dialects.inference import InferenceDialect
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.dialects.messages.counting import CountTokensDialect
from bartizan.firewall.dialects.messages.dialect import MessagesDialect
from bartizan.firewall.dialects.models import ModelsDialect
from bartizan.firewall.dialects.responses.dialect import ResponsesDialect
from bartizan.firewall.dialects.sink import Surfaces
from bartizan.firewall.exchange import ApiFamily

_KINDS = (
    ChatDialect,
    ResponsesDialect,
    CompletionsDialect,
    EmbeddingsDialect,
    ModelsDialect,
    MessagesDialect,
    CountTokensDialect,
    InferenceDialect,
)


def build_dialects(surfaces: Surfaces | None = None) -> Mapping[ApiFamily, Dialect]:
    """One dialect per family.

    Args:
        surfaces: as which surfaces a passage of each origin is read, usually ``PolicyDocument.origins``; None for the
            defaults of a policy that says nothing about it.
    """
    chosen = default_surfaces() if surfaces is None else surfaces
    return {kind.family: kind(chosen) for kind in _KINDS}
