"""Whether what stands in a workspace is what somebody signed. Asked before it is changed and signed anew."""

from __future__ import annotations

from collections.abc import Mapping

from bartizan.core.errors import ConfigurationError
from bartizan.hardening.record import FOLDER, ControlRecord
from bartizan.trust.signing import PublicKey, SignatureInvalid, TrustedKeys
from bartizan.workspace.signed import Seal, content_digest, manifest_of, verify
from bartizan.workspace.snapshot import SIGNED
from bartizan.workspace.workspace import Workspace


class Trust:
    """What counts as signed in one workspace.

    Args:
        workspace: whose ``snapshots.keys`` count; where nobody named any, ``own`` alone does.
        own: the public key of who is about to sign.
    """

    def __init__(self, workspace: Workspace, own: PublicKey) -> None:
        self._workspace = workspace
        self._seal = Seal(workspace)
        self._own = own
        self.keys = self._seal.keys or TrustedKeys([own])

    def require(self, files: Mapping[str, bytes]) -> None:
        """Return if ``files`` are those that were signed, or nothing was signed yet and nothing has to be.

        Raises:
            ConfigurationError: a new signature would cover edits that nobody signed.
        """
        manifest = manifest_of(files)
        if manifest is None:
            if self._seal.enforced or any((self._workspace.root / FOLDER).glob("hc-*.json")):
                raise ConfigurationError(f"the workspace has no {SIGNED}", "look at it, then: bartizan policy sign")
            return
        if manifest.digest != content_digest(files):
            raise ConfigurationError(
                "the workspace holds unsigned edits, and the new signature would cover them",
                "undo them, or look at them and run: bartizan policy sign",
            )
        if self._seal.enforced:
            self._seal.admit(files)
        elif self._seal.keys is not None or manifest.key == self._own.id:
            verify(manifest, files, self.keys)

    def check(self, record: ControlRecord) -> None:
        """Return if a trusted key signed the record. Raises ConfigurationError."""
        try:
            record.verify(self.keys)
        except SignatureInvalid as error:
            hint = "name who may approve as snapshots.keys in bartizan.yaml" if self._seal.keys is None else ""
            raise ConfigurationError(
                f"the record of {record.id} is not what was signed: {error.cause}",
                hint or "restore it from version control",
            ) from None
