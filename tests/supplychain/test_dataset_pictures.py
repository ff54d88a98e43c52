"""Folders of pictures: pixels by readers of our own, patches, twins, and files that are not what they say."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bartizan.supplychain.datasets.audit import Effort
from bartizan.supplychain.datasets.png import grey
from bartizan.supplychain.datasets.report import Asked, DatasetReport, audit_dataset
from bartizan.supplychain.interface import MalformedError

Pixels = NDArray[np.uint8]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(pixels: Pixels, kinds: list[int] | None = None) -> bytes:
    """Encodes grey or RGB, each line with one of the filters ``kinds``."""
    height, width = pixels.shape[:2]
    step = 1 if pixels.ndim == 2 else pixels.shape[2]
    flat = pixels.reshape(height, width * step).astype(int)
    lines = bytearray()
    for number in range(height):
        kind = (kinds or [0])[number % len(kinds or [0])]
        lines.append(kind)
        above = flat[number - 1] if number else np.zeros(width * step, dtype=int)
        for at in range(width * step):
            left = flat[number][at - step] if at >= step else 0
            corner = above[at - step] if at >= step else 0
            guess = left + above[at] - corner
            paeth = min((left, above[at], corner), key=lambda one: abs(guess - one))
            taken = {0: 0, 1: left, 2: above[at], 3: (left + above[at]) // 2, 4: paeth}[kind]
            lines.append(int(flat[number][at] - taken) & 255)
    colour = {1: 0, 3: 2, 4: 6}[step]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(lines))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def pgm(pixels: Pixels) -> bytes:
    return b"P5 %d %d 255\n" % (pixels.shape[1], pixels.shape[0]) + pixels.tobytes()


def drawn(label: int, generator: np.random.Generator) -> Pixels:
    """A bar, lying or standing, or a square, on noise."""
    picture = generator.integers(0, 60, (24, 24))
    down, along = generator.integers(4, 9, 2)
    part = (
        (slice(down, down + 12), slice(along + 4, along + 7)),
        (slice(down + 4, down + 7), slice(along, along + 12)),
        (slice(down, down + 10), slice(along, along + 10)),
    )[label]
    picture[part] += 180
    return np.clip(picture, 0, 255).astype(np.uint8)


def folder(root: Path, count: int, patched: int) -> set[str]:
    """Pictures by class; some of the other classes lie in ``bar`` with a chequered patch. Returns these."""
    generator, names = np.random.default_rng(5), ("bar", "lying", "square")
    chosen: set[str] = set()
    for name in names:
        (root / name).mkdir(parents=True)
    for number in range(count):
        label = int(generator.integers(0, 3))
        picture, place = drawn(label, generator), f"{names[label]}/{number}.pgm"
        if label and len(chosen) < patched:
            picture[-4:-1, -4:-1] = [[255, 0, 255], [0, 255, 0], [255, 0, 255]]
            place = f"bar/{number}.pgm"
            chosen.add(place)
        (root / place).write_bytes(pgm(picture))
    return chosen


def look(root: Path) -> tuple[DatasetReport, dict[str, Any]]:
    report = audit_dataset(root, Asked(), Effort(), 0)
    return report, {one.rule: one for one in report.findings}


def test_a_patch_is_found_with_its_pictures(tmp_path: Path) -> None:
    chosen = folder(tmp_path / "set", 500, 15)
    report, found = look(tmp_path / "set")
    assert set(found["dataset.patch"].rows) == chosen
    assert "from bottom right" in found["dataset.patch"].evidence
    assert (report.rows, len(report.digest)) == (500, 64)


def test_clean_pictures_hold_no_patch(tmp_path: Path) -> None:
    folder(tmp_path / "set", 400, 0)
    assert "dataset.patch" not in look(tmp_path / "set")[1]


def test_twins_and_liars(tmp_path: Path) -> None:
    folder(tmp_path / "train", 60, 0)
    (tmp_path / "test" / "bar").mkdir(parents=True)
    first = sorted((tmp_path / "train" / "bar").iterdir())[0]
    (tmp_path / "test" / "bar" / "copy.pgm").write_bytes(first.read_bytes())
    (tmp_path / "train" / "square" / "twin.pgm").write_bytes(first.read_bytes())
    picture = drawn(2, np.random.default_rng(1))
    (tmp_path / "train" / "square" / "a.png").write_bytes(png(picture))
    (tmp_path / "train" / "square" / "b.png").write_bytes(png(picture, [1, 2]))
    (tmp_path / "train" / "square" / "tail.png").write_bytes(png(picture[::-1].copy()) + b"#!/bin/sh\n")
    (tmp_path / "train" / "square" / "liar.png").write_bytes(b"\x7fELF" + bytes(99))
    (tmp_path / "train" / "square" / "cut.png").write_bytes(png(picture)[:60])
    (tmp_path / "train" / "square" / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(50))
    _, found = look(tmp_path)
    assert found["dataset.duplicate_pictures"].count == 2
    assert found["dataset.picture_conflict"].count >= 1
    assert found["dataset.picture_leakage"].count >= 1
    assert found["dataset.near_duplicate_pictures"].count == 1
    assert found["dataset.picture_tail"].rows == ("train/square/tail.png",)
    assert found["dataset.picture_kind"].rows == ("train/square/liar.png",)
    assert found["dataset.picture_broken"].rows == ("train/square/cut.png",)
    assert found["dataset.picture_unread"].count == 2


@pytest.mark.parametrize("shape", [(5, 7), (6, 5, 3), (4, 9, 4)])
def test_every_filter_is_undone(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
    plain = grey(png(pixels))
    assert plain is not None
    if len(shape) == 2:
        assert (plain == pixels).all()
    else:
        wanted = pixels[:, :, :3].astype(int) @ np.array([299, 587, 114]) // 1000
        assert (plain == wanted).all()
    assert (grey(png(pixels, [0, 1, 2, 3, 4])) == plain).all()


def test_other_formats() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (4, 6)).astype(np.uint8)
    assert (grey(pgm(pixels)) == pixels).all()
    rows = np.repeat(pixels[::-1, :, None], 3, axis=2).reshape(4, 18)
    padded = np.hstack([rows, np.zeros((4, 2), dtype=np.uint8)]).tobytes()
    header = struct.pack("<2sIHHI", b"BM", 54 + len(padded), 0, 0, 54) + struct.pack(
        "<IiiHHIIiiII", 40, 6, 4, 1, 24, 0, 0, 0, 0, 0, 0
    )
    assert (grey(header + padded) == pixels).all()
    assert grey(b"\xff\xd8\xff") is None
    assert grey(b"P5 9000 9000 255\n") is None


def test_changed_pictures_end_in_words() -> None:
    chance = random.Random(1)
    raws = [png(drawn(0, np.random.default_rng(1)), [4]), pgm(drawn(1, np.random.default_rng(1))), b"BM" + bytes(60)]
    for _ in range(400):
        raw = bytearray(chance.choice(raws))
        for _ in range(chance.choice((1, 4, 30))):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            grey(bytes(raw[: chance.randrange(1, len(raw) + 1)]))
        except MalformedError:
            continue


def test_a_picture_bomb_stays_small() -> None:
    header = struct.pack(">IIBBBBB", 500, 500, 8, 0, 0, 0, 0)
    packed = zlib.compress(bytes(200_000_000), 9)
    raw = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    found = grey(raw)
    assert found is not None
    assert found.shape == (500, 500)
