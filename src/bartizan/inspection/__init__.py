"""Text to signals: canonical views, matcher, personal data, secrets, canaries, output hazards."""
