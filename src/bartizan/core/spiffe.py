"""Ids of principals in the form of SPIFFE (https://spiffe.io/docs/latest/spiffe-about/spiffe-concepts/).

``spiffe://TRUST-DOMAIN/KIND/NAME``: agents, users, tools and servers under one name each, wherever they come from.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["agent", "user", "tool", "server"]
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?")
_ID = re.compile(r"spiffe://([a-z0-9][a-z0-9._-]{0,254})((?:/[A-Za-z0-9._-]{1,255}){1,16})")
_PLAIN = re.compile(r"[A-Za-z0-9.-]")
LONGEST = 2_048
"""Bytes of an id."""


def is_trust_domain(text: str) -> bool:
    """Whether ``text`` can be a trust domain: lower-case letters, digits, ``.``, ``-`` and ``_``, at most 255."""
    return _DOMAIN.fullmatch(text) is not None


def spiffe_id(domain: str, kind: Kind, name: str) -> str:
    """The id of ``name`` in a trust domain; different names have different ids.

    An id of this very domain stays as it is. Characters that an id cannot hold are written as ``_xx``, their UTF-8 in
    hexadecimal, and so is ``_`` itself.

    Raises:
        ValueError: the name is empty or too long, or an id of another domain or no sound one.
    """
    if name.startswith("spiffe:"):
        found = _ID.fullmatch(name)
        if found is None or found[1] != domain or any(part in (".", "..") for part in found[2].split("/")):
            raise ValueError(f"it is no id of the trust domain {domain}")
        whole = name
    else:
        written = "".join(one if _PLAIN.fullmatch(one) else _escaped(one) for one in name)
        if not written:
            raise ValueError("it is empty")
        if written in (".", ".."):
            written = written.replace(".", "_2e")
        whole = f"spiffe://{domain}/{kind}/{written}"
    if len(whole) > LONGEST:
        raise ValueError(f"it has more than {LONGEST} characters")
    return whole


def _escaped(character: str) -> str:
    return "".join(f"_{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
