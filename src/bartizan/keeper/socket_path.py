"""Unix socket addresses are short (108 bytes, 104 on macOS) while workspaces may lie deep."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bartizan.core.errors import ConfigurationError

_LONGEST: Final = 100


@contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """An address for ``bind`` or ``connect`` that means ``path``, valid inside the context.

    Raises:
        ConfigurationError: the path is too long and this system has no /proc/self/fd to shorten it.
        OSError: its directory cannot be opened.
    """
    text = str(path)
    if len(os.fsencode(text)) <= _LONGEST:
        yield text
        return
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        short = f"/proc/self/fd/{descriptor}"
        if not Path(short).exists() or len(os.fsencode(path.name)) > 60:
            raise ConfigurationError(f"the socket path {text} is too long", f"use at most {_LONGEST} bytes")
        yield f"{short}/{path.name}"
    finally:
        os.close(descriptor)
