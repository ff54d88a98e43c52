"""Attacks on what a model remembers of its training data, and the defences against them."""
