"""Jinja templates as syntax trees. Nothing here renders: a template is a program, and this only reads it."""

from bartizan.supplychain.jinja.nodes import Node
from bartizan.supplychain.jinja.parser import parse

__all__ = ["Node", "parse"]
