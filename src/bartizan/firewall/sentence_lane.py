"""Asks the trained model about the sentences of an answer while it streams, beside it: nothing waits for a sentence but
the answer's end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from bartizan.core.inference import Inference, Learned, Question
from bartizan.core.passage import Surface
from bartizan.core.signal import Signal, Span
from bartizan.core.verdict import Action
from bartizan.firewall.exchange import Channel, ChannelKind
from bartizan.firewall.learned import UNASKED
from bartizan.firewall.outcome import Outcome
from bartizan.firewall.streaming import Released
from bartizan.inspection.sentences import MOST, Sentence, Sentences
from bartizan.policy.policy import Policy

_ASKED: Final = (Surface.OUTPUT,)


class SentenceLane:
    """One answer. What has left is cut into sentences that do not depend on how it came, so neither does what is said.

    It flags: a sentence has left when the model has read it.

    Args:
        inference: whom to ask; with None every sentence counts as unread.
        principal: on whose account.
        policy: says what a score is worth.
    """

    def __init__(self, inference: Inference | None, principal: str, policy: Policy) -> None:
        self._inference = inference
        self._principal = principal
        self._policy = policy
        self._channels: dict[Channel, Sentences] = {}
        self._found: list[tuple[int, Sentence]] = []
        self._answers: dict[str, asyncio.Future[Learned]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._left = 0

    def feed(self, channel: Channel, text: str) -> None:
        """More of a channel leaves."""
        if not text or channel.kind is ChannelKind.TOOL_ARGUMENTS:
            return
        sentences = self._channels.setdefault(channel, Sentences())
        self._take(channel, sentences.feed(text))

    async def settle(self, outcome: Outcome) -> None:
        """The answer is complete: wait for what the model says of it, and tell ``outcome``."""
        for channel, sentences in self._channels.items():
            self._take(channel, sentences.finish())
        if self._asking:
            await asyncio.gather(*self._asking)
        gaps = [f"classifier: {self._left} sentences of the answer were not read"] if self._left else []
        for _, sentence in sorted(self._found, key=lambda one: (one[0], one[1].start)):
            learned = self._answers[sentence.text].result()
            gaps += [gap for gap in learned.unread if gap not in gaps]
            for signal in learned.signals:
                outcome.take(self._ruled(signal, sentence.start))
        self.close()
        outcome.take_unread(gaps, self._policy)

    def close(self) -> None:
        """Nobody waits any more."""
        for task in self._asking:
            task.cancel()
        self._channels.clear()
        self._found.clear()
        self._answers.clear()

    def _take(self, channel: Channel, sentences: Sequence[Sentence]) -> None:
        room = MOST - len(self._found)
        self._left += max(0, len(sentences) - room)
        place = list(self._channels).index(channel)
        self._found += [(place, sentence) for sentence in sentences[:room]]
        new = list(dict.fromkeys(one.text for one in sentences[:room] if one.text not in self._answers))
        if not new:
            return
        loop = asyncio.get_running_loop()
        self._answers.update({text: loop.create_future() for text in new})
        task = loop.create_task(self._ask(new))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, texts: Sequence[str]) -> None:
        answers: Sequence[tuple[Learned, ...]] = [(UNASKED,)] * len(texts)
        if self._inference is not None:
            answers = await self._inference.ask(self._principal, [Question(text, _ASKED) for text in texts])
        for text, answer in zip(texts, answers, strict=True):
            self._answers[text].set_result(answer[0] if answer else UNASKED)

    def _ruled(self, signal: Signal, start: int) -> Released:
        ruling = self._policy.rule(signal, Surface.OUTPUT)
        span = Span(signal.span.start + start, signal.span.end + start)
        action = ruling.action if ruling.action.rank <= Action.FLAG.rank else Action.FLAG
        return Released("", (replace(signal, span=span),), action, ruling.observed, ruling.rule)
