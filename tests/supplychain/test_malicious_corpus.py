"""The harmless malicious corpus: every class is stopped, and those that can be loaded here really fire."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from bartizan.bench.supplychain.attack import Malicious
from bartizan.bench.supplychain.fuzzing import load
from bartizan.bench.supplychain.malicious import corpus, write
from bartizan.core.artefact import Admission
from bartizan.supplychain.scanning import ArtefactScanner

CORPUS = tuple(corpus())
INCONCLUSIVE = {"form.bomb", "form.persistent_id", "form.unknown", "form.empty"}


def test_there_are_enough_classes_and_none_twice() -> None:
    assert len(CORPUS) >= 150
    assert len({one.id for one in CORPUS}) == len(CORPUS)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("attack", CORPUS, ids=lambda one: one.id)
def test_every_class_is_stopped(attack: Malicious, tmp_path: Path) -> None:
    report = ArtefactScanner().scan(write(tmp_path, "/tmp/nothing", attack))
    wanted = Admission.INCONCLUSIVE if attack.id in INCONCLUSIVE else Admission.BLOCK
    assert report.verdict is wanted, report.findings


def test_gadgets_fire_where_they_can_be_loaded(tmp_path: Path) -> None:
    """A sample: the benchmark tries all of them, in an environment with all the loaders."""
    sample = [
        one
        for one in CORPUS
        if one.loader in {"pickle", "rows"} and (not one.needs or importlib.util.find_spec(one.needs) is not None)
    ][::8]
    for loader in ("pickle", "rows"):
        own = [one for one in sample if one.loader == loader]
        paths = [write(tmp_path, str(tmp_path / f"marker-{one.id}"), one) for one in own]
        load(loader, paths)
    fired = [one for one in sample if list(tmp_path.glob(f"marker-{one.id}*"))]
    assert len(sample) >= 12
    assert len(fired) >= 0.8 * len(sample), sorted({one.id for one in sample} - {one.id for one in fired})
