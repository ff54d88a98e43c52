"""Runs a command that must not outlive its parent: ``python -m bartizan.range.tether COMMAND …``.

The parent holds the other end of standard input. When that pipe breaks, for whatever reason, the command is asked to
stop, and killed if it does not. Works wherever there are pipes, unlike the parent-death signal of Linux.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading

_GRACE_SECONDS = 5.0


def main() -> int:
    """Exit with the command's status."""
    process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    threading.Thread(target=_wait_for_parent, args=(process,), daemon=True).start()
    status = process.wait()
    _signal_group(process, signal.SIGKILL)
    return status


def _wait_for_parent(process: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):
        pass
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
        return
    _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Also reaches what the command started."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, number)


if __name__ == "__main__":
    sys.exit(main())
