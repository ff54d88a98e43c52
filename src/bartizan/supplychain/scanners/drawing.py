"""SVG (https://www.w3.org/TR/SVG2): a picture that can hold programs, pages and addresses."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

import re2

from bartizan.supplychain.interface import Admission, ArtefactFinding, ByteSource, Context, Rule, Severity, scanner

_TAGS = ("CWE-79", "MITRE-ATLAS-2026.09:AML.T0011", "OWASP-LLM-2026:LLM05")
SCRIPT = Rule(
    id="svg.script", title="Picture with a program", admission=Admission.BLOCK, severity=Severity.HIGH, tags=_TAGS
)
EMBEDS = Rule(
    id="svg.embedded_page",
    title="Picture with a page in it",
    admission=Admission.BLOCK,
    severity=Severity.HIGH,
    tags=_TAGS,
)
ENTITIES = Rule(
    id="svg.entities", title="Picture that defines entities", admission=Admission.BLOCK, severity=Severity.HIGH,
    tags=("CWE-611", *_TAGS[1:]),
)  # fmt: skip
EXTERNAL = Rule(
    id="svg.external", title="Picture that fetches something", admission=Admission.INCONCLUSIVE,
    severity=Severity.MEDIUM, tags=("CWE-829", *_TAGS[1:]),
)  # fmt: skip
LARGEST: Final = 16 << 20
_HEAD: Final = 4_096
_ROOT = re.compile(rb"<(?:\w+:)?svg[\s>/]")
_ENTITY = re2.compile(r"(?i)<!ENTITY\b|<\?xml-stylesheet\b")
_PROGRAM = re2.compile(
    r"(?i)<(?:[a-z0-9_-]+:)?(?:script|handler|listener)[\s/>]|<[^<>]*[\s\"'/]on[a-z]{3,24}\s*=\s*[\"'][^\"'\s]"
)
_ADDRESS = re2.compile(r"(?i)\b(?:href|src|to|from|values|data|begin)\s*=\s*(?:\"([^\"]{1,1000})|'([^']{1,1000}))")
_PAGE = re2.compile(
    r"(?i)<(?:[a-z0-9_-]+:)?(?:iframe|embed|object|form|meta|link|base|input|textarea|audio|"
    r"video)[\s/>]"
)
_FETCHED = re2.compile(
    r"(?i)<(?:[a-z0-9_-]+:)?(?:image|use|feimage|img|tref|font-face-uri|mpath|animate|"
    r"set)\b[^<>]*?\b(?:xlink:)?(?:href|src)\s*=\s*[\"']"
    r"\s*(?:https?:|ftp:|file:|//)|url\(\s*[\"']?\s*(?:https?:|//|file:)|@import\b"
)
_RUNS = ("javascript:", "vbscript:", "data:text/html", "data:image/svg+xml", "data:application/xhtml", "data:text/xml")
_SPACE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b\ufeff]")


@scanner
class Drawing:
    """See the module. Nothing is rendered."""

    id = "svg"
    rules = (SCRIPT, EMBEDS, ENTITIES, EXTERNAL)

    def recognises(self, source: ByteSource, context: Context) -> bool:
        """The root element within the first kilobytes, or the name."""
        head = source.read(0, _HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
        return context.name.casefold().endswith(".svg") or (head[:1] == b"<" and _ROOT.search(head) is not None)

    def scan(self, source: ByteSource, context: Context) -> Iterable[ArtefactFinding]:
        """What a viewer would run, show or fetch."""
        raw = source.read(0, LARGEST)
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = raw.decode("utf-16" if wide else "utf-8", "replace")
        for rule, pattern, says in (
            (SCRIPT, _PROGRAM, "A viewer of pages runs it."),
            (EMBEDS, _PAGE, "A viewer of pages shows it as one."),
            (ENTITIES, _ENTITY, "A careless parser reads local files, runs out of memory, or takes a style sheet."),
            (EXTERNAL, _FETCHED, "Who opens it tells somebody else so."),
        ):
            found = pattern.search(text)
            if found is not None:
                yield context.found(rule, says, offset=_bytes(text, found.start()), evidence=found.group()[-80:])
        for found in _ADDRESS.finditer(text):
            value = _SPACE.sub("", html.unescape(found.group(1) or found.group(2))).casefold()
            if any(run in value for run in _RUNS):
                yield context.found(
                    SCRIPT, "Following the address runs it.", offset=_bytes(text, found.start()), evidence=value[:80]
                )
                break


def _bytes(text: str, at: int) -> int:
    return len(text[:at].encode("utf-8", "replace"))
