"""A tiny model, and the shipped one where this checkout has it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny_model

from bartizan.inspection.classifier import Cascade, ClassifierDetector
from bartizan.inspection.classifier.artefact import Artefact
from bartizan.inspection.classifier.detector import shipped


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a model that is sound."""
    return tiny_model.write(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Cascade:
    """Sure of four words."""
    return Cascade(Artefact(tiny_folder))


@pytest.fixture(scope="session")
def trained(request: pytest.FixtureRequest) -> ClassifierDetector:
    """The shipped model."""
    if not shipped():
        pytest.skip("this checkout has no trained model")
    model: ClassifierDetector = request.getfixturevalue("shipped_model")
    return model
