"""From the texts of attacks to patterns that harmless texts do not hold."""
