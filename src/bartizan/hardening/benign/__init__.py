"""Harmless traffic of our own making, half of it kept away from whatever makes candidates."""
