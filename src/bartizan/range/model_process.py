"""Starts and stops the model server from the parent's side."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

import msgspec

from bartizan.core.errors import ArtefactError
from bartizan.range.model_server import ServerSettings

_START_SECONDS = 120.0
_STOP_SECONDS = 5.0


class ModelProcess:
    """A model server of one's own on loopback, behind a fresh random key. Use as a context manager.

    Raises:
        ArtefactError: on entering, when the runtime is missing, the model does not load, or the
            port answers without key.
    """

    def __init__(self, model: Path, *, slots: int = 2) -> None:
        self._settings = ServerSettings(str(model), secrets.token_urlsafe(32), slots)
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        """Base URL with ``/v1``; empty before the start."""

    @property
    def key(self) -> str:
        """The bearer token that the server demands."""
        return self._settings.key

    def __enter__(self) -> ModelProcess:
        command = [sys.executable, "-P", "-m", "bartizan.range.model_server"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            self.url = self._handshake(self._process)
            self._refuses_strangers()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server; harmless when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _handshake(self, process: subprocess.Popen[bytes]) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(_START_SECONDS, process.kill)
        late.start()
        try:
            process.stdin.write(msgspec.json.encode(self._settings) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline(65_536)
        except OSError:
            line = b""
        finally:
            late.cancel()
        try:
            reply = msgspec.json.decode(line, type=dict[str, str])
        except msgspec.DecodeError:
            reply = {"error": f"the model server said nothing within {_START_SECONDS:.0f} seconds"}
        if "url" not in reply:
            cause = reply.get("error", "unknown")
            hint = "install the runtime with: pip install 'bartizan[model]'" if "xllamacpp" in cause else ""
            raise ArtefactError(f"the model server did not start: {cause}", hint)
        return reply["url"]

    def _refuses_strangers(self) -> None:
        request = urllib.request.Request(  # noqa: S310 - always http on loopback
            f"{self.url}/chat/completions", b'{"messages":[]}', {"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(request, timeout=10).close()
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 401:
                return
        except OSError as error:
            raise ArtefactError(f"the model server does not answer: {error}") from error
        raise ArtefactError("the model server answers without its key")
