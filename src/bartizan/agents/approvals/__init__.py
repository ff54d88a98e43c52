"""Approvals of tool calls: kept in the store, decided by people on a listener of their own."""

from __future__ import annotations

from bartizan.agents.approvals.approvers import Approvers
from bartizan.agents.approvals.book import ApprovalBook
from bartizan.agents.approvals.shared import SharedApprovals

__all__ = ["ApprovalBook", "Approvers", "SharedApprovals"]
