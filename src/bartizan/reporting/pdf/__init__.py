"""Reports as PDF."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from bartizan.core.errors import ConfigurationError
from bartizan.reporting.document import Document


def pdf(document: Document, fonts: Sequence[Path] = ()) -> bytes:
    """The document as PDF 1.7, A4, with text that can be selected; it has no script, no form and no outside link.

    Args:
        document: what to show; texts may be hostile.
        fonts: TrueType or OpenType files, asked before those of the machine for characters its base font lacks.

    Raises:
        ConfigurationError: the extra ``pdf`` is not installed, or a font cannot be read.
    """
    require()
    from bartizan.reporting.pdf.writer import write

    return write(document, fonts)


def require() -> None:
    """Raise ConfigurationError if the extra is not installed; for commands that would say so after long work."""
    missing = [name for name in ("fpdf", "uharfbuzz") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(f"PDF needs the package {missing[0]}", "install it with: pip install 'bartizan[pdf]'")
