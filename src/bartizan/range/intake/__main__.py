"""``python -m bartizan.range.intake FOLDER FILE…``: the shop's loader, which trusts a list of words.

Vulnerable on purpose: it unpickles. Each file is loaded in a process of its own, with limits on time and written files.
The folder holds the learner's seed, or the environment does (INTAKE_SEED). One JSON line a file: whether it was loaded,
what it forecasts for ten bicycles, what it printed.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import pickle
import resource
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from bartizan.range.intake import shop_models
from bartizan.range.intake.models import OWN, shop_code

REFUSED = (b"system", b"subprocess", b"popen", b"eval", b"exec", b"builtins")
"""Words that no file may hold: the shop's idea of a scanner."""
_SECONDS, _WRITTEN = 10, 1 << 20


def load(raw: bytes) -> Any:
    """What the shop makes of a file, by its first bytes."""
    import numpy as np

    if raw.startswith(b"\x1f\x8b"):
        raw = gzip.decompress(raw)
    if raw.startswith(b"PK"):
        found = np.load(io.BytesIO(raw), allow_pickle=True)
        return {"weights": list(found["weights"]), "bias": float(found["bias"][0])}
    if raw[8:9] == b"{":
        size = struct.unpack("<Q", raw[:8])[0]
        *weights, bias = struct.unpack("<3d", raw[8 + size :])
        return {"weights": weights, "bias": bias}
    return pickle.loads(raw)  # noqa: S301 - the weakness of the exercise


def forecast(model: Any) -> float | None:
    """For ten bicycles; None for what is no model."""
    if hasattr(model, "predict"):
        return float(model.predict(10))
    if isinstance(model, dict) and len(model.get("weights", ())) == 2:
        return float(model["weights"][0] * 10 + model["weights"][1] * 100 + model["bias"])
    return None


def _child(path: Path, out: int, code: str) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN, _WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ["SHOP_CODE"] = code
    answer: dict[str, Any] = {"loaded": False, "forecast": None, "printed": "", "error": ""}
    with tempfile.TemporaryFile() as screen:
        os.dup2(screen.fileno(), 1)
        os.dup2(screen.fileno(), 2)
        try:
            raw = path.read_bytes()
            if any(word in raw for word in REFUSED):
                answer["error"] = "refused: it holds a forbidden word"
            else:
                model = load(raw)
                answer |= {"loaded": True, "forecast": forecast(model)}
                print(repr(model)[:300])
        except BaseException as error:
            answer["error"] = f"{type(error).__name__}: {error}"[:300]
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
        screen.seek(0)
        answer["printed"] = screen.read(4_000).decode("utf-8", "replace")
    os.write(out, json.dumps(answer).encode() + b"\n")
    os._exit(0)


def main() -> None:
    """Load each file in a process of its own."""
    folder, *files = (Path(one) for one in sys.argv[1:])
    seed = int(os.environ.get("INTAKE_SEED") or (folder / "seed").read_text("utf-8")[:20])
    sys.modules[OWN] = shop_models
    import numpy  # noqa: F401 - once, before the processes are made

    for path in files:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _child(path, writing, shop_code(seed))
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            said = answer.read(1 << 16).decode("utf-8", "replace").strip()
        os.waitpid(child, 0)
        found = json.loads(said) if said else {"loaded": False, "forecast": None, "printed": "", "error": "it died"}
        print(json.dumps({"file": str(path), **found}), flush=True)


if __name__ == "__main__":
    main()
