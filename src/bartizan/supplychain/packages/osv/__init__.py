"""Advisories in the OSV format, from a snapshot on disk. Nothing is fetched."""
