"""Placeholders in prompts: Jinja's perhaps, and perhaps those of another language of templates with the same braces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bartizan.supplychain.interface import Admission, MalformedError, Severity
from bartizan.supplychain.jinja.parser import LONGEST, parse
from bartizan.supplychain.jinja.safety import Hazard, hazards, template_rule

UNREADABLE = template_rule(
    "unreadable", "Template that cannot be read and reaches for internals", Admission.INCONCLUSIVE, Severity.HIGH
)
_REACHES = re.compile(
    r"\{[{%][^{}]{0,400}?(?:__\w{2,40}|\w{2,40}__|\|\s*attr\b|\battr\s*\(|\\x5f|\\u005f|\bgetattr\b|"
    r"\.\s*(?:mro|gi_frame|f_globals|func_globals|tb_frame|cr_frame)\b|\b(?:self|cycler|joiner|namespace|lipsum)\s*\.\s*_)"
)


def may_reach(text: str) -> bool:
    """Whether it is worth taking apart: braces, and a name that is not for templates, wherever it stands."""
    if "{{" not in text and "{%" not in text:
        return False
    return "__" in text or "attr(" in text or _REACHES.search(text) is not None


def dangers(text: str) -> Iterator[Hazard]:
    """What the placeholders of a prompt would do where they are Jinja's.

    A text that is none of Jinja's here may be one to a laxer reader, or to a later Jinja: it is held if a tag of it
    reaches for Python's internals.
    """
    if not may_reach(text):
        return
    try:
        if len(text) > LONGEST:
            raise MalformedError("too long", 0)
        yield from list(hazards(parse(text)))
    except MalformedError as problem:
        if (found := _REACHES.search(text)) is not None:
            said = f"It cannot be read as Jinja ({problem.cause})."
            yield Hazard(UNREADABLE, found.start(), found.group()[-80:], said)
