"""The folder of text that describes a deployment, and the state directory beside it."""

from __future__ import annotations

import os
import stat
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from bartizan.core.errors import ConfigurationError
from bartizan.core.passage import Path as ValuePath
from bartizan.core.passage import render_path
from bartizan.core.secretref import SecretRef
from bartizan.core.system import System
from bartizan.workspace.deployment import Deployment
from bartizan.workspace.document import Document, open_document
from bartizan.workspace.files import read_bounded

T = TypeVar("T")

DEPLOYMENT = "bartizan.yaml"
SYSTEM = "system.yaml"
POLICY = "policy.yaml"
WAIVERS = "waivers.yaml"
REGISTER = "artefacts.yaml"
STATE = ".bartizan"

_SECRET_BYTES = 65_536


class Workspace:
    """A workspace folder. Parts are read when they are first asked for, and then kept.

    Args:
        root: the folder.

    Raises:
        ConfigurationError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise ConfigurationError(f"there is no workspace folder {root}", f"'bartizan init {root}' writes one")
        self.root = root.resolve()

    @cached_property
    def deployment(self) -> Deployment:
        """``bartizan.yaml``. Raises ConfigurationError or DocumentError."""
        return self.load(DEPLOYMENT, Deployment)

    @cached_property
    def system(self) -> System:
        """``system.yaml``. Raises ConfigurationError or DocumentError."""
        return self.load(SYSTEM, System)

    def load(self, name: str, kind: type[T]) -> T:
        """The value of the file ``name`` (relative to the root). Raises ConfigurationError or DocumentError."""
        return self.open(name, kind).value

    def open(self, name: str, kind: type[T]) -> Document[T]:
        """Like :meth:`load`, with the place of every part. Raises ConfigurationError or DocumentError."""
        return open_document(read_bounded(self.path(name), name), name, kind)

    def path(self, name: str) -> Path:
        """The absolute path of a name inside the workspace. Raises ConfigurationError when it leads outside."""
        path = Path(os.path.normpath(self.root / name))
        if not path.is_relative_to(self.root):
            raise ConfigurationError(f"{name} leads outside the workspace {self.root}")
        return path

    @property
    def state(self) -> Path:
        """``.bartizan/``, created if need be, for its owner only. Raises ConfigurationError."""
        path = self.root / STATE
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                path.chmod(0o700)
        except OSError as error:
            raise ConfigurationError(f"the state directory {path} cannot be used: {error.strerror}") from None
        return path

    def secret(self, reference: SecretRef, file: str, path: ValuePath) -> str:
        """The secret that a setting names.

        Args:
            reference: the setting; a relative file is relative to the workspace.
            file: the workspace file in which the setting stands.
            path: where it stands there. Both are for the error.

        Raises:
            ConfigurationError: the variable or file is missing, empty, not one line of text, or readable by everybody.
        """
        place = f"{file}: {render_path(path)}"
        if bool(reference.env) == bool(reference.file):
            raise ConfigurationError(f"{place}: name exactly one of env and file")
        value = _from_environment(reference.env, place) if reference.env else self._from_file(reference.file, place)
        if not value:
            raise ConfigurationError(f"{place}: the secret is empty")
        if not value.isprintable():
            raise ConfigurationError(f"{place}: the secret must be one line of printable text")
        return value

    def _from_file(self, name: str, place: str) -> str:
        path = self.root / name
        label = f"{place}: the secret file {name}"
        content = read_bounded(path, label, _SECRET_BYTES, private=True)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise ConfigurationError(f"{label} is not UTF-8 text") from None
        return text.removesuffix("\n").removesuffix("\r")


def _from_environment(name: str, place: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ConfigurationError(f"{place}: the environment variable {name} is not set", f"export {name}=…")
    return value
