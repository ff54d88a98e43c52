"""The process that serves the range's model: ``python -m bartizan.range.model_server``.

Its settings, with the API key, come as one JSON line on standard input, so that no key shows in the process list. It
answers with one JSON line on standard output, ``{"url": …}`` or ``{"error": …}``, and ends when standard input does:
the pipe breaks when the parent dies, however it dies.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import msgspec


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the parent asks for."""

    model: str
    """Path of a GGUF file."""
    key: str
    """Clients must send it as a bearer token; at least 16 characters."""
    slots: int = 2
    """Generations in flight."""
    context: int = 4096
    """Tokens, shared by the slots."""
    threads: int = 1
    """Contended threads are much slower than one: about 35 tokens per second fell to 2–5 when two cores were busy."""


def serve(settings: ServerSettings) -> tuple[str, object]:
    """Start serving in background threads.

    Returns:
        The base URL with ``/v1``, and the server, which serves as long as it is referenced.

    Raises:
        ValueError: bad settings.
    """
    if len(settings.key) < 16:
        raise ValueError("the API key is too short: the server would open its port to everybody")
    if not Path(settings.model).is_file():
        raise ValueError(f"there is no model at {settings.model}")
    xllamacpp = importlib.import_module("xllamacpp")  # an extra: only whoever serves needs it
    parameters = xllamacpp.CommonParams()
    parameters.model.path = settings.model
    parameters.model_alias = {"smollm2"}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [settings.key]
    parameters.n_parallel = settings.slots
    parameters.n_ctx = settings.context
    parameters.cpuparams.n_threads = settings.threads
    parameters.cpuparams_batch.n_threads = settings.threads
    parameters.cpuparams.poll = 0
    parameters.cpuparams_batch.poll = 0
    parameters.n_gpu_layers = 0
    parameters.cache_prompt = True
    parameters.cache_ram_mib = 256
    parameters.sampling.temp = 0.0
    parameters.sampling.seed = 0
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.cors_origins = ""
    parameters.timeout_read = 300
    parameters.verbosity = 0
    server = xllamacpp.Server(parameters)
    return f"{server.listening_address}/v1", server


def main() -> None:
    """Serve until standard input ends."""
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # the runtime may print; the line the parent reads stays clean
    try:
        with os.fdopen(os.dup(0), "rb", buffering=0) as pipe:
            settings = msgspec.json.decode(pipe.readline(65_536), type=ServerSettings)
        url, _server = serve(settings)
        reply = {"url": url}
    except Exception as error:
        reply = {"error": f"{type(error).__name__}: {error}"[:500]}
    out.write(msgspec.json.encode(reply) + b"\n")
    if "url" in reply:
        while os.read(0, 4096):
            pass
    os._exit(0 if "url" in reply else 1)


if __name__ == "__main__":
    main()
