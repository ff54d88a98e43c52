"""Converters: how an attack's text is dressed before it is sent. One file a family."""

from bartizan.redteam.converters.interface import Family, Keeps, TextConverter, converter
from bartizan.redteam.converters.registry import Chain, converters, parse_chain

__all__ = ["Chain", "Family", "Keeps", "TextConverter", "converter", "converters", "parse_chain"]
