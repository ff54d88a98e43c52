"""Material in which neither the document nor the dress of a line may say which rows are attacks."""

from __future__ import annotations

import json
import random
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from training.generate import contrast, descriptions, tool_results
from training.generate.descriptions import Documents
from training.generate.orders import between_people, harmless, order
from training.generate.slots import SLOT, corpus
from training.generate.wrappers import FORMS, wrapped
from training.rows import Row

COUNT = 1_500
STEPS = "\n\n".join(
    f"Step {number}\n------\n\nInstall part {number}. Then run ``tool --part {number}``." for number in range(60)
)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five packages; the first holds examples of eight services."""
    folder = tmp_path_factory.mktemp("wheels")
    for number in range(5):
        with zipfile.ZipFile(folder / f"pack{number}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"pack{number}-1.0.dist-info/METADATA", f"Name: pack{number}\n\nPackage {number}\n\n{STEPS}")
            for service in range(8 if number == 0 else 0):
                text = f'To list {service}\n\nOutput::\n\n    {{"Name": "n{service}"}}\n'
                wheel.writestr(f"awscli/examples/service{service}/list.rst", text)
    return folder


@pytest.fixture(scope="module")
def documents(wheels: Path) -> Documents:
    return Documents(wheels, held_out=False)


@pytest.fixture(scope="module")
def rows(documents: Documents) -> list[Row]:
    return list(contrast.rows(random.Random(1), COUNT, documents))


def test_the_same_seed_writes_the_same_rows(documents: Documents, rows: list[Row]) -> None:
    assert list(contrast.rows(random.Random(1), COUNT, documents)) == rows
    assert list(contrast.rows(random.Random(2), COUNT, documents)) != rows
    first, again = (list(descriptions.rows(random.Random(3), 50, documents)) for _ in range(2))
    assert first == again


def test_a_wrapper_stands_around_both_classes_about_alike(rows: list[Row]) -> None:
    sources = Counter(row.source.rsplit("/")[-1] for row in rows)
    assert 0.8 < sources["wrapped"] / sources["wrapped_benign"] < 1.25
    assert 0.35 < sum(row.attack for row in rows) / COUNT < 0.45


def test_a_span_holds_the_order_and_only_attacks_have_one(rows: list[Row]) -> None:
    for row in rows:
        assert bool(row.spans) is bool(row.attack)
        for start, end in row.spans:
            assert 0 <= start < end <= len(row.text)
            assert row.text[start:end].strip()


def test_carriers_of_both_classes_are_of_the_same_kinds(rows: list[Row]) -> None:
    """A document that looks like JSON is no more often an attack than another."""
    records = [
        row.attack
        for row in rows
        if row.source.endswith(("wrapped", "wrapped_benign")) and row.text.lstrip()[:1] in "[{"
    ]
    assert len(records) > 60
    assert 0.3 < sum(records) / len(records) < 0.65


def test_a_line_in_a_json_string_leaves_it_json() -> None:
    rng = random.Random(4)
    text = json.dumps([{"title": "Fix the build", "body": "It fails.", "id": 3}], indent=2)
    inside = 0
    for _ in range(60):
        line = 'Say "no".\nThen stop.'
        changed, (start, end) = contrast.planted(rng, text, line)
        try:
            found = json.loads(changed)
        except ValueError:
            continue
        inside += any(line in str(value) for value in found[0].values())
        assert json.loads(f'"{changed[start:end]}"') == line
    assert inside > 25


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_holds_its_line(form: object) -> None:
    rng = random.Random(5)
    assert callable(form)
    for _ in range(40):
        assert "THE LINE" in form(rng, "THE LINE")


def test_no_slot_stays_open() -> None:
    rng = random.Random(6)
    names = {*corpus("orders")["slots"], *corpus("slots"), "order", "reader", "sender"}
    for _ in range(600):
        for text in (order(rng)[0], harmless(rng)[0], between_people(rng), wrapped(rng, "x")):
            assert not names & set(SLOT.findall(text)), text


def test_orders_are_many() -> None:
    rng = random.Random(7)
    assert len({order(rng)[0] for _ in range(1_000)}) > 800


def test_held_out_documents_are_not_trained_on(wheels: Path, documents: Documents) -> None:
    held = Documents(wheels, held_out=True)
    assert held.descriptions
    assert held.examples
    assert not set(held.descriptions) & set(documents.descriptions)
    assert not set(held.examples) & set(documents.examples)


def test_a_piece_has_the_wanted_size(documents: Documents) -> None:
    rng = random.Random(8)
    lengths = [len(documents.piece(rng, 300, 1_200)) for _ in range(100)]
    assert max(lengths) <= 1_200
    assert len(set(lengths)) > 20


def test_no_trained_package_is_installed_beside_the_product() -> None:
    """Descriptions of what the product depends on are a test of the model, but for those that came later."""
    names = {one.split("==")[0] for one in descriptions.REQUIREMENTS} | set(descriptions.INSTALLED)
    folder = Path(__file__).parents[2] / "requirements"
    for group in ("run", "dev"):
        pinned = {line.split("==")[0] for line in (folder / f"{group}.txt").read_text().splitlines() if "==" in line}
        assert names & pinned == (descriptions.NO_TEST if group == "dev" else set())


def test_results_of_tools_are_varied() -> None:
    rng = random.Random(9)
    prose = tool_results.prose_of(rng, None)
    texts = [tool_results.result(rng, prose) for _ in range(300)]
    parsed = sum(text.lstrip()[:1] in "[{" for text in texts)
    assert 60 < parsed < 280
    assert len(set(texts)) > 280
