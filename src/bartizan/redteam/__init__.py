"""Campaigns against applications of language models: cases, strategies, targets, oracles, runner, reports."""
