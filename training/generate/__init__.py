"""Generators of labelled text: one module a family, each deterministic from its seed."""
