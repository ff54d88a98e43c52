"""Rule evaluation: which row a signal meets, and which row decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bartizan.core.errors import ConfigurationError
from bartizan.core.interfaces import Seen
from bartizan.core.passage import Origin, Surface
from bartizan.core.signal import Signal
from bartizan.core.threat import TENSOR_GUARDS, Guard
from bartizan.core.verdict import Action, Coverage, Mode, Redaction, Uncovered, Verdict
from bartizan.policy.document import PolicyDocument, Row


class Ruling(NamedTuple):
    """What one row asks for one signal or one uncovered piece."""

    action: Action
    """What happens."""
    observed: Action
    """What would happen were nothing in monitor mode."""
    rule: str


NOTHING = Ruling(Action.ALLOW, Action.ALLOW, "")


class Policy:
    """``policy.yaml`` in force. Immutable; a reload builds a new one."""

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        for kind in document.uncovered.__struct_fields__:
            if getattr(document.uncovered, kind) in (Action.REDACT, Action.ASK):
                raise ConfigurationError(f"uncovered.{kind}: what nobody reads cannot be redacted", "use flag or block")
        self._rows: dict[tuple[Surface, Guard], tuple[Row, str]] = {}
        for surface, rows in document.surfaces.items():
            for guard, row in rows.items():
                if guard is Guard.OBFUSCATION and row.action.rank > Action.FLAG.rank:
                    raise ConfigurationError(
                        f"surfaces.{surface}.obfuscation: obfuscation never blocks alone",
                        "use allow or flag; what hides in it is judged by the other guards",
                    )
                if guard is Guard.HARMFUL_REQUEST and surface is not Surface.USER:
                    raise ConfigurationError(
                        f"surfaces.{surface}.harmful_request: only requests are judged for harm",
                        "put the row below surfaces.user",
                    )
                if guard is Guard.HARMFUL_REQUEST and not document.classifier.enabled:
                    raise ConfigurationError(
                        f"surfaces.{surface}.harmful_request: only the trained model sees harm",
                        "remove the row, or 'classifier: {enabled: false}'",
                    )
                if guard is Guard.PROMPT_INJECTION and surface is Surface.OUTPUT:
                    if not document.classifier.enabled:
                        raise ConfigurationError(
                            "surfaces.output.prompt_injection: only the trained model reads answers for it",
                            "remove the row, or 'classifier: {enabled: false}'",
                        )
                    if row.action.rank > Action.FLAG.rank:
                        raise ConfigurationError(
                            "surfaces.output.prompt_injection: a sentence has left when the model has read it",
                            "use allow or flag",
                        )
                if guard in TENSOR_GUARDS:
                    raise ConfigurationError(
                        f"surfaces.{surface}.{guard}: a guard of tensors reads no text",
                        f"use models.NAME.guards.{guard}",
                    )
                if row.action is Action.ASK:
                    raise ConfigurationError(f"surfaces.{surface}.{guard}: text cannot be asked about", "use block")
                self._rows[surface, guard] = (row, f"{surface}.{guard}")

    def surfaces(self, origin: Origin) -> tuple[Surface, ...]:
        """The surfaces a passage of ``origin`` is read as; an origin that policy leaves out is read as content."""
        return self.document.origins.get(origin, (Surface.CONTENT,))

    def guards(self, surface: Surface) -> frozenset[Guard]:
        """The guards that have a row on ``surface``."""
        return frozenset(guard for where, guard in self._rows if where is surface)

    def threshold(self, surface: Surface, guard: Guard) -> float | None:
        """The score at which the row fires, or None without a row."""
        found = self._rows.get((surface, guard))
        return found[0].threshold if found else None

    def rule(self, signal: Signal, surface: Surface) -> Ruling:
        """The row that ``signal`` meets, if its score reaches the threshold."""
        found = self._rows.get((surface, signal.guard))
        if found is None or signal.score < found[0].threshold:
            return NOTHING
        row, name = found
        return self.enforce(row.action, row.mode, name)

    def rule_uncovered(self, uncovered: Uncovered) -> Ruling:
        """What policy says of content that no guard read; an unknown kind blocks."""
        action = getattr(self.document.uncovered, uncovered.kind, Action.BLOCK)
        return self.enforce(
            action if isinstance(action, Action) else Action.BLOCK, Mode.ENFORCE, f"uncovered.{uncovered.kind}"
        )

    def decide(self, seen: Sequence[Seen], coverage: Coverage) -> Verdict:
        """The strictest action any rule asks for; ties go to the first rule met."""
        decided = NOTHING
        observed = Action.ALLOW
        signals: list[Signal] = []
        redactions: list[Redaction] = []
        for passage, surface, found in seen:
            for signal in found:
                signals.append(signal)
                ruling = self.rule(signal, surface)
                observed = max(observed, ruling.observed, key=_rank)
                if ruling.action.rank > decided.action.rank:
                    decided = ruling
                if ruling.action is Action.REDACT:
                    redactions.append(Redaction(passage.path, signal.span, replacement(signal)))
        for uncovered in coverage.uncovered:
            ruling = self.rule_uncovered(uncovered)
            observed = max(observed, ruling.observed, key=_rank)
            if ruling.action.rank > decided.action.rank:
                decided = ruling
        return Verdict(decided.action, decided.rule, tuple(signals), coverage, tuple(redactions), observed)

    def enforce(self, action: Action, mode: Mode, name: str) -> Ruling:
        """What a row asks for, its own mode and the policy's considered."""
        monitored = mode is Mode.MONITOR or self.document.mode is Mode.MONITOR
        if monitored and action.rank > Action.FLAG.rank:
            return Ruling(Action.FLAG, action, name)
        return Ruling(action, action, name)


def replacement(signal: Signal) -> str:
    """What stands in for a redacted span."""
    return signal.replacement or f"[REDACTED:{signal.rule or signal.guard}]"


def _rank(action: Action) -> int:
    return action.rank
