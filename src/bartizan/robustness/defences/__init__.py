"""Defences of models: what each one costs and what it guarantees, which is often nothing."""
