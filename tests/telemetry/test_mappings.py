from __future__ import annotations

import functools
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_events import accepted

from bartizan.core.event import (
    ConfigurationChanged,
    Event,
    JournalDamaged,
    ProcessChanged,
    RefusalsCounted,
    RequestCompleted,
    RequestRefused,
    Usage,
)
from bartizan.telemetry.chain import Chain
from bartizan.telemetry.mappings import FORMATS, formatter, load_mapping
from bartizan.telemetry.mappings.formats import Unmappable

NOW = datetime(2026, 11, 27, 5, 0, 0, 123456, UTC)
SCHEMAS = ("ocsf", "ecs", "asim", "otel")


def examples() -> list[Event]:
    common: dict[str, Any] = {"at": NOW}
    return [
        accepted("r1"),
        RequestCompleted(
            id="e2", request="r1", principal="alice", route="openai.chat", model="m", usage=Usage(12, 34), **common
        ),
        RequestRefused(
            id="e3", request="r2", status=403, reason="blocked", client="::1", signals=accepted().signals, **common
        ),
        RefusalsCounted(id="e4", client="10.0.0.1", count=7, statuses={"401": 7}, since=NOW, **common),
        ConfigurationChanged(id="e5", snapshot=3, digest="ab", accepted=True, **common),
        ProcessChanged(id="e6", process="worker1", state="lost", detail="exit status -9", **common),
        JournalDamaged(id="e7", segment="w-1.jsonl", line=3, problem="altered", **common),
    ]


def line(event: Event) -> bytes:
    return Chain("0" * 32).line(msgspec.json.encode(event))


def minimal(kind: Any) -> bytes:
    """A record of a kind with only what it must have."""
    fields: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.required:
            text = {int: 1, bool: True, datetime: NOW, dict[str, int]: {}}.get(field.type, "x")
            fields[field.encode_name] = [] if "tuple" in str(field.type) else text
    return msgspec.json.encode({"kind": kind.__struct_config__.tag, **fields})


def only(format_name: str, content: bytes, index: int = 0) -> dict[str, Any]:
    return json.loads(formatter(format_name)(content)[index])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__struct_config__.tag)
def test_every_kind_leaves_in_every_format_on_one_line(name: str, kind: Any) -> None:
    made = formatter(name)(minimal(kind) + b"\n")
    assert made
    assert all(one and b"\n" not in one for one in made)


@pytest.mark.parametrize("name", SCHEMAS)
def test_tables_speak_of_kinds_that_there_are(name: str) -> None:
    assert load_mapping(name).kinds <= {kind.__struct_config__.tag for kind in get_args(Event)}


@pytest.mark.parametrize("name", SCHEMAS)
def test_nothing_is_lost(name: str) -> None:
    """Every leaf of a record is somewhere in what it becomes; the rest is below 'unmapped' or its like."""
    record = {"kind": "some.new_kind", "id": "e", "at": "2026-01-01T00:00:00Z", "alpha": "a1", "beta": {"c": ["d1"]}}
    made = formatter(name)(msgspec.json.encode(record))[0].decode()
    assert all(leaf in made for leaf in ("a1", "d1", '"e"'))
    mapped = formatter(name)(line(accepted("request-1")))[0].decode()
    assert all(leaf in mapped for leaf in ("request-1", "alice", "openai.chat", "gpt-4o-mini", "direct_override"))


def test_ocsf_of_a_request() -> None:
    completed = only("ocsf", line(examples()[1]))
    assert completed["class_uid"] == 6003
    assert completed["type_uid"] == 600399
    assert completed["time"] == int(NOW.timestamp() * 1000)
    assert completed["message_context"]["prompt_tokens"] == 12
    assert completed["ai_model"] == {"name": "m", "ai_provider": "OpenAI API"}
    assert (completed["status_id"], completed["http_response"]["code"]) == (1, 200)
    assert completed["attestation_list"][0]["prev_event"]["fingerprint"]["value"] == "0" * 64
    refused = formatter("ocsf")(line(examples()[2]))
    assert [json.loads(one)["class_uid"] for one in refused] == [6003, 2004]
    finding = json.loads(refused[1])
    assert finding["finding_info"]["types"] == ["prompt_injection"]
    assert (finding["severity_id"], finding["action_id"], finding["disposition_id"]) == (3, 2, 2)


def test_ecs_asim_and_otel_of_a_request() -> None:
    ecs = only("ecs", line(examples()[1]))
    assert ecs["gen_ai"]["usage"] == {"input_tokens": 12, "output_tokens": 34}
    assert (ecs["event"]["outcome"], ecs["event"]["type"]) == ("success", ["allowed"])
    asim = only("asim", line(examples()[1]))
    assert (asim["EventSchema"], asim["InputTokensUsed"], asim["ActorUsername"]) == ("AgentEvent", 12, "alice")
    otel = only("otel", line(examples()[1]))
    assert (otel["gen_ai.operation.name"], otel["gen_ai.usage.output_tokens"]) == ("chat", 34)


@pytest.mark.parametrize("name", ["cef", "leef"])
def test_a_line_costs_no_look_at_the_installed_package(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading our own version from the package's metadata for each record took 19 of 20 parts of the time."""
    write = formatter(name)
    first = write(line(examples()[1]))

    def read(package: str) -> str:
        raise AssertionError(package)

    monkeypatch.setattr("bartizan.telemetry.mappings.formats.version", read)
    assert write(line(examples()[1]))[0].split(b"|")[:4] == first[0].split(b"|")[:4]


def test_values_cannot_break_out_of_cef_and_leef() -> None:
    evil = RequestRefused(
        id="e",
        at=NOW,
        request="r|x",
        status=400,
        reason="a=b\nCEF:0|x\\y\tz=1\x1b[2J",
        route="p|q",
    )
    (cef,) = formatter("cef")(line(evil))
    text = cef.decode()
    assert text.startswith("CEF:0|Bartizan|Bartizan|")
    assert "reason=a\\=b\\nCEF:0|x\\\\y z\\=1 [2J" in text
    (leef,) = formatter("leef")(line(evil))
    assert leef.decode().count("\treason=") == 1
    assert "reason=a=b CEF:0|x\\y z=1 [2J" in leef.decode()
    assert all(character.isprintable() or character == "\t" for character in leef.decode() + text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"kind":1}',
        b'{"kind":"x","id":"y"}',
        b'{"kind":"x","id":"y","at":"yesterday"}',
        b'{"kind":"request.accepted","id":"y","at":"2026-01-01T00:00:00Z","signals":[1]}',
        b'{"kind":"request.accepted","id":"y","at":"2026-01-01T00:00:00Z","signals":[{"severity":"odd","score":1}]}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_what_is_no_record_is_unmappable(content: bytes) -> None:
    for name in FORMATS[1:]:
        with pytest.raises(Unmappable):
            formatter(name)(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
cached_formatter = functools.cache(formatter)
FIELDS = st.sampled_from(["principal", "signals", "status", "usage", "timing", "action", "route", "chain", "", "_self"])


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from([k.__struct_config__.tag for k in get_args(Event)]), fields=st.dictionaries(FIELDS, JSON))
def test_fields_of_wrong_types_map_or_say_so(kind: str, fields: dict[str, Any]) -> None:
    content = msgspec.json.encode({"at": "2026-01-01T00:00:00Z", **fields, "kind": kind, "id": "x"})
    for name in FORMATS:
        try:
            made = cached_formatter(name)(content)
        except Unmappable:
            continue
        assert all(b"\n" not in one for one in made)


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__struct_config__.tag)
def test_cef_and_leef_leave_out_no_field(kind: Any) -> None:
    least = msgspec.json.decode(minimal(kind)) | {"detail": "x", "tool": "x"}
    record = {key: f"of-{key}" if value == "x" else value for key, value in least.items()}
    for name in ("cef", "leef"):
        (made,) = formatter(name)(msgspec.json.encode(record))
        for key, value in record.items():
            if key not in ("at", "content", "chain") and isinstance(value, str) and value:
                assert value.encode() in made, (name, key)


def test_a_finding_is_named_by_its_title_in_cef() -> None:
    finding = {"kind": "finding.raised", "id": "f", "at": NOW.isoformat(), "title": "A|b\nc", "severity": "high"}
    (made,) = formatter("cef")(msgspec.json.encode(finding | {"events": ["e1", "e2"], "x y": "z", "\u00e9": "w"}))
    head, _, extension = made.decode().rpartition("|8|")
    assert head.endswith("|finding.raised|A\\|b c")
    assert 'bartizanEvents=["e1","e2"]' in extension
    assert "bartizanXY=z" in extension


def test_long_texts_are_cut_in_mapped_records_only() -> None:
    event = accepted(route="x" * 5_000_000)
    assert len(only("ocsf", line(event))["api"]["operation"]) < 40_000
    assert len(formatter("cef")(line(event))[0]) < 20_000
    assert len(formatter("native")(line(event))[0]) > 5_000_000


def test_tenzir_accepts_our_ocsf(tmp_path: Path) -> None:
    """Tenzir's schema of OCSF 1.9.0 is made independently of ours."""
    tenzir = shutil.which("tenzir")
    if tenzir is None:
        pytest.skip("tenzir is not installed (pip install tenzir)")
    lines = [one for event in examples() for one in formatter("ocsf")(line(event))]
    assert len(lines) > len(examples())
    (tmp_path / "in.json").write_bytes(b"\n".join(lines) + b"\n")
    times = "time = time.milliseconds().from_epoch()\nstart_time = start_time?.milliseconds().from_epoch()"
    times += "\nend_time = end_time?.milliseconds().from_epoch()\nduration = duration?.milliseconds()"
    program = f'from_file "{tmp_path}/in.json" {{ read_ndjson }}\ndrop unmapped?\n{times}\nocsf_cast'
    done = subprocess.run([tenzir, program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    complaints = [one for one in done.stderr.splitlines() if one.startswith(("warning", "error"))]
    assert not complaints, done.stderr
    assert done.stdout.count("class_uid:") == len(lines)
