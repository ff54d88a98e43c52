"""No number of the settings may be nonsense: a port of 84000, a threshold above one, a wait of minus three seconds."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bartizan.core.errors import BartizanError
from bartizan.policy.document import PolicyDocument
from bartizan.workspace.deployment import Deployment
from bartizan.workspace.document import loads
from bartizan.workspace.snapshot import take_snapshot

UNBOUNDED = {
    "min",  # of a model's inputs, whose range is their own
    "max",
    "categories",
    "shape",  # judged as a whole: sizes from 1 on, or -1
}


def numbers(kind: object, name: str, bounded: bool = False) -> Iterator[tuple[str, bool]]:
    """Every number in a schema with its name, and whether it has bounds."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            yield from numbers(hints[field.name], field.encode_name)
    elif typing.get_origin(kind) is typing.Annotated:
        metas = [one for one in kind.__metadata__ if isinstance(one, msgspec.Meta)]  # type: ignore[attr-defined]
        has = any(one.ge is not None or one.gt is not None for one in metas)
        yield from numbers(typing.get_args(kind)[0], name, has)
    elif kind in (int, float):
        yield name, bounded
    elif typing.get_origin(kind) is not typing.Literal:
        for argument in typing.get_args(kind):
            yield from numbers(argument, name)


@pytest.mark.parametrize("schema", [PolicyDocument, Deployment])
def test_every_number_has_a_lowest_value(schema: type[msgspec.Struct]) -> None:
    found = list(numbers(schema, ""))
    assert len(found) > 30
    assert {name for name, bounded in found if not bounded} <= UNBOUNDED


@pytest.mark.parametrize(
    ("text", "schema", "message"),
    [
        (
            "version: 1\nsurfaces:\n  user:\n    prompt_injection: {action: block, threshold: 1.5}",
            PolicyDocument,
            r"x:4:50: found the number 1.5, expected a number from 0 to 1$",
        ),
        (
            "version: 1\nlisten: {port: 84000}",
            Deployment,
            r"x:2:16: .* 84000, .* from 0 to 65,535$",
        ),
        (
            "version: 1\nlisten: {workers: 0}",
            Deployment,
            r"x:2:19: .* 0, .* whole number from 1 on$",
        ),
        (
            "version: 1\nbodies: {read_seconds: -1}",
            PolicyDocument,
            r"found the number -1, expected a number above 0 up to 315,360,000$",
        ),
        ("version: 1\nlimits: {rate: {requests: -1}}", PolicyDocument, "expected a whole number from 0 on"),
    ],
)
def test_the_place_and_the_bounds_are_named(text: str, schema: type[msgspec.Struct], message: str) -> None:
    with pytest.raises(BartizanError, match=message):
        loads(text, "x", schema)


def test_a_link_that_leaves_the_workspace_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("secret: content")
    root = tmp_path / "w"
    (root / "..data").mkdir(parents=True)
    (root / "..data" / "policy.yaml").write_text("version: 1\n")
    (root / "policy.yaml").symlink_to("..data/policy.yaml")  # as Kubernetes mounts a ConfigMap
    assert take_snapshot(root).files == {"policy.yaml": b"version: 1\n"}
    (root / "signatures").mkdir()
    (root / "signatures" / "x.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(BartizanError, match=r"signatures/x.yaml is a link to a file outside") as caught:
        take_snapshot(root)
    assert "content" not in str(caught.value)
