"""``python -m bartizan.range.goods DELIVERY``: hand a delivery to the receiving desk. GOODS_SEED is the learner's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bartizan.range.goods.desk import receive


def main() -> int:
    """0: accepted; 1: refused; 2: usage."""
    if len(sys.argv) != 2 or not os.environ.get("GOODS_SEED", "").lstrip("-").isdigit():
        print("usage: GOODS_SEED=N python -m bartizan.range.goods DELIVERY", file=sys.stderr)
        return 2
    done = receive(Path(sys.argv[1]), int(os.environ["GOODS_SEED"]))
    print(f"{'accepted' if done.accepted else 'refused'}: {done.reason}")
    if done.printed:
        print(done.printed)
    return 0 if done.accepted else 1


if __name__ == "__main__":
    sys.exit(main())
