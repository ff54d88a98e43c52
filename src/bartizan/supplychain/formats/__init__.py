"""Readers of file formats, each our own: bounded, without a loader, exact about where something stands."""
