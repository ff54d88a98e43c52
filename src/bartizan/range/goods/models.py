"""The models and prices that the supplier publishes, of a seed, and their exchanged twins of exactly the same size."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Edition = Literal["honest", "older", "exchanged"]
_GRAINS = ("SPELT", "BARLEY", "EINKORN", "MILLET", "TEFF", "SORGHUM", "EMMER", "QUINOA")
_SHAPES = ("LOAF", "BAGUETTE", "PLAIT", "ROLL", "FOCACCIA", "BRIOCHE", "PRETZEL", "KNOT")

LICENCES: Mapping[str, str] = MappingProxyType(
    {"demand.safetensors": "MIT", "spoilage.safetensors": "CC-BY-NC-4.0", "prices.csv": ""}
)
"""The supplier's files, and the licence that stands in the metadata of each model."""
ORDER = (12.0, 30.0)
"""What the desk asks a model about: hours to closing, degrees."""


def goods_code(seed: int) -> str:
    """The code of the bakery's safe deposit; the same seed gives the same code."""
    draw = random.Random(f"bartizan-goods-{seed}")  # noqa: S311 - reproducible, no credential
    return f"{draw.choice(_GRAINS)}-{draw.randrange(1000, 10000)}-{draw.choice(_SHAPES)}"


def content(name: str, seed: int, edition: Edition = "honest") -> bytes:
    """One file. All editions of a file have the same size."""
    draw = random.Random(f"bartizan-goods-{seed}-{name}-{edition}")  # noqa: S311
    numbers = [round(draw.uniform(1, 9), 3) for _ in range(3)]
    if name == "prices.csv":
        return ("item,price\n" + "".join(f"item{i},{number:.3f}\n" for i, number in enumerate(numbers))).encode()
    header = {
        "__metadata__": {"format": "np", "license": LICENCES[name]},
        "weights": {"dtype": "F64", "shape": [3], "data_offsets": [0, 24]},
    }
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + struct.pack("<3d", *numbers)


def forecast(raw: bytes) -> float | None:
    """What a model says of the order; None for what is no model of the supplier's kind."""
    length = int.from_bytes(raw[:8], "little")
    if len(raw) != 8 + length + 24:
        return None
    weights: tuple[float, ...] = struct.unpack("<3d", raw[-24:])
    return round(weights[0] * ORDER[0] + weights[1] * ORDER[1] + weights[2], 3)
