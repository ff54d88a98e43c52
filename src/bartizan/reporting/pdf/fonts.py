"""Which font files there are on a machine. None ships with the package."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "/Library/Fonts",
    "/System/Library/Fonts/Supplemental", "C:/Windows/Fonts",
)  # fmt: skip
_BASES = (
    ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"),
    ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"),
    ("Arial.ttf", "Arial Bold.ttf"),
    ("arial.ttf", "arialbd.ttf"),
)
"""Regular and bold, the first that is there."""
_FALLBACKS = ("NotoSans", "DejaVuSans", "LiberationSans", "FreeSans", "Unifont", "wqy-", "Arial Unicode", "ArialUni")
_ENDINGS = (".ttf", ".otf", ".ttc")
_STYLED = ("Bold", "Italic", "Oblique", "Light", "Thin", "Medium", "Black", "Condensed", "Narrow", "Mono")
_MOST = 20_000
"""Files that are looked at."""


class FontFiles:
    """The fonts of this machine.

    Args:
        folders: where to look, deep.
    """

    def __init__(self, folders: Sequence[str] = _FOLDERS) -> None:
        self._by_name: dict[str, Path] = {}
        for path in _walk(folders):
            self._by_name.setdefault(path.name, path)

    def base(self) -> tuple[Path, Path] | None:
        """Regular and bold of the font that text is set in; None if this machine has none of those known."""
        for regular, bold in _BASES:
            if regular in self._by_name and bold in self._by_name:
                return self._by_name[regular], self._by_name[bold]
        return None

    def fallbacks(self) -> list[Path]:
        """Upright fonts for what the base lacks, those that cover most scripts first."""
        found = [
            (rank, name)
            for name in self._by_name
            for rank, start in enumerate(_FALLBACKS)
            if name.startswith(start) and not any(word in name for word in _STYLED)
        ]
        return [self._by_name[name] for _, name in sorted(found)]


def _walk(folders: Sequence[str]) -> Iterator[Path]:
    seen = 0
    for folder in folders:
        for where, inner, names in os.walk(Path(folder).expanduser()):
            inner.sort()
            for name in sorted(names):
                seen += 1
                if seen > _MOST:
                    return
                if name.lower().endswith(_ENDINGS):
                    yield Path(where, name)
