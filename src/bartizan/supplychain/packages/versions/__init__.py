"""How ecosystems order versions."""
