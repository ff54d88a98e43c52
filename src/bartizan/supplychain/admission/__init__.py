"""Decides whether artefacts may be loaded: one policy over what the scanner found and what people vouch for."""
