"""``bartizan bench telemetry``: journal, lake and rules, beside chDB and SQLite."""
