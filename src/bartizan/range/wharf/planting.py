"""What the learner finds on disk: advisories as osv-scanner keeps them, index metadata, a lock file, notes."""

from __future__ import annotations

import datetime
import json
import zipfile
from pathlib import Path
from typing import Any

from bartizan.range.wharf.world import INTERNAL, PUBLIC, PUBLIC_SHELF, digest

_HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
_LOW = "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N"
NOTES = f"""\
How we install

Our own packages are called ferry-auth and ferry-timetable, and whatever comes later will begin with ferry- too.
They are on our own index, {INTERNAL}, and nowhere else.
Everything else comes from {PUBLIC}.

shore-tiles is new. Our partner made it, and two of us have read 0.1, the file in lock.txt.

advisories/ is what osv-scanner fetched this morning. index/ is what {PUBLIC} says of the packages that it has.
"""


def plant(folder: Path, seed: int, now: datetime.datetime) -> None:
    """Write everything; what was there is written anew."""
    _advisories(folder / "advisories" / "osv-scanner" / "PyPI" / "all.zip", now)
    projects = folder / "index" / "PyPI" / "projects"
    projects.mkdir(parents=True, exist_ok=True)
    for name in PUBLIC_SHELF:
        (projects / f"{name}.json").write_text(json.dumps(_project(name, seed, now), indent=1), encoding="utf-8")
    listing = {"meta": {"api-version": "1.4"}, "projects": [{"name": name} for name in PUBLIC_SHELF]}
    (folder / "index" / "PyPI" / "index.json").write_text(json.dumps(listing), encoding="utf-8")
    (folder / "NOTES.txt").write_text(NOTES, encoding="utf-8")
    (folder / "lock.txt").write_text(lock(["harbour-maps==3.2", "shore-tiles==0.1"], [], [], seed), encoding="utf-8")


def lock(public: list[str], internal: list[str], lines: list[str], seed: int) -> str:
    """A requirements file: lines as they are, then pins with the digests of either index."""
    out = list(lines)
    for index, pins in ((PUBLIC, public), (INTERNAL, internal)):
        for pin in pins:
            name, _, version = pin.partition("==")
            out.append(f"{pin} --hash=sha256:{digest(index, name, version, seed)}")
    return "\n".join(out) + "\n"


def _project(name: str, seed: int, now: datetime.datetime) -> dict[str, Any]:
    files = []
    for release in PUBLIC_SHELF[name]:
        file = f"{name.replace('-', '_')}-{release.version}-py3-none-any.whl"
        files.append(
            {
                "filename": file,
                "url": f"https://files.example/{file}",
                "hashes": {"sha256": digest(PUBLIC, name, release.version, seed)},
                "upload-time": (now - datetime.timedelta(days=release.days, hours=1)).isoformat(),
                "yanked": False,
                "provenance": f"https://index.example/integrity/{file}" if release.attested else None,
            }
        )
    return {"meta": {"api-version": "1.4"}, "name": name, "files": files}


def _advisories(path: Path, now: datetime.datetime) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    records = (
        ("GHSA-berth-0001", "berth-solver", "0", "1.1", _HIGH, "Reads files outside of the folder"),
        ("GHSA-state-0002", "sea-state", "0", "2.1", _LOW, "Says in errors which version it is"),
        ("MAL-2026-0003", "chart-render", "1.6", "", "", "Sends the environment to a stranger"),
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, name, introduced, fixed, vector, summary in records:
            events = [{"introduced": introduced}, *([{"fixed": fixed}] if fixed else [])]
            ranges = {"type": "ECOSYSTEM", "events": events}
            record = {
                "id": key,
                "modified": (now - datetime.timedelta(hours=5)).isoformat(),
                "summary": summary,
                "severity": [{"type": "CVSS_V3", "score": vector}] if vector else [],
                "affected": [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": [ranges]}],
            }
            archive.writestr(f"{key}.json", json.dumps(record))
