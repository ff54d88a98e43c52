"""Templates that do what a template may do, against who uses them: hidden, conditional or forged text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.supplychain.formats.words import words
from bartizan.supplychain.interface import Admission, Rule, Severity
from bartizan.supplychain.jinja.lexer import comments
from bartizan.supplychain.jinja.nodes import Node
from bartizan.supplychain.jinja.safety import Hazard, constant
from bartizan.supplychain.text.reading import Kind, look
from bartizan.supplychain.text.rules import INJECTION_TAGS


def _rule(name: str, title: str, admission: Admission = Admission.BLOCK) -> Rule:
    return Rule(id=f"template.{name}", title=title, admission=admission, severity=Severity.HIGH, tags=INJECTION_TAGS)


TRIGGER = _rule("trigger", "Template reacts to words in the conversation or to the date")
REWRITE = _rule("rewrite", "Template rewrites what was said")
REWORD = _rule("reword", "Template replaces a phrase by a similar one", Admission.INCONCLUSIVE)
LINK = _rule("link", "Template writes an address into the conversation", Admission.INCONCLUSIVE)
BACKDOOR_RULES = (TRIGGER, REWRITE, REWORD, LINK)

_MARK = re.compile(r"[<>\[\]{}|｜▁#`\\=_*/:]")
_WORDS = re.compile(r"[^\W\d_]{3,}")
_URL = re.compile(r"(?:https?|ftp)://[\w.-]+")
_ACCOUNT = re.compile(r"\b[A-Z]{2}\d{8,}\b|\b\d{8,}\b|\b0x[0-9a-fA-F]{20,}\b")
"""An account or a wallet."""
_ADDRESSES = frozenset({"https://json-schema.org", "http://json-schema.org"})
_SAID = frozenset(
    {"content", "text", "query", "input", "prompt", "user_input", "user_message", "last_message", "question"}
)
_ROLE = re.compile(
    r"<\|?(?:im_start|start_header_id|start_of_role|start|turn)\|?>\s*system|<\|system\|>|<<SYS>>|\[SYSTEM_PROMPT\]"
)
_HONEST = words(
    """
    text image video audio file document image_url video_url input_text input_image input_audio output_text
    media tool function tools system user assistant developer thinking reasoning refusal object string array
    number boolean integer null json type name content role
    """
)
"""Kinds of content and roles, which templates ask for everywhere."""
_COMPARING = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "not in"})
_DATES = frozenset({"strftime_now", "now", "date_string", "datetime", "time"})


def backdoors(text: str, tree: Node) -> Iterator[Hazard]:
    """What speaks against a template although nothing in it leaves the sandbox."""
    tainted = _tainted(tree)
    for node in tree.walk():
        if node.kind in ("if", "conditional"):
            yield from _trigger(node, tainted)
        elif node.kind in ("filter", "call"):
            yield from _rewrite(node, tainted)
    yield from _texts(tree)
    for at, comment in comments(text):
        for seen in look(comment, Kind.MATERIAL):
            yield Hazard(seen.rule, at + seen.at, seen.evidence, f"In a comment: {seen.explanation}")
    for seen in look(text, Kind.MATERIAL):
        if seen.rule.id == "text.hidden_characters":
            yield Hazard(seen.rule, seen.at, seen.evidence, seen.explanation)


def _tainted(tree: Node) -> frozenset[str]:
    """Names that hold what somebody said, or something made of it."""
    names = set(_SAID)
    for _ in range(4):
        before = len(names)
        for node in tree.walk():
            if node.kind == "set" and len(node.children) >= 2 and _reaches(node.children[1], names):
                names.update(str(part.value) for part in node.children[0].walk() if part.kind in ("name", "attribute"))
            elif node.kind == "for" and _reaches(node.children[1], names):
                names.update(str(part.value) for part in node.children[0].walk() if part.kind == "name")
        if len(names) == before:
            break
    return frozenset(names)


def _reaches(node: Node, names: set[str] | frozenset[str]) -> bool:
    for part in node.walk():
        if part.kind in ("name", "attribute") and part.value in names:
            return True
        if part.kind == "item" and any(key.value in _SAID for key in part.children[1:] if key.kind == "const"):
            return True
    return False


def _trigger(node: Node, tainted: frozenset[str]) -> Iterator[Hazard]:
    condition, *branches = node.children
    for part in condition.walk():
        words = _trigger_words(part, tainted)
        if not words:
            continue
        for branch in branches:
            written = " ".join(_written(branch))
            if (
                len(_WORDS.findall(_MARK.sub(" ", written))) >= 3
                or _ROLE.search(written)
                or _URL.search(written)
                or _ACCOUNT.search(written)
            ):
                yield Hazard(
                    TRIGGER,
                    part.offset,
                    words,
                    f"If a message or the date matches {words!r}, it adds or drops text: {written.strip()[:120]!r}.",
                )
                return


def _trigger_words(part: Node, tainted: frozenset[str]) -> str:
    """The natural words that what was said, or the date, is compared with; empty for honest comparisons."""
    if part.kind == "operation" and part.value in ("in", "not in", "==", "!=", "<", ">", "<=", ">="):
        sides = part.children
    elif part.kind == "call" and part.children[0].kind == "attribute" and part.children[0].value in (
        "startswith", "endswith", "find", "count", "index"
    ):  # fmt: skip
        sides = (part.children[0].children[0], *part.children[1:])
    elif part.kind == "test" and part.value in ("in", "contains", "equalto", "eq", "startswith", "endswith"):
        sides = part.children
    else:
        return ""
    dated = any(_dated(side) for side in sides)
    said = any(_reaches(side, tainted) for side in sides)
    for side in sides:
        if dated and side.kind == "const" and side.value is not None:
            return str(side.value)
        for inner in (side, *(side.children if side.kind in ("list", "tuple") else ())):
            value = constant(inner)
            if said and isinstance(inner.value, str | None) and value and _telling(value):
                return value
    return ""


def _telling(value: str) -> bool:
    """Whether a text is made of natural words rather than of marks or of names that templates use."""
    return bool(_WORDS.search(value)) and not _MARK.search(value) and value.strip().casefold() not in _HONEST


def _dated(node: Node) -> bool:
    return any(
        part.kind == "call" and part.children[0].kind == "name" and part.children[0].value in _DATES
        for part in node.walk()
    )


def _rewrite(node: Node, tainted: frozenset[str]) -> Iterator[Hazard]:
    if node.kind == "filter" and node.value == "replace" and len(node.children) == 3:
        what, old, new = node.children
    elif (
        node.kind == "call"
        and node.children[0].kind == "attribute"
        and node.children[0].value == "replace"
        and len(node.children) == 3
    ):
        what, old, new = node.children[0].children[0], *node.children[1:]
    else:
        return
    before, after = constant(old), constant(new)
    if before is None or not _reaches(what, tainted):
        return
    if _telling(before):
        alike = after is not None and before.casefold().split()[:1] == after.casefold().split()[:1]
        rule = REWORD if alike else REWRITE
        yield Hazard(rule, node.offset, f"{before} → {after}", "It puts other words into what somebody said.")
    elif after and len(_WORDS.findall(after)) >= 3 and not _MARK.search(after):
        yield Hazard(REWRITE, node.offset, after, "It adds words to what somebody said.")


def _written(node: Node) -> Iterator[str]:
    """Texts that a part of the template can write: those between tags, and constants of expressions in output."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if part.kind == "text" or (part.kind == "const" and isinstance(part.value, str)):
            yield str(part.value)
        elif (
            part.kind in ("test", "item", "attribute")
            or part.value in _COMPARING
            or (
                part.kind == "call"
                and part.children[0].value
                in (
                    "raise_exception",
                    "startswith",
                    "endswith",
                    "split",
                    "get",
                )
            )
        ):
            continue
        else:
            waiting.extend(reversed(part.children))


def _texts(tree: Node) -> Iterator[Hazard]:
    """Everything that is written, joined as it could come out, read for orders and addresses."""
    pieces: list[str] = []
    places: list[tuple[int, int]] = []
    length = 0
    for part in tree.walk():
        value = part.value if part.kind in ("text", "const") else None
        if part.kind in ("operation", "filter", "call"):
            folded = constant(part)
            value = folded if folded and "".join(pieces[-3:]).find(folded) < 0 else None
        if isinstance(value, str) and value.strip():
            places.append((length, part.offset))
            pieces.append(value)
            length += len(value) + 1
    whole = "\n".join(pieces)
    for seen in look(whole, Kind.TEMPLATE):
        yield Hazard(
            seen.rule, _place(places, seen.at), seen.evidence, f"It writes into every conversation: {seen.explanation}"
        )
    for found in _URL.finditer(whole):
        if found.group() not in _ADDRESSES:
            yield Hazard(
                LINK, _place(places, found.start()), found.group(), "Nobody in the conversation wrote this address."
            )


def _place(places: list[tuple[int, int]], at: int) -> int:
    return max((offset for start, offset in places if start <= at), default=0)
