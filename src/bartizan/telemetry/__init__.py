"""The journal: what happened, append-only."""
