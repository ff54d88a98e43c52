"""The shipped catalogue is whole, and a broken one is refused."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from bartizan.catalog import Catalog, Confidence, load_catalog
from bartizan.catalog.loader import _Control, _Framework, _Technique, _Threat
from bartizan.core.errors import ArtefactError
from bartizan.core.threat import Threat
from bartizan.inspection.obfuscation import TECHNIQUES
from bartizan.workspace.document import loads

LLM_2026 = [
    "Prompt Injection",
    "Sensitive Information Disclosure",
    "Excessive Agency",
    "Supply Chain",
    "Data and Model Poisoning",
    "Unbounded Consumption",
    "Misinformation",
    "Hidden Context Exposure",
    "Vector and Embedding Weaknesses",
    "Improper Output Handling",
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_the_seven_threats_have_words_and_references(catalog: Catalog) -> None:
    assert list(catalog.threats) == list(Threat)
    for entry in catalog.threats.values():
        assert len(entry.description) > 80
        frameworks = {f"{row.reference.framework}-{row.reference.edition}" for row in entry.references}
        assert {"MITRE-ATLAS-2026.09", "OWASP-LLM-2025", "OWASP-LLM-2026", "NIST-AI-100-2-e2025"} <= frameworks


def test_both_editions_of_owasp_llm_are_whole_and_numbered_differently(catalog: Catalog) -> None:
    ids = [f"LLM{i:02}" for i in range(1, 11)]
    for edition in ("2025", "2026"):
        assert [row.reference.id for row in catalog.frameworks[f"OWASP-LLM-{edition}"].rows] == ids
    assert [row.title for row in catalog.frameworks["OWASP-LLM-2026"].rows] == LLM_2026
    assert catalog.row("OWASP-LLM-2025:LLM03").title == "Supply Chain"
    assert catalog.row("OWASP-LLM-2026:LLM03").title == "Excessive Agency"


def test_the_agentic_ten_are_whole(catalog: Catalog) -> None:
    assert [row.reference.id for row in catalog.frameworks["OWASP-ASI-2026"].rows] == [
        f"ASI{i:02}" for i in range(1, 11)
    ]
    used = {row.reference.id for threat in catalog.threats.values() for row in threat.references}
    assert {f"ASI{i:02}" for i in range(1, 11)} <= used


def test_every_row_says_where_it_is_from_and_how_sure_we_are(catalog: Catalog) -> None:
    for row in catalog.rows.values():
        assert row.source
        assert row.reference.edition
        assert row.verified_on.year >= 2026
        if row.confidence is not Confidence.VERIFIED:
            assert row.note, row.reference


def test_every_row_is_used(catalog: Catalog) -> None:
    """A row of ATLAS or NIST that nothing refers to is a leftover; the OWASP lists are kept whole."""
    used = {str(row.reference) for threat in catalog.threats.values() for row in threat.references}
    used |= {str(row.reference) for technique in catalog.techniques.values() for row in technique.references}
    used |= {str(reference) for control in catalog.controls.values() for reference in control.references}
    assert [name for name in catalog.rows if name not in used and not name.startswith("OWASP")] == []


def test_techniques_of_the_shipped_packs_are_in_the_catalogue(catalog: Catalog) -> None:
    folder = files("bartizan") / "inspection" / "signatures" / "packs"
    packs = [item for item in folder.iterdir() if item.name.endswith(".yaml")]
    named = {match for item in packs for match in re.findall(r"technique: *([a-z_]+)", item.read_text("utf-8"))}
    assert packs
    assert [name for name in sorted(named) if catalog.technique(name) is None] == []


def test_every_technique_that_the_code_names_is_in_the_catalogue(catalog: Catalog) -> None:
    """Detectors name their techniques in the source; an id unknown to the catalogue has no threat and no reference."""
    named = {technique for technique, _ in TECHNIQUES.values()}
    constants = r'''(?:TECHNIQUE|technique)s? ?= ?"([a-z0-9_]+)"'''
    calls = r'''(?:Oddity|_counted)\((?:text, )?"([a-z_]+)"'''
    pattern = re.compile(f"{constants}|{calls}")
    for path in Path(str(files("bartizan") / "inspection")).rglob("*.py"):
        named |= {first or second for first, second in pattern.findall(path.read_text("utf-8"))}
    assert {"zero_width", "stacked_marks", "secret_disclosure", "encoded_base64"} <= named
    assert [name for name in sorted(named) if catalog.technique(name) is None] == []


def test_techniques_are_found_by_alias(catalog: Catalog) -> None:
    found = catalog.technique("prompt_extraction")
    assert found is catalog.techniques["system_prompt_extraction"]
    assert catalog.technique("nonsense") is None


def test_controls_are_numbered_and_verifiable(catalog: Catalog) -> None:
    areas = dict.fromkeys(control.rpartition("-")[0] for control in catalog.controls)
    assert list(areas) == ["BZN-RT", "BZN-ML"]
    for area in areas:
        ids = [control for control in catalog.controls if control.startswith(area)]
        assert ids == [f"{area}-{i:02}" for i in range(1, len(ids) + 1)]
    for control in catalog.controls.values():
        assert control.threats
        assert len(control.verification) > 40
        assert control.references


def test_the_data_files_are_strict_yaml() -> None:
    folder = files("bartizan.catalog")
    kinds = {"frameworks": _Framework, "threats": _Threat, "techniques": _Technique, "controls": _Control}
    for name, kind in kinds.items():
        text = (folder / f"{name}.yaml").read_bytes()
        assert loads(text, name, tuple[kind, ...])  # type: ignore[valid-type]


def test_an_unknown_reference_is_an_error_with_a_hint(catalog: Catalog) -> None:
    with pytest.raises(ArtefactError, match="edition"):
        catalog.row("LLM03")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("threats.yaml", "OWASP-LLM-2026:LLM08", "OWASP-LLM-2026:LLM80", "LLM80"),
        ("threats.yaml", "OWASP-LLM-2026:LLM08", "OWASP-LLM-2026:LLM01", "the same row twice"),
        ("threats.yaml", "- id: agent_risk", "- id: supply_chain", "no entry for the threat agent_risk"),
        ("threats.yaml", "title:", "titel:", "threats.yaml: Object"),
        ("controls.yaml", "id: BZN-RT-02", "id: BZN-RT-01", "BZN-RT-01 is given twice"),
        ("frameworks.yaml", "id: ASI02", "id: ASI01", "OWASP-ASI-2026:ASI01 is given twice"),
        ("frameworks.yaml", "confidence: verified", "confidence: certain", "Invalid enum value"),
        ("techniques.yaml", "aliases: [prompt_extraction]", "aliases: [jailbreak]", "jailbreak is given twice"),
        ("techniques.yaml", "- {id", "- {id: {", "techniques.yaml: while parsing"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    for item in files("bartizan.catalog").iterdir():
        if item.name.endswith(".yaml"):
            shutil.copy(str(item), tmp_path / item.name)
    text = (tmp_path / name).read_text()
    assert old in text
    (tmp_path / name).write_text(text.replace(old, new))
    with pytest.raises(ArtefactError, match=message):
        load_catalog(tmp_path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"frameworks\.yaml"):
        load_catalog(tmp_path)
