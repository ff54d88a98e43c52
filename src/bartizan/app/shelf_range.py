"""The learner's policy behind a real registry proxy, for the range's grader."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bartizan.range.scenarios.shelf_scenario import Published
from bartizan.range.shelf.hub import HUB, LabHub, publisher_key, wanted
from bartizan.supplychain.admission.gate import rules_of
from bartizan.supplychain.proxy.hosts import Hosts
from bartizan.supplychain.proxy.server import ProxySettings, RegistryProxy
from bartizan.supplychain.signing.model import sign
from bartizan.supplychain.signing.signers import ABOVE
from bartizan.trust.dsse import EllipticSigner
from bartizan.workspace.workspace import Workspace

_KEPT = ("range", "policy")
"""Of the state of a workspace, what a copy of it takes along."""


class _LabHosts(Hosts):
    """The lab's hub on loopback, under the name that the learner's notes call it."""

    @property
    def name(self) -> str:
        return HUB


class LabShelf:
    """A registry proxy with a copy of the learner's workspace, in front of a hub with the cases.

    What happens while grading is no event of the deployment.

    Args:
        root: of the workspace.

    Raises:
        ConfigurationError: one of its files is not what it should be.
    """

    def __init__(self, root: Path) -> None:
        rules_of(Workspace(root))
        self._root = root

    def __call__(self, published: Sequence[Published], seed: int) -> list[bool]:
        """Whether the proxy hands each of them out, byte for byte."""
        with tempfile.TemporaryDirectory(prefix="bartizan-range-") as name:
            copy = Path(name) / "workspace"
            state = Workspace(self._root).state
            shutil.copytree(
                self._root,
                copy,
                ignore=lambda place, names: [one for one in names if one not in _KEPT] if Path(place) == state else [],
            )
            repositories = {one.case.repository: _repository(one, seed) for one in published}
            return asyncio.run(_asked(copy, repositories, published))


def public_key(seed: int) -> bytes:
    """The publisher's public key in PEM."""
    return publisher_key(seed).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _repository(one: Published, seed: int) -> dict[str, bytes]:
    """Files of a repository, with the signature that the case asks for."""
    files = {one.case.file: one.raw}
    if one.case.signed == "none":
        return files
    stranger = one.case.signed == "stranger"
    signer = EllipticSigner(ec.generate_private_key(ec.SECP256R1()) if stranger else publisher_key(seed))
    with tempfile.TemporaryDirectory(prefix="bartizan-range-") as name:
        place = Path(name) / "model" / one.case.file
        place.parent.mkdir(parents=True)
        place.write_bytes(one.honest if one.case.signed == "stale" else one.raw)
        sign(Path(name) / "model", Path(name) / ABOVE, signer)
        return files | {ABOVE: (Path(name) / ABOVE).read_bytes()}


async def _asked(root: Path, repositories: dict[str, dict[str, bytes]], published: Sequence[Published]) -> list[bool]:
    async with LabHub(repositories) as hub:
        proxy = RegistryProxy(Workspace(root), ProxySettings(hub=_LabHosts(hub.url), port=0, jobs=1))
        try:
            port = await proxy.start()
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
                out = []
                for one in published:
                    path = wanted(one.case.repository, one.case.file, commit=one.case.commit)
                    async with session.get(path) as answer:
                        out.append(answer.status == 200 and await answer.read() == one.raw)
                return out
        finally:
            await proxy.close()
