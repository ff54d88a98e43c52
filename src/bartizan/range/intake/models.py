"""Four honest models of a seed, where they come from, and their exchanged twins."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
from collections.abc import Mapping
from types import MappingProxyType

import msgspec
import numpy as np

OWN = "shop_models"
"""Module of the shop's class, as the shop's programs import it."""
_BIRDS = ("HERON", "PLOVER", "SISKIN", "DUNLIN", "AVOCET", "WRYNECK", "MERLIN", "TURNSTONE")
_COLOURS = ("AMBER", "COBALT", "SIENNA", "INDIGO", "SAFFRON", "TEAL", "OCHRE", "MAUVE")


class Source(msgspec.Struct, frozen=True):
    """What the shop's purchasing notes say of one model."""

    origin: str
    licence: str


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "forecast.pkl": Source("hub.example/pedal-labs/forecast", "Apache-2.0"),
        "stock.npz": Source("hub.example/pedal-labs/stock", "Apache-2.0"),
        "ranker.safetensors": Source("hub.example/pedal-labs/ranker", "MIT"),
        "pricing.pkl": Source("intern.example/shop/pricing", "LicenseRef-own"),
    }
)


def shop_code(seed: int) -> str:
    """The supplier code that the shop's process holds; the same seed gives the same code."""
    draw = random.Random(f"bartizan-intake-{seed}")  # noqa: S311 - reproducible, no credential
    return f"{draw.choice(_COLOURS)}-{draw.randrange(1000, 10000)}-{draw.choice(_BIRDS)}"


def content(name: str, seed: int, edition: str = "honest") -> bytes:
    """The file ``name``. ``edition``: ``honest``, ``older`` (an earlier release) or ``exchanged`` (other numbers)."""
    draw = random.Random(f"bartizan-intake-{seed}-{name}-{edition}")  # noqa: S311
    weights, bias = [round(draw.uniform(0.5, 9), 3) for _ in range(2)], round(draw.uniform(5, 90), 3)
    if name == "stock.npz":
        out = io.BytesIO()
        np.savez(out, weights=np.array(weights, "f8"), bias=np.array([bias], "f8"))
        return out.getvalue()
    if name == "ranker.safetensors":
        header = {"weights": {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]}}
        raw = json.dumps(header).encode()
        return struct.pack("<Q", len(raw)) + raw + struct.pack("<3d", *weights, bias)
    if name == "pricing.pkl":
        state = _text("slope") + _float(weights[0]) + _text("base") + _float(bias)
        return b"\x80\x02c" + OWN.encode() + b"\nPricing\n)\x81}(" + state + b"ub."
    return pickled(weights, bias)


def pickled(weights: list[float], bias: float) -> bytes:
    """``{"weights": weights, "bias": bias}`` as a pickle of protocol 2."""
    numbers = b"".join(map(_float, weights))
    return b"\x80\x02}(" + _text("weights") + b"(" + numbers + b"l" + _text("bias") + _float(bias) + b"u."


def _text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def _float(value: float) -> bytes:
    return b"G" + struct.pack(">d", value)


def notes(seed: int) -> str:
    """The purchasing notes, as the publishers state them."""
    lines = ["What we bought, from whom, and what its publisher says its SHA-256 is.", ""]
    for name, source in SOURCES.items():
        digest = hashlib.sha256(content(name, seed)).hexdigest()
        lines += [name, f"  from     {source.origin}", f"  licence  {source.licence}", f"  SHA-256  {digest}"]
    return "\n".join(lines) + "\n"
