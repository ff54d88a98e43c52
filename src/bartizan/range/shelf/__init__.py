"""A shelf of models that a team's programs take from, filled from a hub where anybody publishes."""
