"""Signatures over models in the OpenSSF model-signing format."""
