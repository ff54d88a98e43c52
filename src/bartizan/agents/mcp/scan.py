"""What is suspicious about text that a server wants a model to read: hidden characters and hidden instructions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from bartizan.agents.languages import recognised, tokens
from bartizan.agents.mcp.definition import strings
from bartizan.agents.mcp.differences import visible
from bartizan.core.interfaces import Reader
from bartizan.core.passage import Origin, Passage, Path, Surface, render_path
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action
from bartizan.inspection.hidden_characters import oddities

_TAGS = re.compile("[\U000e0000-\U000e007f]")
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,}")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_PADDING = re.compile(r"(?:[ \t]{120,}|(?:[ \t]*\n){25,})(?=\S)")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_ADDRESSED = re.compile(
    r"\b(?:you|your|yours|yourself|assistants?|agents?|model|llm|ai|gpt|claude|chat ?bot|user|users|conversation|"
    r"prompt|instructions?|system|secret\w*|silent\w*|quiet\w*|hidden|always|never|must|do not|don['\u2019]t|before|"
    r"after|first|instead|ignore\w*|"
    r"important\w*|ensure|make sure|remember|override\w*|without|also|then|please|note)\b|"
    r"<[a-z_]{2,20}>|https?://|[~.]/|@",
    re.IGNORECASE,
)
"""What a text needs to be told from a mere description: it speaks to its reader, of secrecy or an order of steps, or it
points somewhere."""
_LEAST_ODD = 0.4
_SHORTEST = 16
PROSE = 60
"""Characters from which on a text is read by the trained model."""
MODEL = "classifier"
_EXCERPT = 80


class Finding(msgspec.Struct, frozen=True):
    """One thing that is suspicious about a definition or about a server's instructions."""

    rule: str
    """``hidden.tags``, ``instructions``, ``shadow.mention``, …: what a person may accept in a pin."""
    reason: str
    where: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        place = f" in {self.where}" if self.where else ""
        return f"{self.rule}: {self.reason}{place}" + (f": {self.excerpt}" if self.excerpt else "")


def scan(value: Mapping[str, object], reader: Reader) -> tuple[Finding, ...]:
    """Findings on every text of a definition, nested ones and names of properties included.

    Args:
        value: bounded in size and depth.
        reader: inspection under policy; only what policy blocks is a finding.
    """
    texts = list(strings(value))
    found = [finding for path, text in texts for finding in hidden(path, text)]
    return tuple(_once([*found, *_instructions(texts, reader)]))


def hidden(path: Path, text: str) -> Iterator[Finding]:
    """Characters that no screen shows, and padding that pushes text out of sight."""
    where = render_path(path)
    if _CONTROLS.search(text):
        yield Finding("hidden.controls", "control characters", where, _around(text, _CONTROLS))
    if _PADDING.search(text):
        yield Finding("hidden.padding", "text behind a long run of blanks", where)
    if text.isascii():
        return
    bare = _FLAG.sub("", text)
    if _TAGS.search(bare):
        spelled = "".join(_TAGS.findall(bare))
        yield Finding("hidden.tags", "invisible tag characters", where, visible(spelled[:_EXCERPT]))
    if _SELECTORS.search(text):
        yield Finding("hidden.selectors", "a run of variation selectors", where)
    if _PRIVATE.search(text):
        yield Finding("hidden.private", "characters of private use", where)
    for odd in oddities(text):
        if odd.score >= _LEAST_ODD and odd.technique in ("zero_width", "bidi"):
            cut = text[max(0, odd.span.start - 20) : odd.span.end + 20]
            yield Finding(f"hidden.{odd.technique}", "invisible or direction-changing characters", where, visible(cut))


def _instructions(texts: list[tuple[Path, str]], reader: Reader) -> Iterator[Finding]:
    """Each text that is long enough to be read alone, and all together for what is spread over several.

    Of names and labels, and of the whole, which is no prose, only what has a signature counts: a trained model finds
    instructions in every other identifier. It also takes the imperative in which tools are described for one that is
    addressed to it, so an English text has to speak to its reader before the model alone is believed.
    """
    pieces = [(path, text, len(text) >= PROSE and addressed(text)) for path, text in texts if len(text) >= _SHORTEST]
    if len(texts) > 1:
        pieces.append(((), "\n".join(text for _, text in texts), False))
    for path, text, prose in pieces:
        verdict = reader.inspect_passages([Passage(text, Origin.TOOL_DEFINITION, (Surface.CONTENT,), path)])
        if max(verdict.action, verdict.observed, key=lambda action: action.rank) is not Action.BLOCK:
            continue
        seen = [signal for signal in verdict.signals if signal.guard is Guard.PROMPT_INJECTION]
        told = [signal for signal in seen if prose or signal.detector != MODEL]
        if seen and not told:
            continue
        best = max(told, key=lambda signal: signal.score, default=None)
        cut = visible(text[best.span.start : best.span.end][:_EXCERPT]) if best else ""
        rule = best.rule or best.technique if best else verdict.rule
        yield Finding("instructions", f"reads like instructions to the model ({rule})", render_path(path), cut)


def addressed(text: str) -> bool:
    """Whether ``text`` speaks to whoever reads it, as far as its words say; always where it is not plain English."""
    return not text.isascii() or _ADDRESSED.search(text) is not None or recognised(tokens(text)) != {"en"}


def _around(text: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(text)
    return visible(text[max(0, match.start() - 20) : match.end() + 20]) if match else ""


def _once(found: Iterable[Finding]) -> Iterator[Finding]:
    """The first finding of each rule and place; the whole repeats what a part showed."""
    seen: set[tuple[str, str]] = set()
    rules: set[str] = set()
    for finding in found:
        if (finding.rule, finding.where) in seen or (not finding.where and finding.rule in rules):
            continue
        seen.add((finding.rule, finding.where))
        rules.add(finding.rule)
        yield finding
