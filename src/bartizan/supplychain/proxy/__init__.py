"""A registry on loopback that hands out what policy admits, and only that."""
