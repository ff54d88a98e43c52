"""Packages that lock files name: what installing them would bring, against advisories, indexes and lists kept here."""
