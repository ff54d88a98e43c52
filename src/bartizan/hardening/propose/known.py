"""What was leaked, as values: whoever asks for them, and in whatever words, they do not leave."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Final

from bartizan.core.passage import Surface
from bartizan.core.threat import Guard
from bartizan.core.verdict import Action, Mode
from bartizan.hardening.candidate import Candidate, Depth, Kind
from bartizan.hardening.change import Change, Setting
from bartizan.hardening.propose.interface import Material, candidate_id
from bartizan.hardening.stack import Layer
from bartizan.inspection.known_values import digests_of, key_of, make_set

_STATE: Final = ".bartizan/known"
_OF_ALL: Final = "It takes the values of the list alone; whoever is not on it is not protected. Keep the list current."
_OF_ONE: Final = "It knows the leaked values alone; name people in the scope file, or give a list with --known."


class KnownValues:
    """Proposes a set of keyed digests: of the operator's list if what was leaked is on it, else of what was leaked."""

    def propose(self, material: Material) -> Iterable[Candidate]:
        """See ``Proposer``. Nothing where what was leaked is no such value."""
        harm = [one for one in material.finding.exchange.harm if digests_of(one)]
        if material.finding.objective != "leak_personal_data" or not harm:
            return
        known = material.declared.values
        listed = {form for value in known for form in digests_of(value)}
        whole = all(listed.intersection(digests_of(one)) for one in harm)
        identifier = candidate_id(material.finding.id, f"known_values/{len(known) if whole else 0}")
        key = secrets.token_hex(32)
        content, _ = make_set(identifier, key_of(key), known if whole else harm)
        file = f"known/{identifier}.json"
        row = {"name": identifier, "file": file, "key": {"file": f"{_STATE}/{identifier}.key"}}
        settings = [Setting(("known_values",), [row], add=True)]
        if not _enforced(material):
            settings.append(Setting(("surfaces", "output", "known_value"), {"action": "redact"}))
        yield Candidate(
            id=identifier,
            kind=Kind.KNOWN_VALUES,
            depth=Depth.EGRESS,
            title="take the known values out of answers" if whole else "take the leaked values out of answers",
            layer=Layer.OUTPUT,
            control="BZN-RT-05",
            change=Change(settings=tuple(settings), files={file: content.decode()}),
            note=_OF_ALL if whole else _OF_ONE,
            secrets={f"known/{identifier}.key": key},
        )


def _enforced(material: Material) -> bool:
    row = material.policy.surfaces.get(Surface.OUTPUT, {}).get(Guard.KNOWN_VALUE)
    return row is not None and row.mode is Mode.ENFORCE and row.action.rank >= Action.REDACT.rank
