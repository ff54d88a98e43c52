"""The firewall's judgement: passages and output texts in, verdicts out. The gateway and the Python API share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from bartizan.core.inference import Learned
from bartizan.core.interfaces import Seen
from bartizan.core.passage import Origin, Passage, Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import Guard as GuardName
from bartizan.core.verdict import Action, Coverage, Mode, Uncovered, Verdict
from bartizan.firewall.confirming import confirmed
from bartizan.firewall.exchange import ChannelKind
from bartizan.firewall.learned import NOTHING_LEARNED, Answers
from bartizan.firewall.streaming import NOTHING, ArgumentScanner, Inspected, OutputScanner, Released, Scanner, join
from bartizan.inspection.holdback import HoldBack, no_regions
from bartizan.inspection.passages import Passage as HiddenPassage
from bartizan.inspection.passages import PassageDetector
from bartizan.inspection.pseudonyms import Pseudonyms
from bartizan.inspection.views.tokens import read_output
from bartizan.policy.policy import Policy, Ruling

_CARRIED = frozenset({GuardName.CANARY, GuardName.SECRET})


class TextInspector(Protocol):
    """Signals of a text, with the reasons why parts of it went unread."""

    def inspect_full(self, text: str, surface: Surface) -> Inspected:
        """Spans refer to ``text``."""
        ...

    def inspect_surfaces(self, text: str, surfaces: tuple[Surface, ...]) -> Sequence[Inspected]:
        """The same for each surface."""
        ...


class _Found(NamedTuple):
    signals: Sequence[Signal]
    unread: Sequence[str]


class Guard:
    """Inspector and policy in force. Immutable; a reload builds a new one.

    Args:
        inspector: for every surface.
        policy: decides.
        holdback: what streams must hold for the output detectors in force.
        passages: that answers may not repeat, besides the system messages of their own request.
        learned: the surfaces on which the trained model is one of the inspector's detectors.
    """

    def __init__(
        self,
        inspector: TextInspector,
        policy: Policy,
        holdback: HoldBack,
        learned: frozenset[Surface] = frozenset(),
        passages: PassageDetector | None = None,
    ) -> None:
        self.policy = policy
        self._inspector = inspector
        self._holdback = holdback
        self._learned = learned
        self._streaming = policy.document.streaming
        self._unread = policy.rule_uncovered(Uncovered((), "", "unread"))
        self.longest = policy.document.answers.max_characters
        """Characters of text that may leave with one answer; 0: any number."""
        self.too_long = policy.enforce(Action.REDACT, Mode.ENFORCE, "answers.max_characters")
        """What happens to more. In monitor mode it is only recorded."""
        self._pseudonyms: Pseudonyms | None = None
        looks = GuardName.PASSAGE in policy.guards(Surface.OUTPUT)
        self._passages = passages if looks and passages is not None else PassageDetector()
        self._hides_system = looks and policy.document.passages.system

    def for_exchange(self) -> Guard:
        """The guard of one request and its answer: with ``pseudonyms`` in policy it has a mapping of its own, with
        ``passages.system`` the request's instructions.

        The mapping is made anew from each request, whose history holds the real values: nothing needs to be kept.
        """
        wants_pseudonyms = self.policy.document.pseudonyms.enabled
        if not (wants_pseudonyms or self._hides_system):
            return self
        guard = copy(self)
        if wants_pseudonyms:
            guard._pseudonyms = Pseudonyms()
        return guard

    def inspect_passages(
        self,
        passages: Iterable[Passage],
        uncovered: Sequence[Uncovered] = (),
        joined: Iterable[Passage] = (),
        learned: Answers = NOTHING_LEARNED,
    ) -> Verdict:
        """Judge the passages of one request, each as all of its surfaces.

        Args:
            passages: what the request is made of.
            uncovered: what no guard reads.
            joined: pieces of it put together, searched for instructions only.
            learned: what the trained model said of all of them, where it runs elsewhere.
        """
        seen: list[Seen] = []
        gaps = list(uncovered)
        count = characters = trusted = 0
        hidden: list[HiddenPassage] = []
        for passage in passages:
            if self._hides_system and passage.origin is Origin.SYSTEM:
                hidden.append(HiddenPassage("system", passage.text))
            count += 1
            characters += len(passage.text)
            if not passage.surfaces:
                trusted += 1
                continue
            inspected = self._inspector.inspect_surfaces(passage.text, passage.surfaces)
            for surface, found, more in zip(passage.surfaces, inspected, learned.of(passage), strict=True):
                signals = self._weighed(passage, surface, found, more, learned)
                if signals:
                    seen.append(Seen(passage, surface, self._pseudonymised(passage, surface, signals)))
                for reason in (*found.unread, *more.unread):
                    gap = Uncovered(passage.path, reason, "unread")
                    if gap not in gaps:
                        gaps.append(gap)
        if hidden:
            self._passages = self._passages.more(hidden)
        for passage in joined:
            inspected = self._inspector.inspect_surfaces(passage.text, passage.surfaces)
            for surface, found, more in zip(passage.surfaces, inspected, learned.of(passage), strict=True):
                signals = self._weighed(passage, surface, found, more, learned)
                cut = [signal for signal in signals if signal.guard is GuardName.PROMPT_INJECTION]
                if cut:
                    seen.append(Seen(passage, surface, cut))
                for reason in more.unread:
                    gap = Uncovered(passage.path, reason, "unread")
                    if gap not in gaps:
                        gaps.append(gap)
        return self.policy.decide(seen, Coverage(count, characters, trusted, tuple(gaps)))

    def _weighed(
        self, passage: Passage, surface: Surface, found: Inspected, more: Learned, learned: Answers
    ) -> Sequence[Signal]:
        wanted = self.policy.guards(surface)
        signals = _together(found.signals, [signal for signal in more.signals if signal.guard in wanted])
        read = surface in self._learned or surface in learned.surfaces
        if (
            read
            and passage.surfaces == (Surface.CONTENT,)
            and not (found.unread or more.unread)
            and self.policy.document.classifier.confirms_frames
        ):
            return confirmed(signals)
        return signals

    def _pseudonymised(self, passage: Passage, surface: Surface, signals: Sequence[Signal]) -> Sequence[Signal]:
        """Personal data that policy redacts is replaced by its pseudonym instead of a marker."""
        pseudonyms = self._pseudonyms
        if pseudonyms is None:
            return signals
        return [
            replace(signal, replacement=pseudonyms.pseudonym(_text(passage, signal), signal.rule))
            if signal.guard is GuardName.PERSONAL_DATA and self.policy.rule(signal, surface).action is Action.REDACT
            else signal
            for signal in signals
        ]

    def channel(self, kind: ChannelKind) -> Scanner:
        """A scanner for one streamed channel of a response."""
        if kind is ChannelKind.TOOL_ARGUMENTS:
            return ArgumentScanner(
                self._output, self._rule, self._unread, self._holdback, self._streaming.max_tool_args
            )
        return self._scanner(self._streaming.hold_back)

    def whole(self, kind: ChannelKind, text: str) -> Released:
        """Judge a channel whose text has arrived whole: nothing needs to be held, so no cap applies."""
        scanner = self.channel(kind) if kind is ChannelKind.TOOL_ARGUMENTS else self._scanner(None)
        fed, rest = scanner.feed(text), scanner.finish()
        return rest if fed is NOTHING else join([fed, rest])

    def structure(self, texts: Iterable[str]) -> Released:
        """Judge ids and constants: the upstream writes them, so they are no text, but no planted marker and no
        credential may ride in them. What policy would redact is blocked: an id cannot be redacted."""
        found = self._inspector.inspect_full("\n".join(texts), Surface.OUTPUT)
        best = NOTHING
        for signal in found.signals:
            ruling = self._rule(signal) if signal.guard in _CARRIED else None
            if ruling is not None and ruling.action.rank >= best.action.rank:
                blocked = ruling.action.rank > Action.FLAG.rank
                action = Action.BLOCK if blocked else ruling.action
                best = Released("", (signal,), action, ruling.observed, ruling.rule, blocked)
        return best

    def _scanner(self, cap: int | None) -> OutputScanner:
        return OutputScanner(
            self._output,
            self._rule,
            self._unread,
            self._holdback,
            cap,
            self._streaming.at_cap,
            self._pseudonyms,
            self._passages.regions if self._passages else no_regions,
        )

    def _output(self, text: str) -> Inspected:
        found = self._inspector.inspect_full(text, Surface.OUTPUT)
        if not self._passages or not text:
            return found
        more = self._passages.detect(read_output(text).views, Surface.OUTPUT)
        return _Found(_together(found.signals, more), found.unread) if more else found

    def _rule(self, signal: Signal) -> Ruling:
        return self.policy.rule(signal, Surface.OUTPUT)


def _together(found: Sequence[Signal], more: Sequence[Signal]) -> Sequence[Signal]:
    return sorted((*found, *more), key=lambda signal: signal.span) if more else found


def _text(passage: Passage, signal: Signal) -> str:
    return passage.text[signal.span.start : signal.span.end]
