from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from pydantic import BaseModel

class FunctionCall:
    function: str
    args: MutableMapping[str, Any]
    def __init__(self, *, function: str, args: Mapping[str, Any]) -> None: ...

class Function:
    name: str
    description: str
    parameters: type[BaseModel]

class FunctionsRuntime:
    def __init__(self, functions: Sequence[Function] = ...) -> None: ...
    def run_function(
        self, env: Any, function: str, kwargs: Mapping[str, Any], raise_on_error: bool = ...
    ) -> tuple[Any, str | None]: ...
