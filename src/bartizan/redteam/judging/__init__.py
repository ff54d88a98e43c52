"""A language model as a second opinion on a run: asked, calibrated on labelled rows, and corrected.

It never makes or unmakes a hit: those are traces that plain code finds.
"""
