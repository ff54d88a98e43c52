"""Signals to verdicts."""
