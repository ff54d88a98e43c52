"""Time of a large checkpoint and of a folder, memory on hostile input; ``sha256sum`` beside it in the same rounds."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bartizan.bench.supplychain.assembler import Raw, call, name, text, value, whole
from bartizan.bench.table import Row, over_rounds
from bartizan.supplychain.scanning import ArtefactScanner

_ROUNDS = 5
_CHECKPOINT = 400_000_000
_TENSORS = 40
_SECONDS = 900
_MEASURED = """
import resource, subprocess, sys
ran = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(ran.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, flush=True)
"""


def run(progress: Callable[[str], None], files: int = 100_000) -> list[Row]:
    """Every row. ``files`` are in the largest folder."""
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        progress("a checkpoint of 400 MB")
        rows = _large(folder)
        progress("folders of 48 files")
        rows += [_folder(folder / "binary", _weights), _folder(folder / "repository", _repository)]
        for what, build in _HOSTILE.items():
            progress(f"{what} ({files:,})" if build is _crowd else what)
            place = folder / what.replace(" ", "-").replace("^", "")
            place.mkdir()
            build(place, files)
            rows.append(_memory(f"folder with {files:,} files" if build is _crowd else what, place))
            shutil.rmtree(place)
    return rows


def checkpoint(path: Path, size: int, tensors: int) -> None:
    """What ``torch.save`` writes of a state dict of ``tensors`` random tensors, ``size`` bytes together."""
    each = size // tensors
    count = each // 4
    pairs = {}
    for number in range(tensors):
        storage = Raw(value(("storage", Raw(name("torch", "FloatStorage", 2)), str(number), "cpu", count), 2) + b"Q")
        hooks = call("collections", "OrderedDict", (), 2)
        pairs[f"layer.{number}.weight"] = call(
            "torch._utils", "_rebuild_tensor_v2", (storage, 0, (count,), (1,), False, hooks), 2
        )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", whole(value(pairs, 2), 2))
        archive.writestr("archive/byteorder", "little")
        for number in range(tensors):
            archive.writestr(f"archive/data/{number}", os.urandom(each))
        archive.writestr("archive/version", "3\n")


def _large(folder: Path) -> list[Row]:
    path = folder / "checkpoint.pt"
    checkpoint(path, _CHECKPOINT, _TENSORS)
    program = shutil.which("sha256sum")
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_ROUNDS):
        if program:
            theirs.append(_timed(lambda: subprocess.run([program, str(path)], capture_output=True, check=True)))
        scanner = ArtefactScanner()
        ours.append(_timed(lambda scan=scanner: scan.scan(path)))  # type: ignore[misc]
    report = ArtefactScanner().scan(path)
    note = f"{report.verdict}, with SHA-256"
    rows = [over_rounds("checkpoint of 400 MB, scan", ours, "s", _ROUNDS, target=1.0, note=note)]
    if theirs:
        rows.append(over_rounds("checkpoint of 400 MB, sha256sum", theirs, "s", _ROUNDS))
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        rows.append(over_rounds("scan to sha256sum", ratios, "x", _ROUNDS, target=1.3))
    path.unlink()
    return rows


def _folder(folder: Path, build: Callable[[Path], None]) -> Row:
    folder.mkdir()
    build(folder)
    command = [sys.executable, "-P", "-m", "bartizan", "scan", str(folder)]
    rounds = [_timed(lambda: subprocess.run(command, capture_output=True, check=False)) for _ in range(_ROUNDS)]
    what = f"folder of {len(list(folder.iterdir()))} files ({folder.name}), with the start of the program"
    return over_rounds(what, rounds, "s", _ROUNDS, target=2.0)


def _weights(folder: Path) -> None:
    draw = random.Random(48)  # noqa: S311 - repeatable on purpose
    for number in range(24):
        (folder / f"{number}.pkl").write_bytes(whole(value({"w": draw.randbytes(200_000), "n": [1, 2, 3]})))
        raw = json.dumps({"w": {"dtype": "F32", "shape": [50_000], "data_offsets": [0, 200_000]}}).encode()
        content = struct.pack("<Q", len(raw)) + raw + draw.randbytes(200_000)
        (folder / f"{number}.safetensors").write_bytes(content)


def _repository(folder: Path) -> None:
    """Like a repository on a model hub: shards, settings, a chat template, texts."""
    _weights(folder)
    for number in range(12, 24):
        (folder / f"{number}.pkl").unlink()
        (folder / f"config-{number}.json").write_text(json.dumps({"model_type": "llama", "hidden_size": number}))
    template = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    (folder / "config-12.json").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template, "model_max_length": 4096}))
    (folder / "config-13.json").unlink()
    (folder / "README.md").write_text("# A model\n\n" + "It answers questions about bicycles in plain words.\n\n" * 80)


def _memory(what: str, place: Path) -> Row:
    command = [sys.executable, "-P", "-m", "bartizan", "scan", "--jobs", "1", str(place)]
    begin = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURED, *command], capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    code, kilobytes = (int(one) for one in ran.stdout.split())
    seconds = time.monotonic() - begin
    note = f"exit {code} after {seconds:.1f} s" + ("" if code in {1, 2} else ", which allows it")
    return Row(f"{what}, most memory", kilobytes / 1024, "MiB", 1, target=300.0, note=note)


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _sparse(place: Path, _: int) -> None:
    with (place / "model.bin").open("wb") as file:
        file.truncate(100 << 30)


def _zip_bomb(place: Path, _: int) -> None:
    with zipfile.ZipFile(place / "model.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(16):
            archive.writestr(f"{number}.npy", bytes(256 << 20))


def _gzip_bomb(place: Path, _: int) -> None:
    (place / "model.joblib.gz").write_bytes(gzip.compress(gzip.compress(bytes(1 << 30), 9), 9))


def _pickle_bombs(place: Path, _: int) -> None:
    doubling = text("lol") + b"\x94" + b"".join(b"(" + b"h" + bytes([at]) * 1 + (b"h" + bytes([at])) * 9 + b"t\x94"
                                               for at in range(60))  # fmt: skip
    (place / "doubling.pkl").write_bytes(whole(doubling))
    (place / "deep.pkl").write_bytes(whole(b"(" * 3_000_000 + b"t" * 3_000_000))
    (place / "many.pkl").write_bytes(whole(b"]\x94" * 4_000_000))
    (place / "marks.pkl").write_bytes(b"\x80\x04" + b"(" * 40_000_000)
    (place / "line.pkl").write_bytes(b"V" + b"x" * 80_000_000)


def _loops(place: Path, _: int) -> None:
    inner = place / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "up").symlink_to(place)
    (inner / "self").symlink_to(inner / "self")
    (place / "model.bin").symlink_to(place / "model.bin")


def _crowd(place: Path, files: int) -> None:
    for number in range(files):
        os.close(os.open(place / f"{number:07}", os.O_CREAT | os.O_WRONLY))


_HOSTILE: dict[str, Callable[[Path, int], None]] = {
    "100 GB sparse": _sparse,
    "zip bomb of 4 GB": _zip_bomb,
    "gzip in gzip of 1 GB": _gzip_bomb,
    "pickle bombs": _pickle_bombs,
    "loops of links": _loops,
    "folder with very many files": _crowd,
}


def described(rows: Sequence[Row]) -> list[str]:
    """What the rows do not say by themselves."""
    return (
        [f"speed and memory: {os.cpu_count()} cores; median of {_ROUNDS} rounds, smallest and largest in brackets"]
        if rows
        else []
    )
