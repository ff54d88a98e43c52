"""Benchmarks: what Bartizan costs and what it catches, beside its peers, in one run."""
