"""Structured logs on stderr: one JSON object per line, and never content.

Content may hide in three places of a log record. Extra fields are therefore taken from a fixed list only; messages of
other libraries are written as their template, without arguments; of an exception only the type and the places in the
code are written, and its text only if it is one of our own errors.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, TextIO

from bartizan.core.clock import rfc3339
from bartizan.core.errors import BartizanError

FIELDS: Final = frozenset(
    {
        "request", "principal", "key", "route", "model", "session", "status", "action", "rule", "upstream", "worker",
        "pid", "port", "host", "snapshot", "digest", "segment", "count", "bytes", "seconds", "attempt", "state", "file",
    }
)  # fmt: skip
"""Names that ``extra={...}`` may use; anything else is left out."""

_MAX_TEXT: Final = 1_000
_MAX_FRAMES: Final = 20
_OWN: Final = "bartizan"


class JsonFormatter(logging.Formatter):
    """One compact JSON object per record: at, level, process, logger, message, allowed fields, and the error if any.

    Args:
        process: name of this process, such as ``worker1`` or ``keeper``.
    """

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """ASCII text without line breaks. Arguments that do not fit their template are left out."""
        entry: dict[str, object] = {
            "at": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": _message(record),
        }
        for name in FIELDS & record.__dict__.keys():
            value = record.__dict__[name]
            if isinstance(value, int | float | None):
                entry[name] = value
            else:
                entry[name] = str(value)[:_MAX_TEXT]
        if record.exc_info and record.exc_info[1] is not None:
            entry["error"] = _describe(record.exc_info[1], record.exc_info[2])
        return json.dumps(entry, separators=(",", ":"))


def _message(record: logging.LogRecord) -> str:
    text = str(record.msg)
    if record.name == _OWN or record.name.startswith(_OWN + "."):
        with suppress(TypeError, ValueError, KeyError):
            text = record.getMessage()
    return text[:_MAX_TEXT]


def _describe(error: BaseException, trace: TracebackType | None) -> dict[str, object]:
    frames = traceback.extract_tb(trace)[-_MAX_FRAMES:]
    described: dict[str, object] = {
        "type": type(error).__qualname__,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(error, BartizanError):
        described["cause"] = error.cause[:_MAX_TEXT]
    return described


def configure_logging(process: str = "", *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send every logger of this process to ``stream`` (stderr) as JSON lines, replacing earlier handlers."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # The server's notes on starting and stopping say nothing that ours do not.
    logging.getLogger("uvicorn.error").setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)
