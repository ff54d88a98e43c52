"""All API families in one table."""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.firewall.dialects.chat.dialect import ChatDialect
from bartizan.firewall.dialects.completions import CompletionsDialect
from bartizan.firewall.dialects.embeddings import EmbeddingsDialect
from bartizan.firewall.dialects.interface import Dialect
from bartizan.firewall.dialects.messages.dialect import MessagesDialect
from bartizan.firewall.dialects.responses.dialect import ResponsesDialect
from bartizan.firewall.dialects.sink import Surfaces
from bartizan.firewall.exchange import ApiFamily


def dialects_for(surfaces: Surfaces) -> Mapping[ApiFamily, Dialect]:
    """Every family's dialect.

    Args:
        surfaces: as which surfaces policy reads a passage of each origin.
    """
    dialects: tuple[Dialect, ...] = (
        ChatDialect(surfaces),
        CompletionsDialect(surfaces),
        EmbeddingsDialect(surfaces),
        ResponsesDialect(surfaces),
        MessagesDialect(surfaces),
    )
    return {dialect.family: dialect for dialect in dialects}
