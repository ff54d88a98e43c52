"""Builds HTML from values, escaping everything that is not markup built here.

There is no template language, so nothing in hostile text can be an instruction to one. Text that an attacker or a
model wrote goes through :func:`visible`, which also shows what renderers hide.
"""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from bartizan.reporting import hidden

_VOID = frozenset({"meta", "br", "hr", "rect", "line", "circle", "path", "link", "img"})
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:")


@dataclass(frozen=True, slots=True)
class Html:
    """Finished markup. Only the functions of this module make one."""

    markup: str

    def __str__(self) -> str:
        return self.markup


Child: TypeAlias = "Html | str | int | Iterable[Child] | None"


def el(tag: str, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """One element. Strings are escaped; ``cls`` is ``class``; ``_`` in a name is ``-``; None and False are left out.

    Raises:
        ValueError: a tag or attribute name that is no name, an event handler, or a void element with children.
    """
    parts = [f"<{_checked(tag)}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        name = _checked("class" if key == "cls" else key.rstrip("_").replace("_", "-"))
        if name.lower().startswith("on"):
            raise ValueError(f"{name}: event handlers have no place in a report")
        parts.append(f" {name}" if value is True else f' {name}="{html.escape(_number(value), quote=True)}"')
    inner = join(children)
    if tag in _VOID:
        if inner.markup:
            raise ValueError(f"<{tag}> has no content")
        return Html("".join([*parts, "/>" if tag in {"rect", "line", "circle", "path"} else ">"]))
    return Html("".join([*parts, ">", inner.markup, f"</{tag}>"]))


def join(children: Iterable[Child]) -> Html:
    """Children side by side."""
    out: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            out.append(child.markup)
        elif isinstance(child, (str, int)):
            out.append(html.escape(str(child), quote=True))
        else:
            out.append(join(child).markup)
    return Html("".join(out))


def visible(text: str, marked: str = "", limit: int = 4_000) -> Html:
    """Hostile text as a reader should see it: invisible characters named, ``marked`` highlighted wherever it stands."""
    cut = text[:limit]
    parts: list[Child] = []
    position = 0
    for start in _occurrences(cut, marked):
        parts += [_named(cut[position:start]), el("mark", _named(cut[start : start + len(marked)]))]
        position = start + len(marked)
    parts.append(_named(cut[position:]))
    if len(text) > limit:
        parts.append(el("span", f"… {len(text) - limit} more characters", cls="chip"))
    return join(parts)


def _occurrences(text: str, marked: str) -> list[int]:
    """Starts of non-overlapping occurrences, ASCII letters compared without case."""
    if not marked:
        return []
    haystack, needle = _ascii_lower(text), _ascii_lower(marked)
    found: list[int] = []
    start = haystack.find(needle)
    while start >= 0:
        found.append(start)
        start = haystack.find(needle, start + len(needle))
    return found


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def _named(text: str) -> Html:
    parts: list[Child] = []
    for kind, group in itertools.groupby(text, hidden.kind):
        run = "".join(group)
        if kind == "tag":
            parts.append(el("span", "tags: " + hidden.untagged(run), cls="chip"))
        elif kind == "hidden":
            parts += [el("span", f"U+{ord(c):04X}", cls="chip") for c in run]
        else:
            parts.append(run)
    return join(parts)


def page(title: str, style: str, *body: Child, forms: str = "'none'", pictures: bool = False) -> str:
    """A whole document that loads nothing and runs nothing: no script, and a policy that allows only ``style``.

    The policy is Content Security Policy Level 3 in a ``meta`` element, with the hash of the one style sheet; ``forms``
    says where forms may be sent, ``pictures`` whether ``data:`` addresses may be shown.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {forms}"
    if pictures:
        policy += "; img-src data:"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", title),
        Html(f"<style>{style}</style>"),
    )
    return f"<!doctype html>\n{el('html', head, el('body', *body), lang='en')}\n"


def _checked(name: str) -> str:
    if not name or not set(name) <= _NAME:
        raise ValueError(f"{name!r} is no name of HTML")
    return name


def _number(value: str | int | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
