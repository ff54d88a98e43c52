"""Runs a peer's program once for each path, in forked processes that have its modules already:

    PYTHON peer_runner.py SECONDS PROGRAM [ARGUMENT…] < paths

One line a path: the exit code, and ``1`` if it ended in a traceback. Starting Python anew for each file would take
most of the time of a comparison, and is no property of the scanner.
"""

# mypy: ignore-errors
# Runs under the peer's own Python.

from __future__ import annotations

import contextlib
import importlib
import os
import re
import runpy
import signal
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Answer path by path."""
    seconds, program, *arguments = sys.argv[1:]
    for module in re.findall(r"^\s*from ([\w.]+) import", Path(program).read_text(), re.MULTILINE):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for line in sys.stdin:
        path = line.rstrip("\n")
        with tempfile.TemporaryFile() as told:
            child = os.fork()
            if not child:
                os.setsid()
                signal.alarm(int(seconds))
                os.chdir(Path(path).parent)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                os.dup2(told.fileno(), 2)
                sys.argv = [program, *arguments, path]
                try:
                    runpy.run_path(program, run_name="__main__")
                except SystemExit:
                    raise
                finally:
                    sys.stderr.flush()
                sys.exit(0)
            _, status = os.waitpid(child, 0)
            told.seek(0)
            broke = b"Traceback (most recent call last)" in told.read(1 << 20)
        code = os.waitstatus_to_exitcode(status)
        print(code, int(broke), flush=True)


if __name__ == "__main__":
    main()
