"""Tensors to statistics: how unlike benign ones they are, how close to each other, and whether a stream copies a model.

Pure functions on numpy arrays. The gateway, the keeper and audits of models share them.
"""
