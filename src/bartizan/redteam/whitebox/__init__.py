"""Attacks that need the weights of a language model."""
