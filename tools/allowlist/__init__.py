"""Generates the allow-list of the pickle engine from the sources of named library versions.

    python -m tools.allowlist [--wheels FOLDER]

downloads the wheels named in ``libraries.py`` with pip, reads them without installing or importing anything, and writes
``src/bartizan/supplychain/pickles/allowlist.txt``.
"""
