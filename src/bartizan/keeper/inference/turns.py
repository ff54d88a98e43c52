"""One text on its way through the model, a turn at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final

from bartizan.core.inference import Learned
from bartizan.core.passage import Surface
from bartizan.inspection.classifier import ClassifierDetector
from bartizan.inspection.classifier.network import Steps, Window
from bartizan.inspection.interface import Partial, View
from bartizan.inspection.views import read

LONG: Final = 16_384
"""Characters from which a turn may take long: the first stage reads all of a view at once."""


class Ticket:
    """A question that waits for its answer.

    Args:
        principal: whose it is.
        text: to be read.
        surfaces: as what.
        deadline: after which nobody waits.
        digest: for the cache.
        done: told the answer, once.
        harm: judge a request for harm, too.
    """

    __slots__ = (
        "_steps", "_window", "began", "deadline", "digest", "done", "found", "gaps", "harm", "long", "principal",
        "surfaces", "text", "views", "weight", "windows",
    )  # fmt: skip

    def __init__(
        self,
        principal: str,
        text: str,
        surfaces: tuple[Surface, ...],
        deadline: float,
        digest: bytes,
        done: Callable[[tuple[Learned, ...]], None],
        *,
        harm: bool = False,
    ) -> None:
        self.principal = principal
        self.text = text
        self.surfaces = surfaces
        self.deadline = deadline
        self.digest = digest
        self.done = done
        self.harm = harm
        self.weight = len(text) + 64
        self.long = len(text) >= LONG
        self.began = perf_counter()
        self.windows = 0
        """Encoder windows read so far."""
        self.views: Sequence[View] = ()
        self.gaps: tuple[str, ...] = ()
        """What the views leave unread."""
        self.found: Sequence[Partial] = ()
        """Per surface, once the last turn is over."""
        self._steps: Steps[list[Partial]] | None = None
        self._window: Window | None = None

    def turn(self, detector: ClassifierDetector) -> bool:
        """In a thread: one window, and the first stage over what comes before the next one. True if it was the last."""
        try:
            if self._steps is None:
                self.views, self.gaps = read(self.text)
                self._steps = detector.steps(self.views, self.surfaces, harm=self.harm)
                self._window = next(self._steps)
            assert self._window is not None
            encoded = detector.encode(self._window)
            self.windows += 1
            self._window = self._steps.send(encoded)
        except StopIteration as end:
            self.found = end.value
            self._steps = None
            return True
        return False
