"""The offline adaptive attacker: a grammar of attacks, and a search through it that target and guard guide."""

from bartizan.redteam.strategies.adaptive.evolve import Adaptive

__all__ = ["Adaptive"]
