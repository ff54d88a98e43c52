from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agentdojo.functions_runtime import Function, FunctionCall

class Task:
    ID: str
    GROUND_TRUTH_OUTPUT: str
    def ground_truth(self, pre_environment: Any) -> list[FunctionCall]: ...

class UserTask(Task):
    PROMPT: str
    def init_environment(self, environment: Any) -> Any: ...
    def utility(self, model_output: str, pre_environment: Any, post_environment: Any, strict: bool = ...) -> bool: ...
    def utility_from_traces(
        self, model_output: str, pre_environment: Any, post_environment: Any, traces: Sequence[FunctionCall]
    ) -> bool | None: ...

class InjectionTask(Task):
    GOAL: str
    def security(self, model_output: str, pre_environment: Any, post_environment: Any) -> bool: ...
    def security_from_traces(
        self, model_output: str, pre_environment: Any, post_environment: Any, traces: Sequence[FunctionCall]
    ) -> bool | None: ...

class TaskSuite:
    name: str
    environment_type: Any
    tools: list[Function]
    data_path: Path | None
    user_tasks: dict[str, UserTask]
    injection_tasks: dict[str, InjectionTask]
    def get_injection_vector_defaults(self) -> dict[str, str]: ...

def read_suite_file(suite_name: str, file: str, suite_data_path: Path | None) -> str: ...
