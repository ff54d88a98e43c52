"""Writes ``docs/settings.md`` from the schemas: ``python tests/settings_page.py``. A test holds the file against it."""

from __future__ import annotations

import ast
import enum
import inspect
import textwrap
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bartizan.policy.document import PolicyDocument
from bartizan.workspace.deployment import Deployment

PAGE = Path(__file__).parent.parent / "docs" / "settings.md"
HEAD = "| setting | kind | default | meaning |\n|---|---|---|---|"
WORDS = {"str": "text", "int": "whole number", "float": "number", "bool": "yes or no (`true`, `false`)"}
WORDS |= {"date": "date", "Any": "anything"}

INTRODUCTION = """\
# Settings

Every key of `bartizan.yaml` and `policy.yaml`. Unknown keys are errors; each error names file, line and column.
A row such as `keys.sha256` means the key `sha256` of each entry of the list `keys`; `surfaces.action` means the key
`action` of each guard's row on each surface. This page is written from the schemas by `tests/settings_page.py`.
"""
DEPLOYMENT = "## bartizan.yaml\n\nWhere things run. A change takes effect at the next start.\n"
POLICY = """\
## policy.yaml

What is allowed. A change takes effect within about three seconds; a broken edit keeps the last good version and
says so.
"""


def render() -> str:
    """The whole page."""
    parts = [INTRODUCTION]
    for title, schema in ((DEPLOYMENT, Deployment), (POLICY, PolicyDocument)):
        parts.append("\n".join([title, HEAD, *dict.fromkeys(rows(schema)), ""]))
    return "\n".join(parts)


def rows(schema: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    described = _docstrings(schema)
    for field in msgspec.structs.fields(schema):
        path = prefix + field.encode_name
        inner = list(structs_in(field.type))
        text = described.get(field.name) or (inner[0].__doc__ or "" if inner else "")
        meaning = " ".join(text.split()).replace("``", "`").replace("|", "/")
        yield f"| `{path}` | {_kind(field.type)} | {_default(field)} | {meaning} |"
        for each in inner:
            yield from rows(each, path + ".")


def structs_in(kind: object) -> Iterator[type[msgspec.Struct]]:
    """The sections that a setting's type holds."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for argument in typing.get_args(kind):
        yield from structs_in(argument)


def _docstrings(schema: type) -> dict[str, str]:
    """What stands below each field, here or where it is inherited from; the interpreter does not keep it."""
    base = schema.__base__
    found = _docstrings(base) if base is not None and base.__module__ == schema.__module__ else {}
    return found | _own_docstrings(schema)


def _own_docstrings(schema: type) -> dict[str, str]:
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(schema))).body
    assert isinstance(node, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for statement in node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=identifier)):
                name = identifier
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[name] = f"{found[name]} {text}" if name in found else text
    return found


def _kind(kind: object) -> str:
    if isinstance(kind, type) and typing.get_origin(kind) is None:
        if issubclass(kind, enum.Enum):
            return ", ".join(f"`{member.value}`" for member in kind)
        return "section" if issubclass(kind, msgspec.Struct) else WORDS[kind.__name__]
    arguments = typing.get_args(kind)
    match typing.get_origin(kind):
        case typing.Literal:
            return ", ".join(f"`{value}`" for value in arguments)
        case origin if origin is tuple:
            return "list of " + _kind(arguments[0]).replace("section", "sections")
        case origin if origin is dict:
            return f"map: {_kind(arguments[0])} to {_kind(arguments[1])}"
    if typing.get_origin(kind) is types.UnionType:
        return " or ".join(_kind(argument) for argument in arguments if argument is not type(None))
    return _kind(arguments[0])


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        match field.default:
            case None:
                return "none"
            case "" | ():
                return "empty"
            case bool(value):
                return f"`{str(value).lower()}`"
            case value:
                return "" if isinstance(value, msgspec.Struct) else f"`{value}`"
    if field.default_factory is msgspec.NODEFAULT:
        return "required"
    return "empty" if field.default_factory is dict else "see the file that `bartizan init` writes"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
