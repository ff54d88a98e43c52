"""``python -m bartizan.range.shelf FOLDER OWNER/REPOSITORY/FILE``: the shop's shelf, which trusts the begin of a name.

Vulnerable on purpose: it hands out whatever stands under a name that begins like the publisher's, and the shop's loader
unpickles it. What the publisher itself published comes from the seed; everything else from ``FOLDER/hub``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bartizan.range.intake.models import SOURCES, content
from bartizan.range.scenarios.artefact_scenario import MODULE
from bartizan.range.shelf.hub import PUBLISHER

_LARGEST = 1 << 20


def _said(problem: str) -> int:
    print(json.dumps({"loaded": False, "forecast": None, "printed": "", "error": problem}))
    return 1


def main(folder: Path, name: str) -> int:
    """Take one file off the shelf and load it as the shop does."""
    parts = name.split("/")
    if len(parts) != 3 or any(part in ("", ".", "..") for part in parts):
        return _said("OWNER/REPOSITORY/FILE is wanted")
    if not name.startswith(PUBLISHER):
        return _said(f"the shelf only takes what begins with {PUBLISHER}")
    if parts[0] == PUBLISHER:
        if parts[2] not in SOURCES:
            return _said("the publisher has no such file")
        raw = content(parts[2], int((folder / "seed").read_text("utf-8")[:20]))
    else:
        try:
            with folder.joinpath("hub", *parts).open("rb") as file:
                raw = file.read(_LARGEST)
        except OSError as error:
            return _said(f"nobody published that: {error.strerror}")
    with tempfile.TemporaryDirectory(prefix="bartizan-shelf-") as held:
        path = Path(held) / parts[2]
        path.write_bytes(raw)
        return subprocess.run([sys.executable, "-P", "-m", MODULE, str(folder), str(path)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
