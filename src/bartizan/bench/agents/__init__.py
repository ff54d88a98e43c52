"""What a tool guard stops and what it costs: replay of an agent that obeys whatever it reads."""
