"""Parts of markdown and HTML that a reader of the page does not see and a model does."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

_STYLE = re2.compile(
    r"(?is)<[a-z][a-z0-9]*\b[^>]{0,400}?(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|"
    r"opacity\s*:\s*0(?:\.0+)?\s*[;\"']|"
    r"color\s*:\s*(?:white|#fff(?:fff)?|transparent)|(?:left|top|text-indent)\s*:\s*-[0-9]{3,}|"
    r"\bhidden\b)[^>]{0,400}>([^<]+)"
)
_REFERENCE = re2.compile(
    r"(?m)^\[(?:comment|//|_|#|hidden|note)[^\]]{0,40}\]:\s*(?:#|<>|\S+)?\s*[\"'(]([^\n]+)[\"')]\s*$"
)
_ALTERNATIVE = re2.compile(r"!\[([^\]]{80,})\]\(|<img\b[^>]{0,400}\balt=[\"']([^\"'>]{80,})")
_FAR = re2.compile(r"(?m)^[^\n]{0,400}?[ \t\xa0]{120,}([^\s][^\n]{10,})$")
_GAP = re2.compile(r"(?s)\n(?:[ \t]*\n){40,}([^\n].*)")
_LONGEST = 20_000

_TICK = re.compile(r"(?<!\\)`")


def unseen(text: str) -> Iterator[tuple[int, str]]:
    """Offset (characters) and content of comments, invisible elements, link definitions that nothing shows, long
    alternative texts, and what stands behind a screen of white space."""
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at + 4)
        end = len(text) if end < 0 else end
        if not _shown_as_code(text, at):
            yield at, text[at + 4 : min(end, at + 4 + _LONGEST)]
        at = text.find("<!--", end)
    for pattern in (_STYLE, _REFERENCE, _ALTERNATIVE, _FAR, _GAP):
        for found in pattern.finditer(text):
            group = next(number for number, inner in enumerate(found.groups(), start=1) if inner)
            yield found.start(group), found.group(group)


def _shown_as_code(text: str, at: int) -> bool:
    """Whether a comment stands in inline code of its line, which shows it to people."""
    first = text.rfind("\n", 0, at) + 1
    last = text.find("\n", at)
    after = text[at : last if last >= 0 else len(text)]
    opened = len(_TICK.findall(text, first, at)) % 2 == 1
    return opened and "-->" in after and _TICK.search(after, after.find("-->")) is not None
