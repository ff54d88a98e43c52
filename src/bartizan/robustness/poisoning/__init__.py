"""Poisoned training data: ways to plant it for exercises, and ways to find it in models, in rows and at run time."""
