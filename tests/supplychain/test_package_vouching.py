"""Who vouches for a package: lists, indexes of one's own, and what an index says of age, bytes and attestations."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lock_samples import INDEX, NPM_3, SRI, UV, WIDE
from osv_building import SHA, found, locked, report
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.policy.packages import AllowedPackage, PackagePolicy
from bartizan.supplychain.packages.index.names import below, covered, near

OLD, NEW, TODAY = "2024-01-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-11-26T00:00:00Z"


def write(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def python(folder: Path, name: str, *files: tuple[str, str], sha: str = SHA, **more: Any) -> None:
    """Metadata of a project: version and upload time of each file, which has an attestation and is not yanked."""
    listed = [
        {"filename": f"{name.replace('-', '_')}-{version}-py3-none-any.whl", "hashes": {"sha256": sha},
         "upload-time": at, "yanked": False, "provenance": "https://index.example/p", "url": "x", **more}
        for version, at in files
    ]  # fmt: skip
    write(folder, f"index/PyPI/projects/{name}.json", {"name": name, "files": listed, "meta": {"api-version": "1.4"}})


def told(path: Path, **policy: Any) -> set[str]:
    """Rules of the findings, but for those that say that nothing was looked at."""
    return {rule for rule, _ in found(path, **policy)} - {"no_snapshot"}


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return write(tmp_path, "requirements.txt", locked("acme-auth==1.0"))


# -- slopsquatting: existence, age, list


def test_a_name_that_the_index_does_not_have_blocks(tmp_path: Path, lock: Path) -> None:
    write(tmp_path, "index/PyPI/index.json", {"projects": [{"name": "Some.thing"}], "meta": {}})
    assert told(lock, metadata="index") == {"unknown_name"}
    assert report(lock, metadata="index").verdict == "block"
    write(tmp_path, "index/PyPI/index.json", {"projects": [{"name": "ACME_auth"}]})
    assert told(lock, metadata="index") == {"no_metadata"}


def test_a_young_name_is_held_however_it_reads(tmp_path: Path, lock: Path) -> None:
    python(tmp_path, "acme-auth", ("1.0", NEW))
    assert told(lock, metadata="index") == {"unestablished"}
    assert told(lock, metadata="index", established_days=20) == set()
    python(tmp_path, "acme-auth", ("0.1", OLD), ("1.0", NEW))
    assert told(lock, metadata="index") == set()
    python(tmp_path, "acme-auth", ("1.0", ""))
    assert told(lock, metadata="index") == {"unestablished", "young_release"}


def test_an_attestation_makes_no_young_name_old(tmp_path: Path, lock: Path) -> None:
    """Anybody who registers a name can have its builds attested."""
    python(tmp_path, "acme-auth", ("1.0", NEW))
    assert told(lock, metadata="index", require_provenance=True) == {"unestablished"}


def test_who_is_on_the_list_needs_no_age(tmp_path: Path, lock: Path) -> None:
    python(tmp_path, "acme-auth", ("1.0", TODAY))
    vouched = AllowedPackage(package="pkg:pypi/acme-auth", versions=("1.0.0",), sha256=(SHA,))
    assert told(lock, metadata="index", allowed=(vouched,), only_allowed=True) == set()
    assert told(lock, metadata="nowhere", allowed=(vouched,)) == set()
    other = msgspec.structs.replace(vouched, versions=("2",))
    assert told(lock, metadata="index", allowed=(other,), only_allowed=True) == {
        "unestablished",
        "unlisted",
        "young_release",
    }
    bytes_ = msgspec.structs.replace(vouched, sha256=("cd" * 32,))
    assert told(lock, allowed=(bytes_,)) == {"other_bytes"}
    write(tmp_path, "requirements.txt", f"acme-auth==1.0 --hash=sha256:{SHA} --hash=sha256:{'cd' * 32}\n")
    assert told(lock, allowed=(vouched,)) == {"other_bytes"}
    write(tmp_path, "requirements.txt", "acme-auth==1.0\n")
    assert "other_bytes" in told(lock, allowed=(vouched,))


def test_only_the_list(lock: Path) -> None:
    assert told(lock, only_allowed=True) == {"unlisted"}


def test_a_lookalike_is_a_hint_and_never_a_verdict(tmp_path: Path) -> None:
    path = write(tmp_path, "requirements.txt", locked("acme-atuh==1.0", "entirely-other==1"))
    own = (AllowedPackage(package="pkg:pypi/acme-auth"),)
    assert {member for rule, member in found(path, allowed=own) if rule == "lookalike"} == {"pkg:pypi/acme-atuh@1.0"}
    (hint,) = [one for one in report(path, allowed=own).findings if one.rule == "package.lookalike"]
    assert hint.admission == "allow"


# -- what an index says of a release


@pytest.mark.parametrize(
    ("files", "more", "rule"),
    [
        ([("0.1", OLD), ("2.0", NEW)], {}, "unknown_version"),
        ([("0.1", OLD), ("1.0", TODAY)], {}, "young_release"),
        ([("0.1", OLD), ("1.0", NEW)], {"sha": "cd" * 32}, "unknown_bytes"),
        ([("0.1", OLD), ("1.0", NEW)], {"yanked": "broken"}, "withdrawn"),
    ],
)
def test_what_speaks_against_a_release(
    tmp_path: Path, lock: Path, files: list[tuple[str, str]], more: dict[str, Any], rule: str
) -> None:
    python(tmp_path, "acme-auth", *files, **more)
    assert told(lock, metadata="index") == {rule}


def test_an_attestation_that_went_missing_is_told(tmp_path: Path, lock: Path) -> None:
    python(tmp_path, "acme-auth", ("0.1", OLD), ("1.0", NEW))
    path = tmp_path / "index/PyPI/projects/acme-auth.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["files"][1]["provenance"] = None
    path.write_text(json.dumps(document), encoding="utf-8")
    assert told(lock, metadata="index") == {"lost_provenance"}
    document["files"][0]["provenance"] = None
    path.write_text(json.dumps(document), encoding="utf-8")
    assert told(lock, metadata="index") == set()
    assert told(lock, metadata="index", require_provenance=True) == {"no_provenance"}


def test_documents_of_npm(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "package-lock.json",
        {**NPM_3, "packages": {"node_modules/alpha": NPM_3["packages"]["node_modules/alpha"]}},
    )
    dist = {
        "integrity": SRI,
        "attestations": {"url": "x", "provenance": {"predicateType": "https://slsa.dev/provenance/v1"}},
    }
    document: dict[str, Any] = {
        "name": "alpha",
        "time": {"created": OLD, "0.9.0": OLD, "1.0.0": NEW},
        "versions": {"0.9.0": {"dist": dist}, "1.0.0": {"dist": dist, "hasInstallScript": True}},
    }
    write(tmp_path, "index/npm/projects/alpha.json", document)
    assert told(path, metadata="index") == {"runs_code"}
    assert told(path, metadata="index", may_run=("pkg:npm/alpha",)) == set()
    document["versions"]["1.0.0"] = {"dist": {"integrity": SRI.replace("zc3N", "AAAA")}}
    write(tmp_path, "index/npm/projects/alpha.json", document)
    assert told(path, metadata="index") == {"unknown_bytes", "lost_provenance"}
    write(tmp_path, "index/npm/index.json", ["beta"])
    assert told(path, metadata="index") == {"unknown_name"}
    assert WIDE


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"name": "other"}', '{"name": "acme-auth", "files": 1}', "[" * 99_999]
)
def test_metadata_that_are_none_leave_it_inconclusive(tmp_path: Path, lock: Path, content: str) -> None:
    write(tmp_path, "index/PyPI/projects/acme-auth.json", content)
    assert told(lock, metadata="index") == {"no_metadata"}


def test_hostile_names_reach_no_other_file(tmp_path: Path) -> None:
    write(tmp_path, "index/secret.json", {"name": "../../secret", "versions": {"1.0.0": {}}})
    packages = {
        f"node_modules/{name}": {"version": "1.0.0", "integrity": SRI} for name in ("../../secret", "a/../../secret")
    }
    path = write(tmp_path, "package-lock.json", {"lockfileVersion": 3, "packages": packages})
    assert told(path, metadata="index") == {"no_metadata"}


def test_what_comes_from_elsewhere_needs_somebody_who_vouches(tmp_path: Path) -> None:
    url = "https://files.example/gamma-1.0-py3-none-any.whl"
    path = write(tmp_path, "requirements.txt", f"gamma @ {url}#sha256={SHA}\n")
    assert told(path) == set()
    assert told(path, metadata="index") == told(path, indexes=(INDEX,)) == {"outside_index"}
    assert told(path, metadata="index", indexes=("https://files.example",)) == set()
    vouched = AllowedPackage(package="pkg:pypi/gamma", versions=("1.0",), sha256=(SHA,))
    assert told(path, metadata="index", allowed=(vouched,)) == set()


# -- dependency confusion


@pytest.mark.parametrize(
    ("text", "confused"),
    [
        ("acme-auth==1.0\n", True),
        (locked("acme-auth==1.0"), False),
        ("--index-url https://pypi.acme.example/simple\nacme-auth==1.0\n", False),
        ("--index-url https://pypi.acme.example/simple/team/\nacme-auth==1.0\n", False),
        ("--index-url https://user:token@pypi.acme.example/simple\nacme-auth==1.0\n", False),
        ("--index-url https://pypi.acme.example.evil.example/simple\nacme-auth==1.0\n", True),
        ("--index-url https://pypi.acme.example/simple/../evil\nacme-auth==1.0\n", True),
        ("--index-url https://pypi.acme.example/other\nacme-auth==1.0\n", True),
        (
            "-i https://pypi.acme.example/simple\n--extra-index-url https://public.example/simple\nacme-auth==1.0\n",
            True,
        ),
        ("--extra-index-url https://pypi.acme.example/simple\nacme-auth==1.0\n", True),
        ("acme-auth @ https://files.example/acme_auth-1.0-py3-none-any.whl\n", True),
        ("acme-auth @ git+https://pypi.acme.example/simple/x.git@main\n", False),
        ("requests==1\n", False),
    ],
)
def test_internal_names_come_from_internal_indexes(tmp_path: Path, text: str, confused: bool) -> None:
    path = write(tmp_path, "requirements.txt", text)
    own = {"internal": ("acme-*",), "internal_indexes": ("https://pypi.acme.example/simple",)}
    assert ("confusion" in told(path, **own)) == confused


def test_a_digest_of_an_internal_name_is_looked_up(tmp_path: Path, lock: Path) -> None:
    own: dict[str, Any] = {"internal": ("acme-*",), "internal_indexes": ("https://pypi.acme.example/simple",)}
    assert told(lock, **own) == {"unknown_origin"}
    assert told(lock, **own, allowed=(AllowedPackage(package="pkg:pypi/acme-auth", sha256=(SHA,)),)) == set()
    assert told(lock, **own, metadata="index") == {"unknown_origin"}
    python(tmp_path, "acme-auth", ("1.0", OLD))
    assert told(lock, **own, metadata="index") == {"confusion"}
    python(tmp_path, "acme-auth", ("1.0", OLD), sha="cd" * 32)
    assert told(lock, **own, metadata="index") == set()
    write(tmp_path, "index/PyPI/index.json", {"projects": []})
    assert told(lock, **own, metadata="index") == set()


def test_a_lock_that_took_an_internal_name_from_another_index_blocks_although_it_is_hashed(tmp_path: Path) -> None:
    path = write(tmp_path, "uv.lock", UV)
    own = {"internal": ("alpha",), "internal_indexes": ("https://pypi.acme.example",)}
    assert "confusion" in told(path, **own)
    assert "confusion" not in told(path, internal=("alpha",), internal_indexes=(INDEX,))
    packages = {"node_modules/@acme/x": {"version": "1.0.0", "integrity": SRI,
                                         "resolved": "https://public.example/@acme/x/-/x-1.0.0.tgz"}}  # fmt: skip
    npm = write(tmp_path, "package-lock.json", {"lockfileVersion": 3, "packages": packages})
    assert told(npm, internal=("@acme/*",), internal_indexes=("https://npm.acme.example",)) == {"confusion"}


def test_indexes_that_policy_does_not_name(tmp_path: Path) -> None:
    path = write(tmp_path, "uv.lock", UV)
    assert "foreign_index" not in told(path, indexes=(INDEX,))
    assert "foreign_index" in told(path, indexes=("https://other.example",))


def test_names_and_places() -> None:
    assert covered("acme-x", ["acme-*"])
    assert not covered("acme", ["acme-*", "acm"])
    assert below("https://H.example:8443/a/b", ["https://h.example:8443/a/"])
    for strange in ("https://h.example/a", "http://h.example:8443/a", "https://h.example:8443/a/%2e%2e/b", "", "x\\y"):
        assert not below(strange, ["https://h.example:8443/a", ""])


def distance(one: str, other: str) -> int:
    """An oracle: the recursion of the definition (optimal string alignment)."""
    if not one or not other:
        return len(one) + len(other)
    best = min(
        distance(one[1:], other) + 1, distance(one, other[1:]) + 1, distance(one[1:], other[1:]) + (one[0] != other[0])
    )
    if len(one) > 1 and len(other) > 1 and one[0] == other[1] and one[1] == other[0]:
        best = min(best, distance(one[2:], other[2:]) + 1)
    return best


def test_near_names_agree_with_the_definition() -> None:
    chance = random.Random(3)
    for _ in range(300):
        one, other = ("".join(chance.choices("abc", k=chance.randint(0, 5))) for _ in range(2))
        for most in (0, 1, 2):
            assert near(one, other, most) == (distance(one, other) <= most), (one, other, most)


# -- the command


def test_the_command_takes_policy_from_a_file(tmp_path: Path, lock: Path) -> None:
    rules = write(
        tmp_path, "rules.yaml", "only_allowed: true\nallowed: [{package: 'pkg:pypi/acme-auth'}]\nosv: advisories\n"
    )
    done = CliRunner().invoke(app, ["scan", str(lock), "--packages", str(rules), "--format", "json"])
    (result,) = json.loads(done.stdout)["results"]
    assert (done.exit_code, [one["rule"] for one in result["findings"]]) == (2, ["package.no_snapshot"])
    assert str(tmp_path / "advisories") in result["findings"][0]["explanation"]
    write(tmp_path, "rules.yaml", "only_alowed: true\n")
    done = CliRunner().invoke(app, ["scan", str(lock), "--packages", str(rules)])
    assert done.exit_code == 2 or done.exception is not None


def test_defaults_ask_for_nothing(lock: Path) -> None:
    assert PackagePolicy() == msgspec.convert({}, PackagePolicy)
    assert told(lock) == set()
