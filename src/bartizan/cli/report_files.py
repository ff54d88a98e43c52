"""Reports as files, in the format that their name says: PDF if it ends so, HTML otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bartizan.core.errors import ConfigurationError
from bartizan.reporting.document import Document
from bartizan.reporting.pdf import pdf, require


def check_report(path: Path) -> None:
    """Before long work: raise ConfigurationError for a report that could not be written after it."""
    if not path.parent.is_dir():
        raise ConfigurationError(f"there is no folder {path.parent} for the report")
    if _is_pdf(path):
        require()


def write_report(path: Path, html: Callable[[], str], paper: Callable[[], Document], fonts: Sequence[Path]) -> None:
    """Write what ``html`` or ``paper`` says. Raises ConfigurationError if it cannot be written."""
    content = pdf(paper(), fonts) if _is_pdf(path) else html().encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error


def _is_pdf(path: Path) -> bool:
    return path.suffix.lower() == ".pdf"
