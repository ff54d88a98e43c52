"""The same rules as DuckDB SQL, to look for them in the past."""

from bartizan.detections.sql.search import search

__all__ = ["search"]
