"""Approvals of tool calls: kept in the store, decided by people on a listener of their own.

Nothing is imported here: gateway workers need the approvers, but not the store's library unless somebody can be asked.
"""
