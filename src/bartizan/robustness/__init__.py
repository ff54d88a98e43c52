"""Audits of machine-learning models: evasion, poisoning, privacy, extraction.

An audit asks a :class:`~bartizan.robustness.interface.ModelUnderTest` through a
:class:`~bartizan.robustness.metered.MeteredModel`, which counts what is asked and refuses what the declared access does
not allow. Attack algorithms are plain functions of arrays in the folders of their threat; one file in ``audits`` turns
each into figures, a positive control and findings.
"""
