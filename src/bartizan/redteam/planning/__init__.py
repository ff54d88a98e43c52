"""A campaign drawn from the description of the system: what applies to it, with what it is tested, what is not."""
