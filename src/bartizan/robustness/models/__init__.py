"""Adapters: one file for each kind of model, and ``base`` with what most of them share."""
