"""Harmless malicious files, ordinary models, and what scanners say of them."""
