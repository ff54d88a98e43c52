"""Builds snapshots of advisories as osv-scanner keeps them, and scans lock files against them."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bartizan.core.artefact import ArtefactReport
from bartizan.policy.packages import PackagePolicy
from bartizan.supplychain.packages.checks import PackageChecks
from bartizan.supplychain.scanning import ArtefactScanner

NOW = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.UTC)
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
MEDIUM = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"
SHA = "ab" * 32


def record(
    name: str,
    events: Sequence[dict[str, str]] = ({"introduced": "0"},),
    *,
    key: str = "GHSA-1",
    ecosystem: str = "PyPI",
    vector: str = HIGH,
    versions: Sequence[str] = (),
    modified: str = "2026-11-26T10:00:00Z",
    kind: str = "ECOSYSTEM",
    **more: Any,
) -> dict[str, Any]:
    """One advisory about one package."""
    severity = [{"type": "CVSS_V4" if "CVSS:4" in vector else "CVSS_V3", "score": vector}] if vector else []
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}, "versions": list(versions)}
    if events:
        affected["ranges"] = [{"type": kind, "events": list(events)}]
    return {
        "id": key,
        "modified": modified,
        "summary": "it breaks",
        "severity": severity,
        "affected": [affected],
        **more,
    }


def snapshot_in(
    folder: Path, records: Iterable[dict[str, Any] | bytes], ecosystem: str = "PyPI", layout: str = "osv-scanner"
) -> Path:
    """Write ``all.zip``; returns the folder that the option ``--osv`` takes."""
    path = folder / layout / ecosystem / "all.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, one in enumerate(records):
            raw = one if isinstance(one, bytes) else json.dumps(one).encode()
            archive.writestr(f"{number}.json", raw)
    return folder


def report(path: Path, osv: Path | None = None, **policy: Any) -> ArtefactReport:
    """Scan one lock file on a fixed day."""
    checks = PackageChecks(policy=PackagePolicy(osv=str(osv or ""), **policy), root=path.parent, today=NOW)
    return ArtefactScanner(packages=checks).scan(path)


def found(path: Path, osv: Path | None = None, **policy: Any) -> set[tuple[str, str]]:
    """Rules and packages of the findings."""
    return {(one.rule.removeprefix("package."), one.member) for one in report(path, osv, **policy).findings}


def locked(*names: str) -> str:
    """Requirements with digests."""
    return "".join(f"{name} --hash=sha256:{SHA}\n" for name in names)
