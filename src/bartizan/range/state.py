"""What the range remembers of a scenario between commands: the learner's seed, and where a started one runs."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import msgspec

from bartizan.core.errors import ArtefactError, ConfigurationError


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A started scenario."""

    app_url: str
    model_url: str
    model_key: str


class RangeState:
    """The folder of one scenario, usually ``.bartizan/range/SCENARIO`` of a workspace; for its owner's eyes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def seed(self, chosen: int | None = None) -> int:
        """The seed of this learner: ``chosen`` from now on, or the remembered one, or a fresh random one.

        Raises:
            ArtefactError: the remembered seed is not a number.
        """
        path = self._folder / "seed"
        if chosen is None and path.exists():
            try:
                return int(path.read_text("utf-8")[:20])
            except ValueError as error:
                raise ArtefactError(f"{path} holds no number", "run 'bartizan range reset'") from error
        seed = secrets.randbelow(1_000_000) if chosen is None else chosen
        self._write("seed", f"{seed}\n".encode())
        return seed

    def started(self, running: Running) -> None:
        """Remember where the scenario runs."""
        self._write("running.json", msgspec.json.encode(running))

    def running(self) -> Running:
        """Where it runs. Raises ConfigurationError when it does not."""
        try:
            return msgspec.json.decode((self._folder / "running.json").read_bytes(), type=Running)
        except (OSError, msgspec.DecodeError) as error:
            raise ConfigurationError(
                "the scenario is not running", "start it in another terminal with 'bartizan range start'"
            ) from error

    def stopped(self) -> None:
        """Forget where it ran."""
        (self._folder / "running.json").unlink(missing_ok=True)

    def reset(self) -> None:
        """Forget everything: the next start plants a new secret."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._folder / f".{name}.{os.getpid()}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        partial.replace(self._folder / name)
