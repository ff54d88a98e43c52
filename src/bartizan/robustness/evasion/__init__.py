"""Evasion: inputs changed a little so that a model mistakes them. Attacks are functions of arrays and a model.

What they find is an upper bound on robustness: an attack that fails proves nothing.
"""
