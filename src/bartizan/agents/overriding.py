"""Profiles as the operator's ``policy.yaml`` has them: derived, but for what it says itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from bartizan.agents.derive import derive, undeclared
from bartizan.agents.lexicon import folded, words
from bartizan.agents.profile import Parameter, ToolProfile
from bartizan.agents.schema import declared_arguments
from bartizan.core.tool import ToolDefinition
from bartizan.policy.tool_profiles import ToolOverride, override_of

Profiler = Callable[[ToolDefinition], ToolProfile]


def profiler(overrides: Mapping[str, ToolOverride]) -> Profiler:
    """What gives a tool's profile."""
    return lambda tool: profile_of(tool, overrides)


def profile_of(tool: ToolDefinition, overrides: Mapping[str, ToolOverride]) -> ToolProfile:
    """The profile of ``tool``: what the operator says of it by name, and for the rest what its definition says."""
    key, override = override_of(tool.name, overrides)
    if override is None:
        return derive(tool)
    derived, source = derive(tool, override.effect), f"tool_profiles.{key}"
    profile = replace(
        derived,
        why=derived.why if override.effect is None else source,
        families=derived.families if override.families is None else frozenset(override.families),
        nouns=derived.nouns if override.nouns is None else frozenset(override.nouns),
        outward=derived.outward if override.outward is None else override.outward,
        open_world=derived.open_world if override.open_world is None else override.open_world,
        trusted_results=bool(override.trusted_results),
        words=derived.words | {folded(word) for given in override.words for word in words(given)},
        source=source,
    )
    parameters = dict(profile.parameters)
    for name, sink in override.parameters.items():
        held = parameters.get(name) or undeclared(name, profile)
        parameters[name] = Parameter(name=name, sink=sink, required=held.required, why=source)
    return replace(profile, parameters=parameters)


def unmatched(tools: Sequence[ToolDefinition], overrides: Mapping[str, ToolOverride]) -> list[str]:
    """What overrides speak of and ``tools`` do not have: a slip of the pen would go unnoticed otherwise."""
    used: dict[str, set[str]] = {}
    for tool in tools:
        key, override = override_of(tool.name, overrides)
        if override is not None:
            used.setdefault(key, set()).update(declared.name for declared in declared_arguments(tool.input_schema))
    found = [f"tool_profiles.{key}" for key in overrides if key not in used]
    found += [
        f"tool_profiles.{key}.parameters.{name}"
        for key, names in used.items()
        for name in overrides[key].parameters
        if name not in names
    ]
    return found
