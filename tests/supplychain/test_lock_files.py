"""Lock files of every format: what they say, what they hide, and whatever else attackers write into them."""

from __future__ import annotations

import contextlib
import copy
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from lock_samples import COMMIT, HEX, NPM_1, NPM_3, PIPENV, SAMPLES, SRI, UV, WIDE, YARN_1
from osv_building import found, record, snapshot_in

from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats.toml_text import decode
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.packages.interface import ZIPPED, Lock, Source
from bartizan.supplychain.packages.readers.registry import READERS, read_with, reader_for


def read(name: str, text: str | None = None) -> Lock:
    raw = (text if text is not None else SAMPLES[name]).encode()
    reader = reader_for(name.rpartition("/")[2], raw[:8_192])
    assert reader is not None
    return read_with(reader, raw, Budget())


def checked(folder: Path, name: str, content: str | dict[str, Any]) -> set[tuple[str, str]]:
    path = folder / name.rpartition("/")[2]
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return found(path) - {("no_snapshot", "")}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_format_says_the_same(name: str) -> None:
    lock = read(name)
    alpha, beta, demo = sorted(lock.packages, key=lambda one: one.name or "z")
    python = name in {"uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock"}
    assert not lock.notes
    assert (alpha.name, alpha.version, alpha.source) == ("alpha", "1.0" if python else "1.0.0", Source.INDEX)
    wide = f"{ZIPPED if name == 'berry/yarn.lock' else 'sha512'}:{WIDE}"
    assert alpha.hashes[0] == (f"sha256:{HEX}" if python else wide)
    assert alpha.index in ({"https://index.example/simple"} if python else {"https://npm.example", ""})
    assert (beta.name, beta.source, beta.commit, beta.runs) == ("beta", Source.VCS, COMMIT, True)
    assert demo.source is Source.LOCAL


@pytest.mark.parametrize("name", SAMPLES)
def test_recognised_under_another_name(name: str) -> None:
    raw = SAMPLES[name].encode()
    told, other = reader_for(name.rpartition("/")[2], raw), reader_for("upload", raw)
    assert told is other is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_advisories_hold_in_every_format(tmp_path: Path, name: str) -> None:
    python = name in {"uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock"}
    ecosystem = "PyPI" if python else "npm"
    osv = snapshot_in(tmp_path / "osv", [record("alpha", ecosystem=ecosystem, kind="SEMVER")], ecosystem)
    path = tmp_path / name.rpartition("/")[2]
    path.write_text(SAMPLES[name], encoding="utf-8")
    kind = "pypi/alpha@1.0" if python else "npm/alpha@1.0.0"
    assert ("vulnerability_high", f"pkg:{kind}") in found(path, osv)


@pytest.mark.parametrize("name", SAMPLES)
def test_mutations_break_no_reader(name: str) -> None:
    chance, raw = random.Random(name), SAMPLES[name].encode()
    pieces = [b"", b"[", b"{", b'"', b"\n", b"null", b"[[package]]", b"\xff", b"1", b"://[", b"a.b.c=1\n", b": &a *a\n"]
    for _ in range(250):
        mutant = bytearray(raw)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(mutant))
            mutant[at : at + chance.randrange(12)] = chance.choice(pieces)
        reader = reader_for(name.rpartition("/")[2], bytes(mutant[:8_192]))
        assert reader is not None
        with contextlib.suppress(MalformedError):
            read_with(reader, bytes(mutant), Budget())


def test_a_broken_address_is_malformed_and_nothing_more(tmp_path: Path) -> None:
    broken = copy.deepcopy(NPM_3)
    broken["packages"]["node_modules/alpha"]["resolved"] = "https://[x/alpha/-/alpha-1.0.0.tgz"
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps(broken), encoding="utf-8")
    assert {rule for rule, _ in found(path)} == {"format.malformed"}


def test_shapes_of_another_kind_are_unread_or_malformed(tmp_path: Path) -> None:
    assert ("unread", "") in checked(tmp_path, "package-lock.json", {"lockfileVersion": 3, "packages": {"x": 1}})
    assert ("unread", "") in checked(tmp_path, "Pipfile.lock", {"default": {"a": "==1"}})
    for name, text in (
        ("package-lock.json", "[]"),
        ("uv.lock", "package = 1"),
        ("uv.lock", "package = [1]"),
        ("pylock.toml", 'lock-version = "2.0"'),
        ("pnpm-lock.yaml", "- a"),
        ("yarn.lock", "no entry at all"),
        ("poetry.lock", "x = " + "[" * 5_000),
    ):
        assert "format.malformed" in {rule for rule, _ in checked(tmp_path, name, text)}, name


def test_long_keys_of_toml_cost_nothing() -> None:
    began = time.process_time()
    for text in ("a" + ".a" * 200_000 + "=1", 'x={"a"' + '."a"' * 100_000 + "=1}", "[" + "a." * 100_000 + "a]"):
        with pytest.raises(MalformedError):
            decode(text.encode())
    assert time.process_time() - began < 2
    assert decode(b"a.b.c = 'x'")["a"]["b"]["c"] == "x"


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("integrity", "", "no_integrity"),
        ("integrity", "sha1-qqqqqqqqqqqqqqqqqqqqqqqqqqo=", "weak_integrity"),
        ("hasInstallScript", True, "runs_code"),
        ("resolved", "https://npm.example/omega/-/omega-1.0.0.tgz", "foreign_file"),
        ("resolved", "https://npm.example/alpha/-/alpha-6.6.6.tgz", "foreign_file"),
    ],
)
def test_what_a_package_lock_hides(tmp_path: Path, field: str, value: str | bool, rule: str) -> None:
    assert not {one for one, member in checked(tmp_path, "package-lock.json", NPM_3) if member.endswith("alpha@1.0.0")}
    hidden = copy.deepcopy(NPM_3)
    hidden["packages"]["node_modules/alpha"][field] = value
    assert rule in {one for one, _ in checked(tmp_path, "package-lock.json", hidden)}


def test_both_halves_of_version_2_are_read(tmp_path: Path) -> None:
    """npm 6 reads the half that npm 7 does not."""
    both = {**copy.deepcopy(NPM_3), "lockfileVersion": 2, "dependencies": copy.deepcopy(NPM_1["dependencies"])}
    assert not {rule for rule, _ in checked(tmp_path, "package-lock.json", both)} - {"local"}
    both["dependencies"]["alpha"]["integrity"] = ""
    assert ("no_integrity", "pkg:npm/alpha@1.0.0") in checked(tmp_path, "package-lock.json", both)


def test_aliases_scopes_and_bundles_of_npm() -> None:
    packages = {
        "node_modules/alias": {"name": "@scope/real", "version": "1.0.0", "integrity": SRI,
                               "resolved": "https://npm.example/@scope/real/-/real-1.0.0.tgz"},
        "node_modules/alias/node_modules/inner": {"version": "2.0.0", "inBundle": True},
        "node_modules/free": {"version": "3.0.0", "inBundle": True},
    }  # fmt: skip
    lock = read("package-lock.json", json.dumps({"lockfileVersion": 3, "packages": packages}))
    alias, inner, free = lock.packages
    assert (alias.purl, alias.index, lock.notes) == ("pkg:npm/%40scope/real@1.0.0", "https://npm.example", [])
    assert (inner.hashes, free.hashes) == (alias.hashes, ())


def test_an_archive_from_elsewhere_needs_a_digest(tmp_path: Path) -> None:
    moved = YARN_1.replace("https://npm.example/alpha/-/alpha-1.0.0.tgz", "https://elsewhere.example/a.tgz")
    assert ("direct_url", "pkg:npm/alpha@1.0.0") not in checked(tmp_path, "yarn.lock", moved)
    assert ("direct_url", "pkg:npm/alpha@1.0.0") in checked(tmp_path, "yarn.lock", moved.replace(SRI, ""))


def test_fields_of_yarn_that_are_quoted_or_said_twice(tmp_path: Path) -> None:
    """Yarn's own reader takes keys in quotation marks, and the last of two."""
    evil = "https://npm.example/omega/-/omega-1.0.0.tgz"
    field = '  resolved "https://npm.example/alpha/-/alpha-1.0.0.tgz'
    assert field in YARN_1
    for text in (
        YARN_1.replace(field, f'  "resolved" "{evil}'),
        YARN_1.replace("  resolved", "  resolved:").replace("alpha-1", "o-1"),
    ):
        assert "foreign_file" in {rule for rule, _ in checked(tmp_path, "yarn.lock", text)}
    twice = YARN_1.replace(f"  integrity {SRI}", f"  integrity {SRI}\n  integrity sha512-AAAA")
    assert ("no_integrity", "pkg:npm/alpha@1.0.0") in {
        (rule.replace("weak", "no"), member) for rule, member in checked(tmp_path, "yarn.lock", twice)
    }


def test_source_distributions_alone_run_code(tmp_path: Path) -> None:
    only = UV.replace("-py3-none-any.whl", ".zip")
    assert ("runs_code", "pkg:pypi/alpha@1.0") in checked(tmp_path, "uv.lock", only)
    assert ("runs_code", "pkg:pypi/alpha@1.0") not in checked(tmp_path, "uv.lock", UV)


def test_files_of_another_package_are_found(tmp_path: Path) -> None:
    assert "foreign_file" in {rule for rule, _ in checked(tmp_path, "uv.lock", UV.replace("/alpha-1.0", "/omega-1.0"))}
    assert "foreign_file" in {rule for rule, _ in checked(tmp_path, "uv.lock", UV.replace("/alpha-1.0", "/alpha-9.0"))}


def test_a_branch_is_no_commit(tmp_path: Path) -> None:
    for name in SAMPLES:
        text = SAMPLES[name].replace(COMMIT, "main")
        assert "moving_commit" in {rule for rule, _ in checked(tmp_path, name, text)}, name


def test_sources_of_pipenv_that_are_not_checked(tmp_path: Path) -> None:
    content = json.loads(PIPENV)
    content["_meta"]["sources"].append({"name": "other", "url": "http://o.example", "verify_ssl": False})
    del content["default"]["alpha"]["hashes"]
    assert {"insecure_index", "extra_index"} <= {rule for rule, _ in checked(tmp_path, "Pipfile.lock", content)}


def test_each_reader_has_an_id_of_its_own() -> None:
    assert len({reader.id for reader in READERS}) == len(READERS)
