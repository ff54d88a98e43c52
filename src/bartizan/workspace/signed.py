"""Signed snapshots: what a person put in force, under an Ed25519 key that lives outside the workspace.

``snapshot.json`` names the digest of all watched files, a version that only grows, and who signed. In `enforced` mode
only files that it describes come into force; a going back is a new signed version. It is one of the watched files, so
a snapshot carries its own proof to whoever it is handed to.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec

from bartizan.core.errors import BartizanError, ConfigurationError
from bartizan.trust.signing import SignatureInvalid, SigningKey, TrustedKeys, read_public_key
from bartizan.workspace.deployment import Snapshots
from bartizan.workspace.document import loads
from bartizan.workspace.files import read_bounded, write_file
from bartizan.workspace.reload import first_sound
from bartizan.workspace.snapshot import SIGNED, Snapshot, digest_of, take_snapshot
from bartizan.workspace.workspace import DEPLOYMENT, Workspace

T = TypeVar("T")

ENVIRONMENT: Final = "BARTIZAN_SIGNED_BY"
"""Paths of public keys, parted by ``:``. Set it where the service is started: it enforces signatures whatever
``bartizan.yaml`` says, which stands inside the workspace."""
_KEPT: Final = "snapshot.last"
_CONTEXT: Final = b"bartizan/snapshot/v1\n"
_LARGEST: Final = 32_000_000


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``snapshot.json``."""

    schema: Literal["bartizan/snapshot/v1"] = "bartizan/snapshot/v1"
    version: Annotated[int, msgspec.Meta(ge=1)]
    digest: str
    """SHA-256 over all watched files but this one, hexadecimal."""
    signed_at: datetime
    reason: str
    key: str
    """Id of the key."""
    signature: str = ""
    """Base64 of 64 bytes, over everything else."""

    def payload(self) -> bytes:
        """What is signed."""
        return _CONTEXT + msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="sorted")


def content_digest(files: Mapping[str, bytes]) -> str:
    """The digest that a manifest names."""
    return digest_of({name: content for name, content in files.items() if name != SIGNED})


def sign(files: Mapping[str, bytes], version: int, key: SigningKey, reason: str, at: datetime) -> bytes:
    """The content of ``snapshot.json`` for ``files``."""
    manifest = Manifest(version=version, digest=content_digest(files), signed_at=at, reason=reason, key=key.public.id)
    signature = base64.b64encode(key.sign(manifest.payload())).decode("ascii")
    signed = msgspec.structs.replace(manifest, signature=signature)
    return msgspec.json.format(msgspec.json.encode(signed), indent=2) + b"\n"


def manifest_of(files: Mapping[str, bytes]) -> Manifest | None:
    """The manifest among ``files``, not verified; None without one. Raises ConfigurationError for a broken one."""
    if SIGNED not in files:
        return None
    try:
        return msgspec.json.decode(files[SIGNED], type=Manifest)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigurationError(f"{SIGNED} is damaged: {error}") from None


class Seal:
    """Admits the snapshots of one workspace, and keeps the last one that it admitted.

    Args:
        workspace: whose settings say whether signatures are enforced.

    Raises:
        ConfigurationError: a key cannot be read, or stands inside the workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        paths = os.environ.get(ENVIRONMENT, "")
        settings = workspace.deployment.snapshots if (workspace.root / DEPLOYMENT).exists() else Snapshots()
        named = [Path(path) for path in paths.split(":") if path] or [workspace.root / path for path in settings.keys]
        self.enforced = bool(paths) or settings.mode == "enforced"
        for path in named:
            if path.resolve().is_relative_to(workspace.root):
                raise ConfigurationError(
                    f"the key {path.name} for snapshots is inside the workspace",
                    "whoever can write the workspace could replace it; keep it elsewhere",
                )
        self._keys = TrustedKeys(map(read_public_key, named))
        self.keys = self._keys if named else None
        """Whose signatures count; None if nobody said."""
        if self.enforced and not named:
            raise ConfigurationError(f"{DEPLOYMENT}: snapshots.mode is enforced without a key", "name snapshots.keys")

    def admit(self, files: Mapping[str, bytes]) -> int:
        """The signed version of ``files``; 0 where signatures are not enforced.

        Raises:
            ConfigurationError: they may not come into force.
        """
        if not self.enforced:
            return 0
        manifest = manifest_of(files)
        if manifest is None:
            raise ConfigurationError(
                "the workspace is not signed", "see: bartizan harden approve, bartizan policy sign"
            )
        verify(manifest, files, self._keys)
        known = self.last()
        before = manifest_of(known.files) if known is not None else None
        same = before is not None and (manifest.version, manifest.digest) == (before.version, before.digest)
        if before is not None and not same and manifest.version <= before.version:
            raise ConfigurationError(
                f"{SIGNED} has version {manifest.version}, and {before.version} was in force", "versions only grow"
            )
        return manifest.version

    def keep(self, snapshot: Snapshot) -> None:
        """Remember a snapshot that was admitted, and of which a gateway was built, as the last good one.

        Raises:
            ConfigurationError: it cannot be written.
        """
        if self.enforced:
            write_file(self._workspace.state / _KEPT, _KEPT, snapshot.encode())

    def last(self) -> Snapshot | None:
        """The last snapshot that was kept. Raises ConfigurationError for a damaged file."""
        path = self._workspace.state / _KEPT
        return Snapshot.decode(read_bounded(path, _KEPT, _LARGEST, private=True)) if path.exists() else None

    def current(self) -> Snapshot:
        """What may come into force, whether or not anything can be built of it. Raises as :meth:`choices`."""
        return self.choices()[0]

    def choices(self) -> list[Snapshot]:
        """What may be in force at a start, the best first: the files as they are, if they are admitted, then the last
        good ones, if signatures are enforced.

        Raises:
            ConfigurationError: nothing may come into force.
            DocumentError: a file is too long.
        """
        if not self.enforced:
            return [take_snapshot(self._workspace.root)]
        out: list[Snapshot] = []
        wrong: BartizanError | None = None
        try:
            snapshot = take_snapshot(self._workspace.root)
            self.admit(snapshot.files)
            out.append(snapshot)
        except BartizanError as error:
            wrong = error
        try:
            known = self.last()
            manifest = manifest_of(known.files) if known is not None else None
            if known is not None and manifest is not None and known not in out:
                verify(manifest, known.files, self._keys)
                out.append(known)
        except ConfigurationError as error:
            wrong = wrong or error
        if wrong is not None and not out:
            raise wrong
        return out

    def load(self, name: str, kind: type[T], missing: T | None = None) -> T:
        """The value of a watched file as it may come into force; ``missing`` where there is no such file.

        Raises:
            ConfigurationError: there is none, or nothing that may come into force.
            DocumentError: it is broken.
        """
        if not self.enforced:
            if missing is not None and not self._workspace.path(name).exists():
                return missing
            return self._workspace.load(name, kind)

        def read(files: Mapping[str, bytes]) -> T:
            if name in files:
                return loads(files[name], name, kind)
            if missing is None:
                raise ConfigurationError(f"what is signed holds no {name}", "add it, then: bartizan policy sign")
            return missing

        return first_sound(self.choices(), read)[1]


def verify(manifest: Manifest, files: Mapping[str, bytes], keys: TrustedKeys) -> None:
    """Return if ``manifest`` describes ``files`` and a trusted key signed it. Raises ConfigurationError."""
    if manifest.digest != content_digest(files):
        raise ConfigurationError("the workspace's files are not those that were signed", "sign again, or undo the edit")
    try:
        keys.verify(manifest.key, manifest.payload(), base64.b64decode(manifest.signature, validate=True))
    except (SignatureInvalid, binascii.Error, ValueError) as error:
        raise ConfigurationError(f"{SIGNED}: {error}") from None


def signing_key(path: Path, workspace: Workspace) -> SigningKey:
    """A person's private key. Raises ConfigurationError when it is inside the workspace, open to all or no key."""
    if path.resolve().is_relative_to(workspace.root):
        raise ConfigurationError(
            "the signing key is inside the workspace", "whoever can write the workspace could sign; keep it elsewhere"
        )
    try:
        return SigningKey.parse(read_bounded(path, f"the key {path.name}", 4_096, private=True).decode("ascii").strip())
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path.name} is no private Ed25519 key", "bartizan keys signing FILE") from None


def next_version(workspace: Workspace, files: Mapping[str, bytes], kept: Sequence[Snapshot | None] = ()) -> int:
    """One more than any version that the workspace or its state knows. Raises ConfigurationError."""
    known = [manifest_of(files), *(manifest_of(one.files) for one in kept if one is not None)]
    return 1 + max((one.version for one in known if one is not None), default=0)
