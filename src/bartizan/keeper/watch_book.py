"""Recent queries of every principal to models that take tensors, in memory alone."""

from __future__ import annotations

import importlib
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from bartizan.core.query_watch import Watched, WatchRules

if TYPE_CHECKING:
    from bartizan.inspection.tensors.stream import Stream

_JUDGE: Final = "bartizan.inspection.tensors.stream"
MOST_STREAMS: Final = 1_000
"""Streams in memory, about 0.15 MB each at most; beyond, the one that was quiet for longest is forgotten."""
IDLE_SECONDS: Final = 7 * 86_400
"""A stream without a query for this long begins anew."""


class WatchBook:
    """The streams. What judges them, with numpy, is loaded when the first one begins: most keepers watch none."""

    def __init__(self) -> None:
        self._streams: OrderedDict[tuple[str, str], tuple[Stream, float]] = OrderedDict()

    @property
    def ready(self) -> bool:
        """True once what judges streams is loaded."""
        return _JUDGE in sys.modules

    @staticmethod
    def load() -> None:
        """Load it; blocks for about a second on a busy machine."""
        importlib.import_module(_JUDGE)

    def observe(self, principal: str, name: str, rules: WatchRules, queries: bytes, unix: float) -> Watched:
        """See :class:`bartizan.core.query_watch.QueryWatch`. Raises KeeperError for what are no queries."""
        from bartizan.inspection.tensors.queries import unpack
        from bartizan.inspection.tensors.stream import Stream

        width = unpack(queries).sketches.shape[1]
        held = self._streams.get((principal, name))
        stream = held[0] if held is not None and held[0].width == width else Stream(width, rules.window)
        self._streams[principal, name] = (stream, unix)
        self._streams.move_to_end((principal, name))
        if len(self._streams) > MOST_STREAMS:
            self._streams.popitem(last=False)
        return stream.observe(rules, queries)

    def tell_classes(self, principal: str, name: str, rules: WatchRules, first: int, classes: bytes) -> None:
        """See :class:`bartizan.core.query_watch.QueryWatch`."""
        held = self._streams.get((principal, name))
        if held is not None:
            held[0].tell_classes(rules, first, classes)

    def forget(self, principal: str) -> None:
        """A principal who is released begins anew."""
        for key in [key for key in self._streams if key[0] == principal]:
            del self._streams[key]

    def sweep(self, unix: float) -> None:
        """Forget streams that were quiet for long."""
        while self._streams and next(iter(self._streams.values()))[1] < unix - IDLE_SECONDS:
            self._streams.popitem(last=False)

    def __len__(self) -> int:
        return len(self._streams)
