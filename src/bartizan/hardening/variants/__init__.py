"""Variants of a finding: the same attack in other words, places and dress.

Each family of changes has two sides that share no material. Candidates are made from ``learn``; they are tried on
``held``.
"""

from __future__ import annotations

from bartizan.hardening.variants.making import Variants, families
from bartizan.hardening.variants.side import Side

__all__ = ["Side", "Variants", "families"]
