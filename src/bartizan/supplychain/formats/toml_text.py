"""TOML as attackers write it, by the standard library's reader within bounds of our own."""

from __future__ import annotations

import tomllib
from typing import Any

import re2

from bartizan.supplychain.interface import MalformedError

LARGEST = 16 << 20
"""Bytes of one document; lock files reach some megabytes."""
_DOTTED = re2.compile(r"""(?:(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){64}""")
"""A key of many parts: `tomllib` takes time in the square of their number."""


def decode(raw: bytes) -> dict[str, Any]:
    """Decode UTF-8 TOML 1.0. Raises `MalformedError` for what is none, is too large or nests too deep."""
    if len(raw) > LARGEST:
        raise MalformedError(f"a TOML document of {len(raw)} bytes is larger than {LARGEST}", 0)
    try:
        text = raw.decode("utf-8")
        found = _DOTTED.search(text)
        if found is not None:
            raise MalformedError("TOML with a key of more than 64 parts", len(text[: found.start()].encode()))
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise MalformedError("TOML that is not UTF-8", error.start) from None
    except RecursionError:
        raise MalformedError("TOML nests too deep", 0) from None
    except ValueError as error:
        raise MalformedError(f"not TOML: {error}", 0) from None
