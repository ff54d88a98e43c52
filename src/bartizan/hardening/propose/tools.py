"""What the model's tools may do: no wording of an attack changes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer

CONTROL: Final = "BZN-RT-20"
_STRICTER: Final = {"none": ("balanced", "strict"), "observe": ("balanced", "strict"), "balanced": ("strict",)}
_RECIPIENTS: Final = frozenset({"to", "recipient", "recipients", "cc", "bcc", "address", "email", "channel", "user"})
_ACCOUNTS: Final = frozenset({"iban", "account", "payee", "beneficiary"})
_SINKS: Final = {"url": "url", "uri": "url", "link": "url", "amount": "amount", "path": "path", "code": "code"}


class ToolRules:
    """Proposes to decide tool calls at all, then what the tool of the finding does, then the strict pack."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing for a finding without tool calls."""
        exchange = material.finding.exchange
        if not exchange.calls:
            return
        packs = _STRICTER.get(material.policy.tools.guard, ())
        profiles = list(_profiles(material))
        for pack in packs:
            if pack != "strict":
                yield _candidate(material, Kind.TOOL_POLICY, f"decide tool calls with the pack '{pack}'", [_pack(pack)])
        for title, settings in profiles:
            guarded = [_pack(packs[0])] if packs and packs[0] != "strict" else []
            yield _candidate(material, Kind.TOOL_PROFILE, title, [*guarded, *settings])
        if "strict" in packs:
            yield _candidate(material, Kind.TOOL_POLICY, "decide tool calls with the pack 'strict'", [_pack("strict")])


def _pack(name: str) -> Setting:
    return Setting(("tools", "guard"), name)


def _profiles(material: Material) -> Iterator[tuple[str, list[Setting]]]:
    """For each tool that the finding calls and nobody has described: what it does and what its arguments are."""
    for call in material.finding.exchange.calls:
        name = call.tool
        if name in material.policy.tool_profiles or not name or len(name) > 100:
            continue
        parameters = {key: sink for key in call.arguments if (sink := _sink(key))}
        profile: dict[str, Any] = {"effect": "send" if "recipient" in parameters.values() else "administer"}
        if "account" in parameters.values() or "amount" in parameters.values():
            profile["effect"] = "spend"
        profile["outward"] = True
        if parameters:
            profile["parameters"] = parameters
        yield f"say what the tool {name} does", [Setting(("tool_profiles", name), profile)]


def _sink(name: str) -> str:
    word = name.casefold()
    if word in _RECIPIENTS:
        return "recipient"
    return "account" if word in _ACCOUNTS else _SINKS.get(word, "")


def _candidate(material: Material, kind: Kind, title: str, settings: list[Setting]) -> Candidate:
    return Candidate(
        id=candidate_id(material.finding.id, f"{kind}/{[(one.path, one.value) for one in settings]}"),
        kind=kind,
        depth=Depth.ACTION,
        title=title,
        layer=Layer.CALL,
        control=CONTROL,
        change=Change(settings=tuple(settings)),
    )
