"""HTML in output: what runs, frames, reloads or fetches where the answer is shown (WHATWG HTML).

A tag ends at the first ``>``, also inside quotes, so that a stream can be judged as it grows; a quote left open is a
finding of its own. Each character belongs to one tag at most, so the work is linear.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from bartizan.inspection.hazards.judge import Kind

LONGEST_TAG = 2_000
"""Characters of a tag that are looked at."""

_OPEN = re.compile(r"<([A-Za-z][A-Za-z0-9:\-]{0,40})")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=\x00]+)(?:\s*=\s*(?:\"([^\"]*)\"?|'([^']*)'?|([^\s\"'<>]+)))?")
_CSS_URL = re.compile(r"(?:url\(\s{0,20}|@import\s{1,20})[\"']?([^\"')\s;]{1,1000})", re.IGNORECASE)
_CSS_ACTIVE = re.compile(r"expression\s{0,8}\(|behaviou?r\s{0,8}:|-moz-binding", re.IGNORECASE)
_HANDLER = re.compile(r"on[a-z]{3,30}")

_ACTIVE_TAGS = {
    "script": 0.95, "iframe": 0.8, "frame": 0.8, "frameset": 0.8, "object": 0.9, "embed": 0.9, "applet": 0.9,
    "base": 0.9, "portal": 0.8, "fencedframe": 0.8, "foreignobject": 0.8, "style": 0.6, "form": 0.6,
}  # fmt: skip
_LOADS = frozenset(
    {"src", "srcset", "poster", "background", "data", "lowsrc", "dynsrc", "imagesrcset", "ping", "icon", "manifest"}
)
_LOADING_HREF = frozenset({"link", "image", "use", "feimage", "base"})
_FOLLOWS = frozenset({"href", "xlink:href", "action", "formaction"})
_FETCHING = frozenset(
    {
        "img",
        "image",
        "link",
        "video",
        "audio",
        "source",
        "track",
        "input",
        "svg",
        "use",
        "body",
        "table",
        "td",
        "a",
        "meta",
    }
)


class Markup(NamedTuple):
    """One finding in one tag."""

    start: int
    end: int
    rule: str
    score: float
    """Of its own; 0 when only its URL counts."""
    url: str = ""
    kind: Kind = Kind.LOADS


def markup(text: str) -> Iterator[Markup]:
    """What each tag does; spans cover the tag."""
    at = text.find("<")
    while at >= 0 and (match := _OPEN.search(text, at)) is not None:
        start = match.start()
        close = text.find(">", match.end(), start + LONGEST_TAG)
        at = close + 1 if close >= 0 else min(len(text), start + LONGEST_TAG)
        body = text[match.end() : close if close >= 0 else at]
        yield from _tag(match.group(1).lower(), body, start, at)


def _tag(name: str, body: str, start: int, end: int) -> Iterator[Markup]:
    names = [name, *(inner.lower() for inner in _OPEN.findall(body))] if "<" in body else [name]
    if score := max((_ACTIVE_TAGS.get(each, 0.0) for each in names), default=0.0):
        yield Markup(start, end, "active_html", score)
    if not body.strip(" /"):
        return
    fetching = not _FETCHING.isdisjoint(names)
    if fetching and (body.count('"') % 2 or body.count("'") % 2 or end - start >= LONGEST_TAG):
        yield Markup(start, end, "broken_html", 0.6)
    attributes = [_read(found) for found in _ATTRIBUTE.finditer(body)]
    for attribute, value in attributes:
        if _HANDLER.fullmatch(attribute) or attribute == "srcdoc":
            yield Markup(start, end, "active_html", 0.95)
        elif attribute == "style":
            yield from _style(value, start, end)
        elif attribute in _LOADS or (attribute in _FOLLOWS and not _LOADING_HREF.isdisjoint(names)):
            for url in _urls(attribute, value):
                yield Markup(start, end, "html_image", 0.0, url)
        elif attribute in _FOLLOWS:
            yield Markup(start, end, "html_link", 0.0, value, Kind.HIDES)
    if "meta" in names and any(one == "http-equiv" and "refresh" in value.lower() for one, value in attributes):
        yield Markup(start, end, "active_html", 0.9)


def _urls(attribute: str, value: str) -> list[str]:
    if not attribute.endswith("srcset"):
        return [value]
    return [candidate.split()[0] for candidate in value.split(",") if candidate.strip()]


def _style(value: str, start: int, end: int) -> Iterator[Markup]:
    if _CSS_ACTIVE.search(value):
        yield Markup(start, end, "active_html", 0.9)
    for found in _CSS_URL.finditer(value):
        yield Markup(start, end, "html_image", 0.0, found.group(1))


def _read(found: re.Match[str]) -> tuple[str, str]:
    name, double, single, plain = found.groups()
    return name.lower(), html.unescape(double or single or plain or "")
