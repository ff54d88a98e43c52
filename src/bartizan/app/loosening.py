"""What the journal is told about the difference between two snapshots of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from bartizan.core.errors import BartizanError
from bartizan.policy.document import PolicyDocument
from bartizan.policy.loosening import loosened
from bartizan.workspace.document import loads

POLICY: Final = "policy.yaml"
MOST_NAMES: Final = 64


class Edit(NamedTuple):
    """The fields of a ``configuration.changed`` of the same names."""

    files: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()


def differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Edit:
    """What an edit did; both snapshots were accepted."""
    changed = [name for name in sorted(after) if before.get(name) != after[name]]
    gone = sorted(set(before) - set(after))
    weaker: tuple[str, ...] = ()
    if POLICY in (*changed, *gone):
        weaker = loosened(_policy(before), _policy(after))
    return Edit(tuple(changed[:MOST_NAMES]), tuple(gone[:MOST_NAMES]), weaker[:MOST_NAMES])


def _policy(files: Mapping[str, bytes]) -> PolicyDocument:
    try:
        return loads(files[POLICY], POLICY, PolicyDocument) if POLICY in files else PolicyDocument(version=1)
    except BartizanError:
        return PolicyDocument(version=1)
