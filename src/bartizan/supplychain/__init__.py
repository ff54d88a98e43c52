"""Says of an artefact, before anything loads it, what it is, what it would do and whether it may be loaded."""
