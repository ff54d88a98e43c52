"""Loads files as their loaders do, watched: for the sandboxed process that finds out what a file really does.

    PYTHON victim.py LOADER [MODULE…] < paths

One JSON line a path: what the audit hook saw (``exec``, ``write``, ``process``, ``socket``, ``import``), and the error.
Exit 3: this Python has no such loader.

Each file is loaded in a forked child with limits on time, memory and files, without network where the system allows
that. Beside the vulnerable loader of the range, this is the only file of Bartizan that unpickles; nothing imports it.
"""

# mypy: ignore-errors
# ruff: noqa: PTH123
# Runs under another Python, with whatever loaders it has.

from __future__ import annotations

import codecs
import contextlib
import ctypes
import importlib
import io
import json
import os
import resource
import signal
import sys
from typing import Any

_WATCHED = {
    "exec": "exec", "compile": "exec", "os.system": "process", "subprocess.Popen": "process", "os.exec": "process",
    "os.posix_spawn": "process", "os.spawn": "process", "os.fork": "process", "pty.spawn": "process",
    "socket.connect": "socket", "socket.bind": "socket", "socket.getaddrinfo": "socket", "urllib.Request": "socket",
    "os.remove": "write", "os.rename": "write", "os.rmdir": "write", "os.mkdir": "write", "os.symlink": "write",
    "os.link": "write", "os.chmod": "write", "os.truncate": "write", "shutil.rmtree": "write", "os.putenv": "write",
    "ctypes.dlopen": "exec", "import": "import", "sys.addaudithook": "exec", "code.__new__": "exec",
    "function.__new__": "exec", "cpython.run_command": "exec", "marshal.loads": "exec", "os.kill": "process",
}  # fmt: skip
_SECONDS, _MEMORY = 10, 64 << 30  # address space: torch maps a lot of it


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(0x10000000 | 0x40000000)  # CLONE_NEWUSER | CLONE_NEWNET


def _loader(kind: str) -> Any:
    if kind == "joblib":
        return importlib.import_module("joblib").load
    if kind == "torch":
        torch = importlib.import_module("torch")
        return lambda path: torch.load(path, weights_only=False)
    if kind == "numpy":
        numpy = importlib.import_module("numpy")
        return lambda path: (
            [found[key] for key in found] if hasattr(found := numpy.load(path, allow_pickle=True), "files") else found
        )
    if kind == "pandas":
        return importlib.import_module("pandas").read_pickle
    pickle = importlib.import_module("pickle")
    if kind == "python":  # the Python unpickler, which frames differently
        return lambda path: pickle._Unpickler(io.BytesIO(open(path, "rb").read())).load()

    def every(path: str) -> None:
        with open(path, "rb") as file:
            while True:
                pickle.load(file)

    return every if kind == "rows" else lambda path: pickle.load(open(path, "rb"))


def _child(load: Any, path: str, out: int) -> None:
    _limits()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    events: list[tuple[str, str]] = []
    busy = False

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal busy
        kind = _WATCHED.get(event)
        if (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)) or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            kind = "write"
        if kind is not None and not busy and len(events) < 20:
            busy = True
            with contextlib.suppress(Exception):
                events.append((kind, f"{event} {arguments!r}"[:200]))
            busy = False

    sys.addaudithook(watch)
    error = ""
    try:
        load(path)
    except BaseException as problem:  # whatever a hostile file raises
        error = f"{type(problem).__name__}: {problem}"[:200]
    os.write(
        out,
        json.dumps(
            {"path": path, "events": [one for one in events if one[1] != "sys.addaudithook ()"], "error": error}
        ).encode()
        + b"\n",
    )
    os._exit(0)


def main() -> None:
    try:
        load = _loader(sys.argv[1])
    except ImportError:
        sys.exit(3)
    for codec in ("raw_unicode_escape", "latin-1", "ascii", "utf-8", "unicode_escape", "idna", "cp437", "punycode"):
        codecs.lookup(codec)  # loading a codec is an import that no stream asked for
    for module in sys.argv[2:]:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    for line in sys.stdin:
        path = line.rstrip("\n")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            signal.alarm(_SECONDS * 2)
            _child(load, path, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            said = answer.read(1 << 20)
        os.waitpid(child, 0)
        found = said.decode("utf-8", "replace").strip() or json.dumps({"path": path, "events": [], "error": "died"})
        print(found, flush=True)


if __name__ == "__main__":
    main()
