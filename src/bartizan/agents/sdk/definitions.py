"""Python functions as tools: their definition, their arguments and their results as a model sees them."""

from __future__ import annotations

import inspect
import os
import typing
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from bartizan.core.errors import ConfigurationError
from bartizan.core.tool import ToolDefinition

_NO_VALUES = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def definition_of(
    function: Callable[..., Any], name: str = "", description: str = "", unguarded: Collection[str] = ()
) -> ToolDefinition:
    """The definition of ``function`` from its signature and docstring.

    Args:
        function: its first paragraph of documentation is the description.
        name: instead of the function's.
        description: instead of the docstring's.
        unguarded: parameters that the application fills in, not the model.

    Raises:
        ConfigurationError: ``unguarded`` names no parameter.
    """
    parameters = inspect.signature(function).parameters
    missing = [each for each in unguarded if each not in parameters]
    if missing:
        raise ConfigurationError(f"{function.__qualname__} has no parameter {missing[0]!r}")
    hints = _hints(function)
    shown = {
        each: parameter for each, parameter in parameters.items() if each not in unguarded and not _is_self(parameter)
    }
    words = description or inspect.getdoc(function) or ""
    return ToolDefinition(
        name=name or function.__name__,
        description=words.partition("\n\n")[0],
        input_schema={
            "type": "object",
            "properties": {
                each: _schema(hints.get(each, Any))
                for each, parameter in shown.items()
                if parameter.kind not in _NO_VALUES
            },
            "required": [
                each
                for each, parameter in shown.items()
                if parameter.default is parameter.empty and parameter.kind not in _NO_VALUES
            ],
        },
    )


def arguments_of(
    function: Callable[..., Any], unguarded: Collection[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of one call by name, as JSON values; those that were left out are not among them.

    Raises:
        TypeError: the function cannot be called like this.
        ConfigurationError: an argument is an object that cannot be compared.
    """
    signature = inspect.signature(function)
    found: dict[str, Any] = {}
    for name, value in signature.bind(*args, **kwargs).arguments.items():
        parameter = signature.parameters[name]
        if name in unguarded or _is_self(parameter):
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            found.update({key: _plain(key, given) for key, given in value.items()})
        else:
            found[name] = _plain(name, value)
    return found


def plain_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments as JSON values. Raises ConfigurationError for an object that cannot be compared."""
    return {str(name): _plain(str(name), value) for name, value in arguments.items()}


def text_of(value: Any) -> str:
    """A result as a model reads it: text as it is, anything else as JSON where it can be written so."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, BaseException):
        return _shown(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    try:
        return msgspec.json.encode(value, enc_hook=_told).decode()
    except (TypeError, ValueError, RecursionError, OverflowError):
        return _shown(value)


def _plain(name: str, value: Any) -> Any:
    try:
        return msgspec.to_builtins(value, str_keys=True, order="deterministic", enc_hook=_converted)
    except (TypeError, ValueError, RecursionError):
        raise ConfigurationError(
            f"the argument {name!r} is a {type(value).__name__}, which cannot be compared",
            "if the application fills it in, not the model, name it in 'unguarded'",
        ) from None


def _converted(value: Any) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    dump = getattr(value, "model_dump", None)  # models of pydantic
    if callable(dump):
        return dump(mode="json")
    raise TypeError


def _told(value: Any) -> Any:
    try:
        return _converted(value)
    except TypeError:
        return _shown(value)


def _shown(value: Any) -> str:
    """The words of an object of the application, whatever its methods do."""
    try:
        return str(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _is_self(parameter: inspect.Parameter) -> bool:
    return parameter.name in ("self", "cls") and parameter.kind is parameter.POSITIONAL_OR_KEYWORD


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except (NameError, TypeError, AttributeError):  # names that exist for type checkers only
        return {}


def _schema(kind: Any) -> dict[str, Any]:
    try:
        schema = msgspec.json.schema(kind)
    except (TypeError, ValueError, RecursionError):
        return {}
    return schema if "$ref" not in schema else {"type": "object"}
