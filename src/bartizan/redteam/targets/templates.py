"""Request templates: slots in URLs, headers, forms and the texts of a JSON body are filled, and nothing is executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from bartizan.redteam.case import fill
from bartizan.redteam.scope_target import RequestTemplate


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A filled template."""

    method: str
    url: str
    headers: dict[str, str]
    data: bytes | None


def build(template: RequestTemplate, base: str, slots: Mapping[str, str]) -> Request:
    """The request that ``template`` stands for.

    Values are percent-encoded in URLs, lose line breaks in headers, and stay single texts in a JSON body, so that a
    hostile text cannot become part of the request's structure.
    """
    escaped = {name: quote(value, safe="") for name, value in slots.items()}
    url = fill(template.url, escaped)
    headers = {name: _line(fill(value, slots)) for name, value in template.headers.items()}
    data: bytes | None = None
    if template.form:
        data = urlencode({name: fill(value, slots) for name, value in template.form.items()}).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    elif isinstance(template.body, str):
        data = fill(template.body, slots).encode("utf-8", "replace")
        headers.setdefault("Content-Type", "text/plain; charset=utf-8")
    elif template.body is not None:
        data = msgspec.json.encode(_filled(template.body, slots))
        headers.setdefault("Content-Type", "application/json")
    whole = base.rstrip("/") + "/" + url.lstrip("/") if template.url.startswith("/") else url
    return Request(method=template.method, url=whole, headers=headers, data=data)


def mentions(template: RequestTemplate, name: str) -> bool:
    """Whether ``{name}`` is a slot of ``template``."""
    return "{" + name + "}" in msgspec.json.encode(template).decode()


def _filled(value: Any, slots: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return fill(value, slots)
    if isinstance(value, dict):
        return {key: _filled(inner, slots) for key, inner in value.items()}
    return [_filled(inner, slots) for inner in value] if isinstance(value, list) else value


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)
