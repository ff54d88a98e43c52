"""Chat templates: Jinja programs that decide what a model reads. Parsed, never rendered."""

from __future__ import annotations

from collections.abc import Iterable

from bartizan.supplychain.interface import ArtefactFinding, ByteSource, Context, MalformedError, scanner
from bartizan.supplychain.jinja import parse
from bartizan.supplychain.jinja.backdoors import BACKDOOR_RULES, backdoors
from bartizan.supplychain.jinja.parser import LONGEST
from bartizan.supplychain.jinja.safety import SAFETY_RULES, hazards
from bartizan.supplychain.text.rules import TEXT_RULES

_SUFFIXES = (".jinja", ".jinja2", ".j2", ".jinja.txt")
_MOST = 50


@scanner
class ChatTemplate:
    """See the module."""

    id = "jinja"
    rules = (*SAFETY_RULES, *BACKDOOR_RULES, *TEXT_RULES)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """By the name; or a text that begins with a tag, or loops over messages."""
        if context.name.endswith(_SUFFIXES):
            return True
        head = source.read(0, 4_096)
        return head.lstrip()[:2] in (b"{%", b"{{", b"{#") and b"\0" not in head

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What the template could do to the machine, then to the conversation."""
        if source.size > 4 * LONGEST:
            raise MalformedError(f"a template of {source.size} bytes", 0)
        raw = source.read(0, source.size)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedError("a template that is not UTF-8", error.start) from None
        try:
            tree = parse(text)
        except MalformedError as problem:
            raise MalformedError(problem.cause, _bytes(text, problem.offset)) from None
        seen: set[tuple[str, int]] = set()
        for hazard in (*hazards(tree), *backdoors(text, tree)):
            context.budget.step()
            key = (hazard.rule.id, hazard.offset)
            if key not in seen and len(seen) < _MOST:
                yield context.found(
                    hazard.rule, hazard.explanation, offset=_bytes(text, hazard.offset), evidence=hazard.evidence
                )
            seen.add(key)


def _bytes(text: str, at: int) -> int:
    return len(text[: max(0, at)].encode())
