"""Files that manifests list, objects that NeMo 2 makes, and settings of package installers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from building import rules_of

UP = "../../etc/passwd"


def of(content: Any, name: str) -> set[str]:
    return rules_of(json.dumps(content).encode(), name)


@pytest.mark.parametrize(
    "manifest",
    [
        lambda path: {"_data_files": [{"filename": path}], "_fingerprint": "a"},
        lambda path: {"format": "layers-model", "weightsManifest": [{"paths": ["a.bin", path], "weights": []}]},
        lambda path: {"fileFormatVersion": "1.0.0", "itemInfoEntries": {"a": {"path": path, "name": "model.mlmodel"}}},
        lambda path: {"class": "PipelineModel", "sparkVersion": "3.5.0", "paramMap": {"stageUids": ["a_1", path]}},
    ],
)
def test_a_manifest_names_files_inside_its_folder(manifest: Any) -> None:
    assert "hub.path" in of(manifest(UP), "manifest.json")
    assert "hub.path" in of(manifest("http://h.dev/w.bin"), "manifest.json")
    assert "hub.path" not in of(manifest("part/w.bin"), "manifest.json")


def test_shapes_of_another_kind_are_passed_over() -> None:
    for content in (
        {"_data_files": "x", "weightsManifest": {"paths": UP}, "itemInfoEntries": [UP]},
        {"sparkVersion": 3, "paramMap": [UP]},
        {"_data_files": [None, 1], "weightsManifest": [{"paths": None}], "itemInfoEntries": {"a": None}},
    ):
        assert "hub.path" not in of(content, "manifest.json")


def test_what_nemo_makes_from_module_and_name() -> None:
    made = {
        "objects": {"a": {"type": {"module": "os", "name": "system"}, "items": []}},
        "root": {"type": "ref", "key": "a"},
    }
    assert "target.dangerous" in of(made, "io.json")
    made["objects"]["a"]["type"] = {"module": "pathlib", "name": "PosixPath"}
    assert "target.dangerous" not in of(made, "io.json")
    assert "target.dangerous" not in of({"module": "os", "name": "system"}, "io.json")


@pytest.mark.parametrize("line", ["-r http://h.dev/r.txt", "x @ http://h.dev/x.whl", "--index-url http://h.dev/simple"])
def test_environments_of_mlflow_take_nothing_over_open_lines(line: str) -> None:
    environment = "python: 3.11\nbuild_dependencies: [pip]\ndependencies:\n  - '{}'\n"
    assert "package.insecure_index" in rules_of(environment.format(line).encode(), "python_env.yaml")
    safe = line.replace("http:", "https:")
    assert "package.insecure_index" not in rules_of(environment.format(safe).encode(), "python_env.yaml")


@pytest.mark.parametrize(
    ("name", "hostile", "harmless"),
    [
        (".npmrc", "registry=http://npm.h.dev/\n", "registry=https://npm.h.dev/\n"),
        (".npmrc", "strict-ssl=false\n", "registry=http://localhost:4873/\n"),
        ("pip.conf", "[global]\ntrusted-host = pypi.h.dev\n", "[global]\nindex-url = https://pypi.org/simple\n"),
        (".yarnrc.yml", "unsafeHttpWhitelist: ['*']\n", "yarnPath: .yarn/releases/yarn-4.1.0.cjs\n"),
        (".condarc", "channels:\n  - http://conda.h.dev/c\n", "channels:\n  - conda-forge\n"),
        ("uv.toml", '[[index]]\nurl = "http://pypi.h.dev/simple"\n', '[[index]]\nurl = "https://pypi.org/simple"\n'),
    ],
)
def test_installers_are_not_led_to_open_lines(name: str, hostile: str, harmless: str) -> None:
    assert "package.insecure_index" in rules_of(hostile.encode(), name)
    assert "package.insecure_index" not in rules_of(harmless.encode(), name)


@pytest.mark.parametrize(
    ("pattern", "slow"), [("^(([a-z])+.)+[A-Z]", True), (r"(\p{L}+|\d)\s", False), ("((ab)c)+", False)]
)
def test_nested_repetition_in_a_tokenizer(pattern: str, slow: bool) -> None:
    content = {
        "version": "1.0",
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        "model": {"type": "BPE", "vocab": {}, "merges": []},
    }
    assert ("hub.slow_pattern" in of(content, "tokenizer.json")) is slow
