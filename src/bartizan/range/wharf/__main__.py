"""``python -m bartizan.range.wharf REQUIREMENTS``: hand a file to the build machine. WHARF_SEED is the learner's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bartizan.range.wharf.installer import install


def main() -> int:
    """0: installed; 1: refused; 2: usage."""
    if len(sys.argv) != 2 or not os.environ.get("WHARF_SEED", "").isdigit():
        print("usage: WHARF_SEED=N python -m bartizan.range.wharf REQUIREMENTS", file=sys.stderr)
        return 2
    done = install(Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace"), int(os.environ["WHARF_SEED"]))
    print(f"{'installed' if done.accepted else 'refused'}: {done.reason}")
    if done.printed:
        print(f"setup.py of a package says: {done.printed}")
    return 0 if done.accepted else 1


if __name__ == "__main__":
    sys.exit(main())
