"""Threats, techniques, controls and frameworks as data files with one loader."""
