"""Where signatures are enforced, no reader of a workspace acts by policy that nobody signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bartizan.app.guards import load_guard
from bartizan.app.hardening import sign_snapshot
from bartizan.app.mcp_setting import mcp_setting
from bartizan.app.office_range import lab_guard
from bartizan.app.protecting import open_protection
from bartizan.core.artefact import Admission, ArtefactReport
from bartizan.core.errors import ConfigurationError
from bartizan.policy.in_force import policy_in_force
from bartizan.supplychain.admission.gate import rules_of
from bartizan.trust.signing import write_key_pair
from bartizan.workspace.signed import Seal
from bartizan.workspace.workspace import Workspace

SIGNED = "version: 1\nclassifier: {enabled: false}\ntools: {guard: strict}\nartefacts: {pack: strict}\n"
EDITED = SIGNED.replace("strict", "observe") + "mode: monitor\n"
WAIVER = (
    f'- {{subject: pickle.call, sha256: "{"0" * 64}", reason: r, author: a, date: 2026-01-01, expires: 2099-01-01}}\n'
)


def observed_only(root: Path) -> bool:
    with open_protection(root) as protection:
        return protection.parts.monitor


def waived(root: Path) -> bool:
    report = ArtefactReport(path="x.pkl", verdict=Admission.BLOCK, sha256="0" * 64)
    return bool(rules_of(Workspace(root))[1].facts(report, date(2026, 6, 1)).waived)


READERS: dict[str, Callable[[Path], Any]] = {
    "inspect": lambda root: load_guard(root).policy.document.tools.guard,
    "mcp": lambda root: mcp_setting(root, command=("server",)).policy.tools.guard,
    "artefacts": lambda root: rules_of(Workspace(root))[0].name,
    "waivers": waived,
    "agents": observed_only,
    "range": lambda root: lab_guard(root) is None,
    "anything": lambda root: policy_in_force(Workspace(root)).mode.value,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    write_key_pair(tmp_path / "key")
    (root / "policy.yaml").write_text(SIGNED)
    (root / "bartizan.yaml").write_text(f"version: 1\nsnapshots: {{mode: enforced, keys: [{tmp_path}/key.pub]}}\n")
    sign_snapshot(root, tmp_path / "key", "first")
    return root


@pytest.mark.parametrize("name", READERS)
def test_an_unsigned_edit_is_not_acted_by(root: Path, name: str) -> None:
    read, seal = READERS[name], Seal(Workspace(root))
    signed = read(root)
    seal.keep(seal.current())
    (root / "policy.yaml").write_text(EDITED)
    (root / "waivers.yaml").write_text(WAIVER)
    assert read(root) == signed, "the last good version"
    (root / ".bartizan/snapshot.last").unlink()
    with pytest.raises(ConfigurationError, match="not those that were signed"):
        read(root)
    (root / "policy.yaml").unlink()
    with pytest.raises(ConfigurationError, match="not those that were signed"):
        read(root)
    (root / "policy.yaml").write_text(EDITED)
    (root / "bartizan.yaml").write_text("version: 1\n")
    assert read(root) != signed, "the edit says something else"
