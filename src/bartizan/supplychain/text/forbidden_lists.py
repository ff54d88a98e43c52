"""Lists of what is forbidden: an order alone in an item below "Forbidden commands:", or alone after those words."""

from __future__ import annotations

import re

import re2

_INTRODUCTION = re2.compile(
    r"(?i)(?:^[ \t]*(?:[-*+•]|\d{1,3}[.)])?[ \t]*|[.!?][*_]{0,2}\s+)[#*_ ❌✗✘🚫⛔⚠\x{fe0f}]{0,8}"
    r"(?:(?:strictly |absolutely )?(?:forbidden|prohibited|disallowed)|"
    r"never (?:do|run|use|execute) (?:any of )?(?:the following|these))"
    r"(?: (?:commands?|actions?|operations?|patterns?|calls?|things|examples?|include|includes|including|are|the|"
    r"following|shell))*[*_)\"” ]{0,4}:[*_]{0,3}"
)
"""What introduces only what is forbidden; nothing but names of commands and the like stands between word and colon."""
_ITEM = re.compile(r"([ \t]*)(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_CODE = re.compile(r"`[^`\n]*`")
_BARE = re.compile(r"(?:[\s`*_~\"'“”‘’„«»,;|/.()❌✗✘🚫⛔–—-]|\b(?:and|or)\b)*")
"""What may stand around an order that nothing else is said about."""
TURNS = re.compile(
    r"(?i)\b(?:nothing|none|nobody|without|unless|until|before|leaving|leave|(?:skip|omit|forget|miss)\w*|"
    r"fail(?:s|ing|ure)?|so|therefore|thus|then|anything but|except)\b"
)
"""After a label they say that something else is bad, such as to leave the order out."""
_AND_THE_LIKE = re2.compile(
    r"(?i)[,\s]*\b(?:or|and) any (?:other )?(?:commands?|tools?|programs?|scripts?) (?:that|which) "
    r"(?:outputs?|prints?|reads?|shows?|reveals?|returns?|dumps?)\b(?: [\w,'’-]+){1,14}\.?\s*$"
)
"""How an enumeration ends that forbids still more."""
_GLOSS = re.compile(
    r"\((?:macOS|Windows|Linux|Unix|Git|GNOME)(?: (?:Keychain|Keyring|Credential Manager|Credentials?|Wallet))?\)"
)
_OUT = re2.compile(r"(?i)\b(?:not|never|left|missing|absent|late|later|un\w+)\b")
LEFT_OUT = re.compile(
    r"(?i)\b(?:left out|missing|absent|omitted|skipped|forgotten|too late|un(?:run|done|executed)|"
    r"not (?:being |having )?(?:been )?(?:run|executed|done|called)|(?:has|have|had|was|were|is) (?:not|never) )"
)
"""After an order they say that its absence is bad."""
_SPEAKS = re.compile(r"(?i)`\W*(?:run|do|now|first|execute|please|you|always)\b|:\s*`$")
_GOES_ON = re.compile(r"[ \t]+\S|[^\W\d_A-Z]|`")
_LIST = 2_000


def in_forbidden_list(text: str, start: int, end: int) -> bool:
    """Whether an order stands alone in an item, or after words, that say that all of it is forbidden. A word beside it
    may turn the meaning round (*to start before … has run*, *nothing, so run …*): then it is not.

    Args:
        text: that the order is in.
        start: where the order begins.
        end: where it ends.
    """
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    line = text[first : last if last >= 0 else len(text)]
    before = line[: start - first]
    if len(line) > _LIST or "\n" in text[start:end]:
        return False
    if last >= 0 and _continued(line, text[last + 1 : last + _LIST]):
        return False
    if (label := _last(before)) is not None:
        return _begins(text, first) and _alone(line[label:], start - first - label, end - first - label)
    item = _ITEM.match(before)
    if item is None or not _alone(line[item.end() :], start - first - item.end(), end - first - item.end()):
        return False
    at = first
    while at > 0 and first - at <= _LIST:
        at = text.rfind("\n", 0, at - 1) + 1
        above = text[at : text.find("\n", at)]
        other = _ITEM.match(above)
        if above.strip() and (other is None or len(other.group(1)) < len(item.group(1))):
            label = _last(above)
            return label is not None and not above[label:].strip() and _begins(text, at)
        if above.rstrip().endswith((":", "：")) or TURNS.search(above):
            return False
    return False


def _begins(text: str, first: int) -> bool:
    """Whether no sentence of the line above goes on in the line that begins there."""
    above = text[text.rfind("\n", 0, max(0, first - 1)) + 1 : max(0, first - 1)].rstrip()
    return not above or _ITEM.match(above) is not None or above.startswith("#") or above[-1] in ".!?:*_|`>-="


def _continued(line: str, below: str) -> bool:
    """Whether what comes next belongs to the sentence: a line indented more, or one that begins in the middle of a
    sentence, be it after the rest of the list.
    """
    following = below.partition("\n")[0]
    if following.strip() and _ITEM.match(following) is not None and len(_indent(following)) > len(_indent(line)):
        return True
    if following.strip() and _ITEM.match(following) is None and _GOES_ON.match(following) is not None:
        return True
    rest = (one for one in below.splitlines() if one.strip() and _ITEM.match(one) is None)
    return next(rest, "")[:1].islower()


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _last(line: str) -> int | None:
    """Where the last introduction in a line ends."""
    return max((found.end() for found in _INTRODUCTION.finditer(line)), default=None)


def _alone(content: str, start: int, end: int) -> bool:
    """Whether nothing but code and punctuation stands beside it; around code that holds it, nothing counts."""
    for code in _CODE.finditer(content):
        if code.start() < end and start < code.end():
            start, end = min(start, code.start()), max(end, code.end())
    after = content[end:]
    if (more := _AND_THE_LIKE.search(after)) is not None and not TURNS.search(after) and not _OUT.search(after):
        after = after[: more.start()]
    around = (_CODE.sub(_name, _GLOSS.sub("", content[:start])), _CODE.sub(_name, _GLOSS.sub("", after)))
    return all(_BARE.fullmatch(part) is not None for part in around)


def _name(code: re.Match[str]) -> str:
    """Nothing for code; itself for words that only look like it."""
    return code.group() if TURNS.search(code.group()) or _SPEAKS.search(code.group()) else ""
