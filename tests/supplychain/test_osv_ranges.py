"""Which versions an advisory speaks of: the OSV evaluation, PEP 440, semantic versions, CVSS."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from bartizan.supplychain.packages.osv.ranges import ORDERS, Answer, affects
from bartizan.supplychain.packages.osv.records import Affected, Event, Range, Scored
from bartizan.supplychain.packages.osv.severity import rating, score
from bartizan.supplychain.packages.versions import semver

NODE_SEMVER = Path("/usr/lib/node_modules/npm/node_modules/semver")


def affected(*events: Event, versions: tuple[str, ...] = (), kind: str = "ECOSYSTEM") -> Affected:
    return Affected(ranges=(Range(kind, events),) if events else (), versions=versions)


def ask(one: Affected, version: str, ecosystem: str = "PyPI", commit: str = "") -> Answer:
    return affects(one, version, ORDERS[ecosystem], commit)


INTRODUCED, FIXED, LAST = (
    (lambda v: Event(introduced=v)),
    (lambda v: Event(fixed=v)),
    (lambda v: Event(last_affected=v)),
)


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ((INTRODUCED("0"),), ["0.dev1", "1", "99"], []),
        ((INTRODUCED("0"), FIXED("1.0.2")), ["0.1", "1.0.1", "1.0.2rc1"], ["1.0.2", "1.0.10", "2"]),
        ((INTRODUCED("1.0"), LAST("1.2")), ["1.0", "1.2", "1.2.0"], ["0.9", "1.2.1", "1.2.post1"]),
        (
            (INTRODUCED("1.0.0"), FIXED("1.0.2"), INTRODUCED("3.0.0"), FIXED("3.2.5")),
            ["1.0.1", "3.0", "3.2.4"],
            ["1.0.2", "2.9", "3.2.5", "0.9"],
        ),
        ((FIXED("3.2.5"), INTRODUCED("3.0.0"), FIXED("1.0.2"), INTRODUCED("1.0.0")), ["1.0.1", "3.1"], ["2", "4"]),
        ((INTRODUCED("1"), FIXED("2"), INTRODUCED("2"), FIXED("3")), ["1", "2", "2.5"], ["3"]),
        ((INTRODUCED("2"), FIXED("2")), [], ["1", "2", "3"]),
        ((INTRODUCED("0"), Event(limit="2")), ["1"], ["2", "3"]),
        ((INTRODUCED("0"), Event(limit="*")), ["1", "3"], []),
        ((INTRODUCED("0"), Event(limit="2"), Event(limit="4")), ["1", "3"], ["4"]),
        ((INTRODUCED("1!0"),), ["1!0.1", "2!0"], ["5"]),
    ],
)
def test_the_evaluation_of_the_schema(events: tuple[Event, ...], inside: list[str], outside: list[str]) -> None:
    one = affected(*events)
    assert [ask(one, version) for version in inside] == [Answer.YES] * len(inside)
    assert [ask(one, version) for version in outside] == [Answer.NO] * len(outside)


def test_listed_versions_count_however_they_are_written() -> None:
    one = affected(versions=("1.0", "2.0rc1"))
    assert [ask(one, version) for version in ("1.0", "1.0.0", "v1", "2.0.rc1", "1.0+cpu")] == [Answer.YES] * 5
    assert ask(one, "1.1") is Answer.NO


def test_builds_of_a_release_are_that_release() -> None:
    one = affected(INTRODUCED("0"), LAST("2.1.0"))
    assert ask(one, "2.1.0+cpu") is Answer.YES
    patched = affected(INTRODUCED("0"), FIXED("2.1.0+sec1"))
    assert (ask(patched, "2.1.0"), ask(patched, "2.1.0+sec1")) == (Answer.YES, Answer.NO)


def test_what_cannot_be_compared_is_unknown_and_not_no() -> None:
    assert ask(affected(INTRODUCED("0"), FIXED("r2d2")), "1") is Answer.UNKNOWN
    assert ask(affected(INTRODUCED("0"), FIXED("2")), "not-a-version") is Answer.UNKNOWN
    assert ask(affected(INTRODUCED("0"), FIXED("2")), "", commit="c1") is Answer.UNKNOWN
    assert ask(affected(INTRODUCED("a1"), FIXED("b2"), kind="GIT"), "1") is Answer.UNKNOWN
    assert ask(affected(INTRODUCED("a1"), FIXED("b2"), kind="GIT"), "", commit="a1") is Answer.YES
    assert ask(affected(INTRODUCED("a1"), FIXED("b2"), kind="GIT"), "", commit="b2") is Answer.NO
    with_list = Affected(ranges=(Range("GIT", (INTRODUCED("a1"),)),), versions=("1.0",))
    assert ask(with_list, "2") is Answer.NO


def random_version(chance: random.Random) -> str:
    release = ".".join(str(chance.randrange(4)) for _ in range(chance.randint(1, 3)))
    return release + chance.choice(["", "", "", "a1", "rc2", ".post1", ".dev3"])


def test_python_ranges_agree_with_specifiers() -> None:
    """An oracle of its own: `packaging`'s specifiers. ``<V`` leaves out pre-releases of V there, as PEP 440 says."""
    chance, compared = random.Random(7), 0
    for _ in range(4_000):
        low, high, version = (random_version(chance) for _ in range(3))
        closed = chance.random() < 0.5
        one = affected(INTRODUCED(low), LAST(high) if closed else FIXED(high))
        at, bound = Version(version), Version(high)
        if not closed and at.is_prerelease and Version(at.base_version) == Version(bound.base_version):
            continue
        if (
            low == "0"
            or Version(low) > bound
            or (at.is_postrelease and Version(at.base_version) == Version(Version(low).base_version))
        ):
            continue
        wanted = SpecifierSet(f">={low},{'<=' if closed else '<'}{high}").contains(version, prereleases=True)
        assert (ask(one, version) is Answer.YES) == wanted, (low, high, closed, version)
        compared += 1
    assert compared > 1_500


def test_the_order_that_semver_gives_as_an_example() -> None:
    """Section 11 of semver 2.0.0, and numbers by value."""
    text = "0.0.0-0 0.0.1 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1"
    ordered = [*text.split(), "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "2.1.0", "2.1.1"]
    keys = [semver.key(one) for one in ordered]
    assert None not in keys
    assert keys == sorted(keys, key=lambda one: one or (0, 0, 0, 0, ()))
    assert len(set(keys)) == len(keys)
    assert semver.key("1.0.0+a") == semver.key("v1.0.0+b") == semver.key("1.0")
    assert [semver.key(one) for one in ("", "x", "1.2.3.4", "1..2", "1.0.0-", "1" * 300)] == [None] * 6


@pytest.mark.skipif(not NODE_SEMVER.exists() or not shutil.which("node"), reason="npm's semver is not installed")
def test_npm_ranges_agree_with_the_semver_of_npm() -> None:
    chance = random.Random(11)

    def some() -> str:
        tail = chance.choice(["", "", "", "-alpha", "-alpha.1", "-beta.2", "-beta.11", "-rc.1", "-0", "-x-y.7"])
        return ".".join(str(chance.randrange(3)) for _ in range(3)) + tail + chance.choice(["", "", "+b1"])

    cases = [(some(), some(), some()) for _ in range(3_000)]
    script = (
        "const s=require(process.argv[1]);const c=JSON.parse(require('fs').readFileSync(0));"
        "console.log(JSON.stringify(c.map(([l,h,v])=>s.gte(v,l)&&s.lt(v,h))))"
    )
    done = subprocess.run(
        ["node", "-e", script, str(NODE_SEMVER)],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    for (low, high, version), wanted in zip(cases, json.loads(done.stdout), strict=True):
        if ORDERS["npm"].key(low) > ORDERS["npm"].key(high):  # no interval: the schema lets what is fixed come back
            continue
        one = affected(INTRODUCED(low), FIXED(high), kind="SEMVER")
        assert (ask(one, version, "npm") is Answer.YES) == wanted, (low, high, version)


@pytest.mark.parametrize(
    ("kind", "vector", "value"),
    [  # the examples that FIRST publishes with CVSS 3.1 and 4.0
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1),
        ("CVSS_V3", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5),
        ("CVSS_V4", "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3),
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7),
        ("CVSS_V4", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7),
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0),
    ],
)
def test_scores_that_first_publishes(kind: str, vector: str, value: float) -> None:
    assert score(Scored(kind, vector)) == value


@pytest.mark.parametrize("vector", ["", "CVSS:3.1/", "CVSS:9.9/AV:N", "AV:N/" * 10_000, "CVSS:4.0/AV:X", "\0"])
def test_vectors_that_are_none(vector: str) -> None:
    assert [score(Scored(kind, vector)) for kind in ("CVSS_V2", "CVSS_V3", "CVSS_V4", "Ubuntu")] == [None] * 4


def test_ratings() -> None:
    assert [rating(value) for value in (0, 3.9, 4, 6.9, 7, 8.9, 9, 10)] == [
        "low", "low", "medium", "medium", "high", "high", "critical", "critical",
    ]  # fmt: skip
