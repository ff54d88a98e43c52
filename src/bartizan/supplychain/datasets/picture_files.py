"""Which files of a folder are pictures by label; read by every scan of a folder, so it imports nothing that is slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from bartizan.supplychain.datasets.columns import split_of

SUFFIXES = {
    ".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".gif": "gif", ".bmp": "bmp", ".webp": "webp", ".pgm": "pnm",
    ".ppm": "pnm", ".tif": "tiff", ".tiff": "tiff",
}  # fmt: skip
LEAST_PICTURES = 20


class Picture(NamedTuple):
    """One file."""

    name: str
    label: str
    split: str


def pictures_of(names: Iterable[str]) -> list[Picture]:
    """Those in folders by label; nothing if these are fewer than `LEAST_PICTURES` or of one label."""
    found = []
    for name in names:
        folders = name.split("/")[:-1]
        if folders and name[name.rfind(".") :].casefold() in SUFFIXES:
            split = next((part for one in folders[:-1] if (part := split_of(one))), "")
            found.append(Picture(name, folders[-1], split))
    return found if len(found) >= LEAST_PICTURES and len({one.label for one in found}) > 1 else []
