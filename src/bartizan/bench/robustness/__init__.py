"""Audits beside the libraries of their field, on the same models in one run."""
