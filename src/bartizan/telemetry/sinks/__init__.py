"""Sinks: records on their way to other people's systems, from a saved place in the journal."""
