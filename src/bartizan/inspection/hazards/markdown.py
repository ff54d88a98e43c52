"""Links and images in markdown (CommonMark 0.31, GFM) and LaTeX, read as forgivingly as renderers do.

Every step is linear in the text: brackets are paired once, and runs of URL characters are measured once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import re2

from bartizan.inspection.hazards.judge import Kind
from bartizan.inspection.views.folding import fold

LOOK_BACK = 200
"""Characters before ``](`` or ``]:`` in which the opening bracket is looked for. A text without one counts as an image
or a definition: what cannot be seen is judged strictly."""

LONGEST_URL = 1_000
"""Characters of a destination that are read; what is longer is judged by its beginning."""

MOST_NESTED = 8
"""Levels of brackets inside a destination that are followed (CommonMark asks renderers for three at least)."""

JSON_LABEL = r"\s{0,40}[{\"]"
"""How a label begins, folded, that is more likely a list in JSON. A stream does not hold it for fear that it is a
label, so such a label counts as not seen."""

_LEAVES = (":", "//", "\\", "&")
"""Without one of these a destination stays where it is: it has neither scheme nor host."""

_JSON = re2.compile(JSON_LABEL)
_BRACKET = re.compile(r"[\[\]]")
_ROUND = re.compile(r"[()]")
_DEFINED = re.compile(r"\]:")
_DESTINATION = re.compile(r"\]\(\s{0,40}")
_RUN = re.compile(r"[^\s<>]+")
_ANGLED = re.compile(rf"<([^<>\n]{{0,{LONGEST_URL}}})>?")
_AFTER_COLON = re.compile(r"[ \t]{0,8}\n?[ \t]{0,8}")
_LINE_START = re.compile(r"[ \t>*+\-]{0,12}\Z")
_CLOSE = re.compile(r"\s{0,8}(?:\"[^\"]{0,300}\"|'[^']{0,300}'|\([^()]{0,300}\))?\s{0,8}\)")
_AUTOLINK = re.compile(rf"<([A-Za-z][A-Za-z0-9+.\-]{{1,31}}:[^\s<>]{{1,{LONGEST_URL}}})>")
_BARE = re.compile(rf"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"'`{{}}|]{{1,{LONGEST_URL}}}", re.IGNORECASE)
_LATEX = re.compile(rf"\\(includegraphics|href|url)(?:\[[^\[\]\n]{{0,100}}\])?\{{([^{{}}\s]{{1,{LONGEST_URL}}})\}}")


class Link(NamedTuple):
    """A link or image in a text."""

    start: int
    end: int
    url: str
    kind: Kind
    rule: str
    label: str = ""


def links(text: str, relative: bool = False) -> Iterator[Link]:
    """Every link and image that names its address; spans are code points of ``text``.

    Args:
        text: what is read.
        relative: also those whose destination has neither scheme nor host.
    """
    if "](" in text or "]:" in text:
        opening = brackets(text)
        yield from _inline(text, opening, relative)
        yield from _definitions(text, opening)
    if "<" in text:
        for match in _AUTOLINK.finditer(text):
            yield Link(match.start(), match.end(), match.group(1), Kind.PLAIN, "plain_link")
    if "\\" in text:
        for match in _LATEX.finditer(text):
            kind = Kind.LOADS if match.group(1) == "includegraphics" else Kind.HIDES
            yield Link(match.start(), match.end(), match.group(2), kind, "latex_link")


def bare_links(text: str) -> Iterator[Link]:
    """URLs that stand as they are, which renderers turn into links."""
    for match in _BARE.finditer(text):
        url = match.group().rstrip(".,;:!?)]*_")
        yield Link(
            match.start(), match.start() + len(url), url if "://" in url else f"http://{url}", Kind.PLAIN, "plain_link"
        )


def images_by_reference(text: str) -> Iterator[tuple[int, int]]:
    """Spans of ``![a][b]``: images whose address stands elsewhere, perhaps out of sight, so judged where they stand."""
    if "![" not in text or "][" not in text:
        return
    opening = brackets(text)
    closing = {start: end for end, start in opening.items()}
    for end, start in opening.items():
        second = closing.get(end + 1)
        if start and text[start - 1] == "!" and end - start <= LOOK_BACK and second and second - end <= LOOK_BACK:
            yield start - 1, second + 1


def brackets(text: str) -> dict[int, int]:
    """Where the square bracket opened that closes at each position."""
    open_: list[int] = []
    pairs: dict[int, int] = {}
    for match in _BRACKET.finditer(text):
        at = match.start()
        if text[at] == "[":
            open_.append(at)
        elif open_:
            pairs[at] = open_.pop()
    return pairs


def _inline(text: str, opening: dict[int, int], relative: bool) -> Iterator[Link]:
    run_end = 0
    for match in _DESTINATION.finditer(text):
        at = match.end()
        if text.startswith("<", at) and (angled := _ANGLED.match(text, at)):
            url, end = angled.group(1), angled.end()
        else:
            if at >= run_end:
                run = _RUN.match(text, at)
                run_end = run.end() if run else at
            limit = min(run_end, at + LONGEST_URL)
            if not relative and all(text.find(mark, at, limit) < 0 for mark in _LEAVES):
                continue
            url = _balanced(text[at:limit])
            end = at + len(url)
        closing = _CLOSE.match(text, end)
        stop = closing.end() if closing else end
        start = _seen(text, opening, match.start())
        if start is None:
            yield Link(match.start(), stop, url, Kind.LOADS, "markdown_image")
        elif start and text[start - 1] == "!":
            yield Link(start - 1, stop, url, Kind.LOADS, "markdown_image")
        else:
            yield Link(start, stop, url, Kind.HIDES, "markdown_link", text[start + 1 : match.start()])


def _definitions(text: str, opening: dict[int, int]) -> Iterator[Link]:
    for match in _DEFINED.finditer(text):
        end = match.start()
        start = _seen(text, opening, end)
        if start is not None:
            line = max(text.rfind("\n", max(0, start - 13), start) + 1, start - 13, 0)
            if not _LINE_START.match(text[line:start]):
                continue
        gap = _AFTER_COLON.match(text, end + 2)
        at = gap.end() if gap else end + 2
        angled = _ANGLED.match(text, at)
        run = None if angled else _RUN.match(text, at, at + LONGEST_URL)
        if found := angled or run:
            url = angled.group(1) if angled else found.group()
            yield Link(end if start is None else start, found.end(), url, Kind.REFERRED, "markdown_definition")


def _seen(text: str, opening: dict[int, int], end: int) -> int | None:
    """Where the label opened that closes at ``end``; None if a stream may have let go of it by then."""
    start = opening.get(end)
    if start is None or end - start > LOOK_BACK:
        return None
    if text[start - 1 : start] == "!" or _JSON.match(fold(text[start + 1 : end]).text) is None:
        return start
    return None


def _balanced(written: str) -> str:
    """``written`` up to the bracket that closes the destination."""
    depth = 0
    for match in _ROUND.finditer(written):
        depth += 1 if match.group() == "(" else -1
        if depth < 0 or depth > MOST_NESTED:
            return written[: match.start()]
    return written
