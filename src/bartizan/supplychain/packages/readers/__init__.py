"""Readers of lock files, one format each."""
