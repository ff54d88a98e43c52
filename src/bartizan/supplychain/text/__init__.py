"""Texts that steer a model or an agent: instruction files, tool descriptions, prompts, templates, corpora."""
