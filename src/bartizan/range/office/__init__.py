"""A shop's back office with an assistant that obeys whoever writes to it: tools, records, and what outsiders get."""
