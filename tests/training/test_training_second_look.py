"""The second look is fitted to what the crops say, and documents come out of packages as they are."""

from __future__ import annotations

import hashlib
import io
import random
import tarfile
from pathlib import Path

import pytest
from training.generate import packaged
from training.generate.packaged import Packaged
from training.generate.slots import corpus
from training.second_look import Measured

from bartizan.inspection.classifier.calibration import SecondLook
from bartizan.inspection.classifier.second_look import MOST, Seen
from training import second_look

PAGE = (
    "<html><head><title>x</title></head><body><p>Eins &amp; zwei</p>" + "<p>Ein Satz über Pumpen.</p>" * 200 + "</body>"
)


def rows(rng: random.Random, count: int = 400) -> list[Measured]:
    """Harmless documents whose crops disagree, and orders whose crops agree."""
    found = []
    for number in range(count):
        attack = number % 2 == 1
        first = rng.gauss(3.5, 0.5) if attack or rng.random() < 0.3 else -3.0
        level = rng.gauss(3.5, 0.6) if attack else rng.gauss(0.0, 1.5)
        seen = [Seen(level, level + rng.gauss(1.0, 1.0))] if first > 0 else []
        found.append(Measured(str(number), attack, rng.random() < 0.7, 9, 2.8, [first, -3.0], seen))
    return found


def test_fewer_harmless_documents_are_called_and_as_many_orders() -> None:
    known = rows(random.Random(1))
    look = second_look.fitted(known)
    assert look.logit > 0
    assert look.focus >= 0
    harmless = [one for one in known if not one.attack]
    orders = [one for one in known if one.attack]
    before = sum(second_look.called(one, None) for one in harmless)
    after = sum(second_look.called(one, look) for one in harmless)
    assert after < before / 4
    kept = sum(second_look.called(one, look) for one in orders)
    assert abs(kept - sum(second_look.called(one, None) for one in orders)) <= 2
    assert second_look.fitted(known) == look


def test_windows_that_were_not_looked_at_again_count_as_they_are() -> None:
    look = SecondLook(3.0, 1.0, 0.0, 0.0, 0.0)
    denied = [Seen(-5.0, 0.0)] * MOST
    assert not second_look.called(Measured("a", False, True, 9, 2.8, [4.0] * MOST, denied), look)
    assert second_look.called(Measured("a", False, True, 9, 2.8, [4.0] * (MOST + 1), denied), look)
    assert not second_look.called(Measured("a", False, True, 9, 2.8, [-3.0], []), look)


def test_orders_by_hand_are_whole_and_in_many_languages() -> None:
    known = corpus("second_look")
    assert len(known["orders"]) >= 12
    lines = [line for language in known["orders"].values() for line in language]
    assert len(set(lines)) == len(lines) >= 100
    assert all("{order}" in wrapper for wrapper in known["wrappers"])
    assert not any("{" in line for line in lines)
    translated = {second_look._order(random.Random(seed), "maint-guide-zh-cn") for seed in range(60)}
    assert any(line in order for line in known["orders"]["zh"] for order in translated)


def package(files: dict[str, bytes]) -> bytes:
    """A Debian package with these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:xz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    members = ((b"debian-binary", b"2.0\n"), (b"data.tar.xz", stream.getvalue()))
    return b"!<arch>\n" + b"".join(map(_member, *zip(*members, strict=True)))


def _member(name: bytes, content: bytes) -> bytes:
    head = name.ljust(16) + b"0".ljust(12) + b"0".ljust(6) * 2 + b"100644  " + str(len(content)).encode().ljust(10)
    return head + b"`\n" + content + b"\n" * (len(content) % 2)


def test_documents_of_packages_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = package(
        {
            "./usr/share/doc/pumpe/html/index.html": PAGE.encode(),
            "./usr/share/doc/pumpe/README": b"A line about pumps.\n" * 300,
            "./usr/share/doc/pumpe/README.short": b"short",
            "./usr/bin/README": b"A line about programs.\n" * 300,
        }
    )
    digest = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(packaged, "packages", lambda: (Packaged("pumpe-de", "1", digest),))
    (tmp_path / "packaged").mkdir()
    (tmp_path / "packaged" / f"{digest}.deb").write_bytes(content)
    found = packaged.documents(packaged.fetch(tmp_path))
    assert {name for name, _ in found} == {"pumpe-de"}
    texts = [text for _, text in found]
    assert sorted(text.split("\n")[0] for text in texts) == ["A line about pumps.", "Eins & zwei"]
    assert not any("<" in text or "title" in text for text in texts)


def test_the_list_of_packages_is_sound() -> None:
    listed = packaged.packages()
    assert len({package.name for package in listed}) == len(listed) > 40
    assert all(len(package.sha256) == 64 for package in listed)
