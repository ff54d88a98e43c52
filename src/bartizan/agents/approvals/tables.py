"""How approvals lie in the store: what is compared in columns, what is only shown in a document."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from bartizan.core.approval import Approval, ApprovalState

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_METADATA: Final = sa.MetaData()
OPEN: Final = (ApprovalState.PENDING, ApprovalState.APPROVED)
"""States in which a request can still lead to a call."""

APPROVALS: Final = sa.Table(
    "agents_approval",
    _METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("binding", sa.String(64), nullable=False),
    sa.Column("principal", sa.String(64), nullable=False, index=True),
    sa.Column("state", sa.String(10), nullable=False, index=True),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False, default=""),
    sa.Column("decided", sa.BigInteger),
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False, default=""),
)
_ONE_OPEN: Final = sa.Index(
    "agents_approval_open",
    APPROVALS.c.binding,
    unique=True,
    sqlite_where=APPROVALS.c.state.in_([state.value for state in OPEN]),
    postgresql_where=APPROVALS.c.state.in_([state.value for state in OPEN]),
)


def first(connection: Connection) -> None:
    """The first version of the table."""
    APPROVALS.create(connection)


def binding(digest: str, session: str, principal: str) -> str:
    """What an approval is bound to, as one hash: the exact call, in this session, of this principal."""
    return _hash([digest, session, principal])


def principal_hash(principal: str) -> str:
    """A principal as the column holds it: any name, NUL and surrogates included, in 64 characters."""
    return _hash(principal)


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def row_of(approval: Approval) -> dict[str, Any]:
    """A new request as a row. Raises ValueError for arguments or facts that are no JSON."""
    document = {
        "digest": approval.digest,
        "tool": approval.tool,
        "session": approval.session,
        "principal": approval.principal,
        "on_behalf_of": approval.on_behalf_of,
        "policy": approval.policy,
        "reason": approval.reason,
    }
    return {
        "id": approval.id,
        "binding": binding(approval.digest, approval.session, approval.principal),
        "principal": principal_hash(approval.principal),
        "state": approval.state.value,
        "created": micros(approval.created),
        "expires": micros(approval.expires),
        "decided_by": "",
        "decided": None,
        "note": "",
        "document": written(document),
        "content": written({"arguments": approval.arguments, "facts": approval.facts}),
    }


def approval_of(row: Row[Any]) -> Approval:
    """A row as a request."""
    document = json.loads(row.document)
    content = json.loads(row.content) if row.content else {}
    return Approval(
        id=row.id,
        digest=document["digest"],
        tool=document["tool"],
        arguments=content.get("arguments", {}),
        facts=content.get("facts", {}),
        session=document["session"],
        principal=document["principal"],
        on_behalf_of=tuple(document["on_behalf_of"]),
        policy=document["policy"],
        reason=document["reason"],
        created=_moment(row.created),
        expires=_moment(row.expires),
        state=ApprovalState(row.state),
        decided_by=json.loads(row.decided_by) if row.decided_by else "",
        decided=None if row.decided is None else _moment(row.decided),
        note=json.loads(row.note) if row.note else "",
    )


def written(value: object) -> str:
    """ASCII JSON, which every database keeps as it is. Raises ValueError for NaN and what is no JSON."""
    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, RecursionError) as error:
        raise ValueError("no JSON document") from error


def _moment(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode("ascii")).hexdigest()
